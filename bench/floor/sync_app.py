"""The floor of sync projects: `uvicorn bench.floor.sync_app:app`."""

import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import FastAPI, HTTPException, Query
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool

from bench.floor.errors import add_error_handlers
from bench.floor.models import (
    AUTHORS,
    LINK,
    POOL_SIZE,
    READ,
    TAGS,
    IncludeQuery,
    Page,
    PageQuery,
    PostCreate,
    PostRead,
    PostUpdate,
    PostWithRelations,
    add_authors,
    add_tags,
    insert_sql,
    list_sql,
    list_values,
    page,
    update_sql,
)

pool = ConnectionPool(
    os.environ["DATABASE_URL"],
    min_size=POOL_SIZE,
    kwargs={"autocommit": True},
    open=False,
)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open and close the pool."""
    with pool:
        yield


app = FastAPI(lifespan=lifespan)
add_error_handlers(app)


def fetch(sql: str, values: dict[str, Any]) -> list[dict[str, Any]]:
    """Run a statement, which commits by itself, and return its rows."""
    with pool.connection() as connection:
        cursor = connection.cursor(binary=True, row_factory=dict_row)
        cursor.execute(sql.encode(), values)
        return cursor.fetchall()


def one(rows: list[dict[str, Any]], missing: str = "Post not found") -> PostRead:
    """Return the only row, which FastAPI validates. Raises HTTPException if there is none."""
    if not rows:
        raise HTTPException(404, missing)
    return rows[0]  # type: ignore[return-value]


def include(posts: list[dict[str, Any]], query: IncludeQuery) -> None:
    """Show posts with what a client asks for, each in one statement."""
    if "author" in query.include:
        add_authors(posts, fetch(AUTHORS, {"ids": list({row["author_id"] for row in posts})}))
    if "tags" in query.include:
        add_tags(posts, fetch(TAGS, {"ids": [row["id"] for row in posts]}))


@app.get("/posts", response_model_exclude_unset=True)
def list_posts(query: Annotated[PageQuery, Query()]) -> Page:
    """List posts, newest first if no other order is asked for."""
    rows = fetch(list_sql(query), list_values(query))
    found = page(rows, query)
    include(found["items"], query)
    return found  # type: ignore[return-value]


@app.post("/posts", status_code=201)
def create_post(data: PostCreate) -> PostRead:
    """Create a post."""
    return one(fetch(insert_sql(data), data.model_dump()))


@app.get("/posts/{post_id}", response_model_exclude_unset=True)
def read_post(post_id: uuid.UUID, query: Annotated[IncludeQuery, Query()]) -> PostWithRelations:
    """Read a post."""
    rows = fetch(READ, {"id": post_id})
    if rows:
        include(rows, query)
    return one(rows)  # type: ignore[return-value]


@app.patch("/posts/{post_id}")
def update_post(post_id: uuid.UUID, data: PostUpdate) -> PostRead:
    """Change the fields that are sent."""
    changes = data.model_dump(exclude_unset=True)
    return one(fetch(update_sql(changes), changes | {"id": post_id}))


@app.put("/posts/{post_id}/tags/{tag_id}", status_code=204)
def link_tag(post_id: uuid.UUID, tag_id: uuid.UUID) -> None:
    """Link a tag to a post."""
    one(fetch(LINK, {"post_id": post_id, "tag_id": tag_id}), "Not found")
