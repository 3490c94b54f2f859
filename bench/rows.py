"""Databases of the blog, each with so many posts."""

from dataclasses import dataclass
from typing import Any

import psycopg

from bench.floor.models import cursor_text
from tests.resilience.postgres import Server

USERS = 1000
TAGS = 100
PAGE = 50  # posts

TITLE = "Title"
BODY = "some text " * 10

# Identifiers of kind uuid7 are ordered by time, so rows are in the order in which they are made.
STATEMENTS = (
    # The rows are right: nothing to check, which for a million takes longer than to make them.
    "SET session_replication_role = replica",
    """
    INSERT INTO users (email, name)
    SELECT 'user' || n || '@example.com', 'User ' || n FROM generate_series(1, {users}) n
    """,
    "INSERT INTO tags (name) SELECT 'tag ' || n FROM generate_series(1, {tags}) n",
    """
    INSERT INTO posts (title, body, status, author_id, published_at)
    SELECT '{title} ' || n, '{body}', 'published', author.id,
        timestamptz '2026-01-01' + (n * 7919 % {posts}) * interval '1 second'
    FROM generate_series(1, {posts}) n
    JOIN (SELECT id, row_number() OVER () AS number FROM users) author
        ON author.number = n % {users} + 1
    """,
    """
    INSERT INTO post_tags_link (post_id, tag_id)
    SELECT post.id, tag.id
    FROM (SELECT id, row_number() OVER () AS number FROM posts) post
    JOIN (SELECT id, row_number() OVER () AS number FROM tags) tag
        ON tag.number IN (post.number % {tags} + 1, post.number * 7 % {tags} + 1)
    """,
    "VACUUM ANALYZE",
    "CHECKPOINT",
)


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


def filled(server: Server, rows: int) -> Database:
    """Make a database with so many posts."""
    name = f"rows_{rows}"
    server.create_database(name)
    deep_page = min(10_000, max(2, rows // PAGE // 2))
    with psycopg.connect(server.url(name), autocommit=True) as connection:
        for statement in STATEMENTS:
            sql = statement.format(users=USERS, tags=TAGS, posts=rows, title=TITLE, body=BODY)
            connection.execute(sql.encode())

        def texts(query: str) -> list[str]:
            found: list[tuple[Any, ...]] = connection.execute(query.encode()).fetchall()
            return [str(value) for (value,) in found]

        before = PAGE * (deep_page - 1) - 1
        (last,) = texts(f"SELECT id FROM posts ORDER BY id DESC LIMIT 1 OFFSET {before}")
        return Database(
            url=server.url(name),
            rows=rows,
            users=texts("SELECT id FROM users ORDER BY random() LIMIT 100"),
            posts=texts("SELECT id FROM posts ORDER BY random() LIMIT 1000"),
            tags=texts("SELECT id FROM tags"),
            deep_page=deep_page,
            cursor=cursor_text(["posts", "-id", {}, {}], {"id": last}),
        )
