"""What the endpoints of the floor take and return, and their SQL."""

import datetime as dt
import enum
import uuid
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

POOL_SIZE = 15  # as many connections as a rendered project has


class Status(enum.StrEnum):
    """The values of `status`."""

    DRAFT = "draft"
    PUBLISHED = "published"


class PostCreate(BaseModel):
    """What a client sends to create a post."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=1, max_length=200)
    body: str
    status: Status = Status.DRAFT
    published_at: AwareDatetime | None = None
    author_id: uuid.UUID


class PostUpdate(BaseModel):
    """What a client sends to change a post."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field(default="", min_length=1, max_length=200)
    body: str = ""
    status: Status = Status.DRAFT
    published_at: AwareDatetime | None = None


class PostRead(BaseModel):
    """What a client sees of a post."""

    title: str
    body: str
    status: Status
    published_at: dt.datetime | None
    author_id: uuid.UUID
    id: uuid.UUID
    views: int
    created_at: dt.datetime
    updated_at: dt.datetime


class PageQuery(BaseModel):
    """Which posts to list."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=50, ge=1, le=200)
    cursor: uuid.UUID | None = None
    author_id: uuid.UUID | None = None


class Page(BaseModel):
    """A part of the list."""

    items: list[PostRead]
    next_cursor: uuid.UUID | None


COLUMNS = "title, body, status, published_at, author_id, id, views, created_at, updated_at"

READ = f"SELECT {COLUMNS} FROM posts WHERE id = %(id)s AND deleted_at IS NULL"

CREATE = f"""
    INSERT INTO posts (title, body, status, published_at, author_id)
    VALUES (%(title)s, %(body)s, %(status)s, %(published_at)s, %(author_id)s)
    RETURNING {COLUMNS}
"""

LINK = """
    INSERT INTO post_tags_link (post_id, tag_id)
    SELECT posts.id, tags.id FROM posts, tags
    WHERE posts.id = %(post_id)s AND posts.deleted_at IS NULL AND tags.id = %(tag_id)s
    ON CONFLICT (post_id, tag_id) DO UPDATE SET post_id = excluded.post_id
    RETURNING post_id
"""


def list_sql(query: PageQuery) -> str:
    """Return the SQL of a page, one row longer than `limit`."""
    conditions = ["deleted_at IS NULL"]
    if query.author_id is not None:
        conditions.append("author_id = %(author_id)s")
    if query.cursor is not None:
        conditions.append("id < %(cursor)s")
    where = " AND ".join(conditions)
    return f"SELECT {COLUMNS} FROM posts WHERE {where} ORDER BY id DESC LIMIT %(limit)s + 1"


def update_sql(changes: dict[str, Any]) -> str:
    """Return the SQL that sets the columns named in `changes`."""
    assignments = ", ".join(f"{name} = %({name})s" for name in changes)
    return f"""
        UPDATE posts SET {assignments}, updated_at = now()
        WHERE id = %(id)s AND deleted_at IS NULL
        RETURNING {COLUMNS}
    """


def page(rows: list[dict[str, Any]], limit: int) -> dict[str, Any]:
    """Return the answer to a list from its rows, of which one more was read."""
    items = rows[:limit]
    return {"items": items, "next_cursor": items[-1]["id"] if len(rows) > limit else None}
