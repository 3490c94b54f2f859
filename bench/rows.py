"""Databases of the blog, each with so many posts."""

from dataclasses import dataclass
from typing import Any

import psycopg

from bench.floor.models import cursor_text
from tests.environment import Commands
from tests.resilience.postgres import Server

USERS = 1000
TAGS = 100
PAGE = 50  # posts
LIVE = "deleted_at IS NULL"

BODY = "some text " * 10  # of a new post


@dataclass(frozen=True)
class Database:
    """A filled database, and the identifiers that requests name."""

    url: str
    rows: int
    users: list[str]
    posts: list[str]
    tags: list[str]
    # The 10,000th page, or the one in the middle if there are not so many, and its cursor.
    deep_page: int
    cursor: str


def filled(server: Server, project: Commands, rows: int) -> Database:
    """Make a database with so many posts, by `nox -s seed` of a project."""
    name = f"rows_{rows}"
    server.create_database(name)
    deep_page = min(10_000, max(2, rows // PAGE // 2))
    tables = (f"users={USERS}", f"tags={TAGS}", f"posts={rows}", "comments=0")
    options = [option for table in tables for option in ("--table", table)]
    project.run("python", "-m", "seeding", *options, DATABASE_URL=server.url(name))
    with psycopg.connect(server.url(name), autocommit=True) as connection:
        connection.execute("CHECKPOINT")

        def texts(query: str) -> list[str]:
            found: list[tuple[Any, ...]] = connection.execute(query.encode()).fetchall()
            return [str(value) for (value,) in found]

        before = PAGE * (deep_page - 1) - 1
        (last,) = texts(
            f"SELECT id FROM posts WHERE {LIVE} ORDER BY id DESC LIMIT 1 OFFSET {before}"
        )
        return Database(
            url=server.url(name),
            rows=rows,
            users=texts("SELECT id FROM users ORDER BY random() LIMIT 100"),
            posts=texts(f"SELECT id FROM posts WHERE {LIVE} ORDER BY random() LIMIT 1000"),
            tags=texts("SELECT id FROM tags"),
            deep_page=deep_page,
            cursor=cursor_text(["posts", "-id", {}, {}], {"id": last}),
        )
