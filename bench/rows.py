"""Fills the blog with rows."""

import psycopg

USERS = 1000
TAGS = 100

# Identifiers of kind uuid7 are ordered by time, so rows are in the order in which they are made.
STATEMENTS = (
    "TRUNCATE users, posts, tags, comments CASCADE",
    """
    INSERT INTO users (email, name)
    SELECT 'user' || n || '@example.com', 'User ' || n FROM generate_series(1, {users}) n
    """,
    "INSERT INTO tags (name) SELECT 'tag ' || n FROM generate_series(1, {tags}) n",
    """
    INSERT INTO posts (title, body, status, author_id)
    SELECT 'Title ' || n, repeat('some text ', 10), 'published', author.id
    FROM generate_series(1, {posts}) n
    JOIN (SELECT id, row_number() OVER () AS number FROM users) author
        ON author.number = n % {users} + 1
    """,
    "VACUUM ANALYZE",
)


def fill(url: str, posts: int) -> dict[str, str]:
    """Replace all rows by so many posts, and return the identifiers that requests name."""
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in STATEMENTS:
            sql = statement.format(users=USERS, tags=TAGS, posts=posts)
            connection.execute(sql.encode())
        # The cursor of page 10,000, or of the middle page if there are not so many rows.
        skipped = min(50 * 9_999, posts // 2)
        cursor = connection.execute(
            f"""
            SELECT
                (SELECT id FROM posts ORDER BY id LIMIT 1 OFFSET {posts // 2}),
                (SELECT id FROM posts ORDER BY id DESC LIMIT 1 OFFSET {skipped}),
                (SELECT id FROM users LIMIT 1),
                (SELECT id FROM tags LIMIT 1)
            """.encode()
        )
        row = cursor.fetchone()
    assert row is not None
    return dict(zip(("post", "cursor", "user", "tag"), map(str, row), strict=True))
