"""What the endpoints of the floor take and return, and their SQL."""

import datetime as dt
import enum
import uuid
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

POOL_SIZE = 15  # as many connections as a rendered project has


def storable(text: str) -> str:
    """Return text as it is. Raises ValueError if PostgreSQL cannot hold it."""
    if "\0" in text:
        raise ValueError("text cannot contain a NUL character")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("text cannot contain half a surrogate pair") from None
    return text


Text = Annotated[str, AfterValidator(storable)]
Title = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(storable)]


class Status(enum.StrEnum):
    """The values of `status`."""

    DRAFT = "draft"
    PUBLISHED = "published"


class PostCreate(BaseModel):
    """What a client sends to create a post."""

    model_config = ConfigDict(extra="forbid")

    title: Title
    body: Text
    status: Status = Status.DRAFT
    published_at: AwareDatetime | None = None
    author_id: uuid.UUID
    tag_ids: list[uuid.UUID] = Field(default_factory=list, max_length=200)


class PostUpdate(BaseModel):
    """What a client sends to change a post; what it leaves out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    title: Title = ""
    body: Text = ""
    status: Status = Status.DRAFT
    published_at: AwareDatetime | None = None
    author_id: uuid.UUID = uuid.UUID(int=0)
    tag_ids: list[uuid.UUID] = Field(default_factory=list, max_length=200)


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
    title: Text | None = None
    status: Status | None = None
    author_id: uuid.UUID | None = None


class Page(BaseModel):
    """A part of the list."""

    items: list[PostRead]
    next_cursor: uuid.UUID | None


COLUMNS = "title, body, status, published_at, author_id, id, views, created_at, updated_at"

READ = f"SELECT {COLUMNS} FROM posts WHERE id = %(id)s AND deleted_at IS NULL"

INSERT = f"""
    INSERT INTO posts (title, body, status, published_at, author_id)
    VALUES (%(title)s, %(body)s, %(status)s, %(published_at)s, %(author_id)s)
    RETURNING {COLUMNS}
"""
INSERT_WITH_TAGS = f"""
    WITH post AS ({INSERT}), linked AS (
        INSERT INTO post_tags_link (post_id, tag_id)
        SELECT DISTINCT post.id, unnest(%(tag_ids)s::uuid[]) FROM post
    )
    SELECT {COLUMNS} FROM post
"""

# DO NOTHING would return no row for a link that exists, as for a missing post or tag.
LINK = """
    INSERT INTO post_tags_link (post_id, tag_id)
    SELECT posts.id, tags.id FROM posts, tags
    WHERE posts.id = %(post_id)s AND posts.deleted_at IS NULL AND tags.id = %(tag_id)s
    FOR KEY SHARE
    ON CONFLICT (post_id, tag_id) DO UPDATE SET post_id = excluded.post_id
    RETURNING post_id
"""


def list_sql(query: PageQuery) -> str:
    """Return the SQL of a page, one row longer than `limit`."""
    conditions = ["deleted_at IS NULL"]
    if query.title is not None:
        conditions.append("title = %(title)s")
    if query.status is not None:
        conditions.append("status = %(status)s")
    if query.author_id is not None:
        conditions.append("author_id = %(author_id)s")
    if query.cursor is not None:
        conditions.append("id < %(cursor)s")
    where = " AND ".join(conditions)
    return f"SELECT {COLUMNS} FROM posts WHERE {where} ORDER BY id DESC LIMIT %(limit)s + 1"


def insert_sql(data: PostCreate) -> str:
    """Return the SQL that makes a post, and links it to tags if there are any."""
    return INSERT_WITH_TAGS if data.tag_ids else INSERT


def update_sql(changes: dict[str, Any]) -> str:
    """Return the SQL that sets the columns named in `changes`, and the tags if they are there."""
    if not changes:
        return READ
    columns = [name for name in changes if name != "tag_ids"]
    assignments = ", ".join([*(f"{name} = %({name})s" for name in columns), "updated_at = now()"])
    update = f"""
        UPDATE posts SET {assignments}
        WHERE id = %(id)s AND deleted_at IS NULL
        RETURNING {COLUMNS}
    """
    if "tag_ids" not in changes:
        return update
    return f"""
        WITH post AS ({update}), unlinked AS (
            DELETE FROM post_tags_link USING post
            WHERE post_id = post.id AND tag_id <> ALL(%(tag_ids)s::uuid[])
        ), linked AS (
            INSERT INTO post_tags_link (post_id, tag_id)
            SELECT post.id, unnest(%(tag_ids)s::uuid[]) FROM post
            ON CONFLICT DO NOTHING
        )
        SELECT {COLUMNS} FROM post
    """


def page(rows: list[dict[str, Any]], limit: int) -> dict[str, Any]:
    """Return the answer to a list from its rows, of which one more was read."""
    items = rows[:limit]
    return {"items": items, "next_cursor": items[-1]["id"] if len(rows) > limit else None}
