"""What the endpoints of the floor take and return, and their SQL."""

import base64
import datetime as dt
import enum
import hashlib
import json
import uuid
from collections import defaultdict
from typing import Annotated, Any, Literal

import pydantic_core
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

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


class UserRead(BaseModel):
    """What a client sees of a user."""

    email: str
    name: str
    id: uuid.UUID
    created_at: dt.datetime
    updated_at: dt.datetime


class TagRead(BaseModel):
    """What a client sees of a tag."""

    name: str
    id: uuid.UUID
    created_at: dt.datetime
    updated_at: dt.datetime


class Tags(BaseModel):
    """The first tags of a post."""

    items: list[TagRead]
    next_cursor: str | None


class PostWithRelations(PostRead):
    """What a client sees of a post, with what it asks for."""

    author: UserRead | None = None
    tags: Tags | None = None


def separate(names: Any) -> Any:
    """Take `a,b` for `a` and `b`."""
    return ",".join(names).split(",") if names and isinstance(names, list) else names


Include = Annotated[list[Literal["author", "tags"]], BeforeValidator(separate)]


class IncludeQuery(BaseModel):
    """What to show with a post."""

    model_config = ConfigDict(extra="forbid")

    include: Include = []


class PageQuery(IncludeQuery):
    """Which posts to list."""

    limit: int = Field(default=50, ge=1, le=200)
    sort: Literal["-id", "-published_at"] = "-id"
    cursor: str | None = None
    title: list[Text] | None = None
    status: list[Status] | None = None
    author_id: list[uuid.UUID] | None = None

    @property
    def filters(self) -> dict[str, Any]:
        """Return the filters that were sent."""
        values = {"title": self.title, "status": self.status, "author_id": self.author_id}
        return {name: value for name, value in values.items() if value is not None}


class Page(BaseModel):
    """A part of the list."""

    items: list[PostWithRelations]
    next_cursor: str | None


class WrongCursorError(ValueError):
    """A cursor is none, or one of another list."""


COLUMNS = "title, body, status, published_at, author_id, id, views, created_at, updated_at"

AUTHORS = """
    SELECT email, name, id, created_at, updated_at FROM users WHERE id = ANY(%(ids)s)
"""
# So many tags are shown with a post.
MOST_TAGS = 20
TAGS = f"""
    SELECT post_id, tag.* FROM unnest(%(ids)s::uuid[]) post_id, LATERAL (
        SELECT name, id, created_at, updated_at
        FROM tags JOIN post_tags_link link ON tag_id = id
        WHERE link.post_id = post_id.post_id
        ORDER BY tag_id DESC
        LIMIT {MOST_TAGS} + 1
    ) tag
"""

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
    for name, values in query.filters.items():
        one = len(values) == 1
        conditions.append(f"{name} = %({name})s" if one else f"{name} = ANY(%({name})s)")
    by = "id" if query.sort == "-id" else "published_at DESC, id"
    if query.cursor is not None and query.sort == "-id":
        conditions.append("id < %(id)s")
    elif query.cursor is not None:
        conditions.append("(published_at, id) < (%(value)s, %(id)s)")
    where = " AND ".join(conditions)
    return f"SELECT {COLUMNS} FROM posts WHERE {where} ORDER BY {by} DESC LIMIT %(limit)s + 1"


def list_values(query: PageQuery) -> dict[str, Any]:
    """Return the values in the SQL of a page. Raises WrongCursorError."""
    values: dict[str, Any] = {"limit": query.limit}
    for name, wanted in query.filters.items():
        values[name] = wanted[0] if len(wanted) == 1 else wanted
    if query.cursor is not None:
        try:
            text = base64.urlsafe_b64decode(query.cursor + "=" * (-len(query.cursor) % 4))
            digest, values["id"], values["value"] = json.loads(text)
        except (ValueError, TypeError):
            raise WrongCursorError from None
        if digest != list_name(["posts", query.sort, query.filters, {}]):
            raise WrongCursorError
    return values


def list_name(parts: list[Any]) -> str:
    """Return a short name of a list."""
    return hashlib.blake2b(pydantic_core.to_json(parts), digest_size=6).hexdigest()


def cursor_text(parts: list[Any], row: dict[str, Any], value: Any = None) -> str:
    """Return the cursor behind a row of a list."""
    text = pydantic_core.to_json([list_name(parts), row["id"], value])
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def add_authors(posts: list[dict[str, Any]], authors: list[dict[str, Any]]) -> None:
    """Show posts with their authors."""
    by_id = {author["id"]: author for author in authors}
    for post in posts:
        post["author"] = by_id[post["author_id"]]


def add_tags(posts: list[dict[str, Any]], tags: list[dict[str, Any]]) -> None:
    """Show posts with their tags."""
    by_post = defaultdict(list)
    for tag in tags:
        by_post[tag.pop("post_id")].append(tag)
    for post in posts:
        found = by_post[post["id"]]
        items, cursor = found[:MOST_TAGS], None
        if len(found) > MOST_TAGS:
            name = ["tags", "-id", {}, {"_post_tags_link_post_id": post["id"]}]
            cursor = cursor_text(name, items[-1])
        post["tags"] = {"items": items, "next_cursor": cursor}


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


def page(rows: list[dict[str, Any]], query: PageQuery) -> dict[str, Any]:
    """Return the answer to a list from its rows, of which one more was read."""
    items = rows[: query.limit]
    cursor = None
    if len(rows) > query.limit:
        name = ["posts", query.sort, query.filters, {}]
        value = None if query.sort == "-id" else items[-1]["published_at"]
        cursor = cursor_text(name, items[-1], value)
    return {"items": items, "next_cursor": cursor}
