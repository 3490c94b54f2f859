"""Tests that run in a rendered project that was extended as docs/extending.md says."""

import datetime as dt
import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from fastapi import APIRouter, FastAPI, Query
from fastapi.testclient import TestClient
from my_blog.api.account import accounts_repository
from my_blog.api.public import published
from my_blog.data.filters import Filter
from my_blog.data.pages import Page, PageQuery
from my_blog.data.references import table_of
from my_blog.data.repository import Repository
from my_blog.data.statements import Statement, parameter
from my_blog.data.versions import RowVersion
from my_blog.db.session import DatabaseSession
from my_blog.http.dependencies import ReadSession, SingleWriteSession, WriteSession
from my_blog.models.account import Account, AccountCreate, AccountRead
from my_blog.models.base import Identifier, enum_type
from my_blog.models.comment import Comment
from my_blog.models.post import Post, PostRead, PostStatus, PostTagsLink, PostUpdate
from my_blog.models.tag import Tag, TagCreate
from my_blog.models.user import User, UserRead
from my_blog.queries.comment import comments_repository
from my_blog.queries.post import PostWithRelations, posts_repository
from my_blog.queries.tag import tags_repository
from sqlalchemy import (
    Column,
    Connection,
    Date,
    DateTime,
    Engine,
    MetaData,
    Numeric,
    Table,
    Text,
    Uuid,
    delete,
    insert,
    text,
    update,
)
from sqlalchemy.orm import selectinload
from sqlmodel import SQLModel, col, func, select

from tests.applications import Applications, settings_for
from tests.resources import identifier_of
from tests.resources.comment import COMMENT
from tests.resources.post import POST
from tests.resources.user import USER
from tests.rows import Rows

# Enough for several transfers between the same accounts at any time.
ACCOUNTS = 4
TRANSFERS = 200
THREADS = 12


def items(client: TestClient, path: str, **params: Any) -> list[Any]:
    """Return the identifiers of a list."""
    response = client.get(path, params=params)
    assert response.status_code == 200, response.text
    return [item["id"] for item in response.json()["items"]]


def ids(*rows: SQLModel) -> list[str]:
    """Return the identifiers of rows, as clients see them."""
    return [str(identifier_of(row)) for row in rows]


# ---- Models ----


def test_computed_field(client: TestClient, rows: Rows) -> None:
    rows.make(Post, body="short")
    long = client.post("/posts", json=rows.body(POST, body="word " * 450)).json()
    assert long["minutes"] == 3
    assert client.get(f"/posts/{long['id']}").json()["minutes"] == 3
    assert [item["minutes"] for item in client.get("/posts").json()["items"]] == [3, 1]
    changed = client.patch(f"/posts/{long['id']}", json={"body": "short"}).json()
    assert changed["minutes"] == 1
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    assert schemas["PostRead"]["properties"]["minutes"]["readOnly"]


def test_field_without_a_column(client: TestClient, rows: Rows, statements: list[str]) -> None:
    alone, remarked = rows.make(Post), rows.make(Post)
    for _ in range(2):
        rows.make(Comment, post_id=remarked.id)
    assert client.get(POST.path_of(remarked)).json()["comment_count"] is None
    # The first time, SQLAlchemy asks the server about itself.
    client.get("/feed")
    statements.clear()
    feed = client.get("/feed").json()
    assert [item["id"] for item in feed] == ids(remarked, alone)
    assert [item["comment_count"] for item in feed] == [2, 0]
    # Posts, authors, comments.
    assert len(statements) == 3


def test_field_without_a_column_or_a_default() -> None:
    class Detailed(PostRead):
        author: UserRead

    with pytest.raises(TypeError, match=r"Detailed\.author is no column: give it a default"):
        Repository(Post, Detailed)


def test_values_made_in_python(
    app: FastAPI,
    client: TestClient,
    rows: Rows,
    elsewhere: Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    @app.post("/by-session")
    async def by_session(session: WriteSession, title: str) -> None:
        found = await session.exec(select(User))
        session.add(Post(title=title, body="body", author_id=found.all()[0].id))

    def written_by() -> Any:
        return elsewhere.execute(text("SELECT written_by FROM posts")).scalars().one()

    def links() -> Any:
        statement = "SELECT written_by FROM post_tags_link ORDER BY tag_id"
        return elsewhere.execute(text(statement)).scalars().all()

    tag_ids = ids(rows.make(Tag), rows.make(Tag))
    # The last one comes with a link: the same INSERT with more around it.
    for changes in ({}, {"tag_ids": tag_ids[:1]}):
        elsewhere.execute(text("DELETE FROM posts"))
        monkeypatch.delenv("RELEASE", raising=False)
        post = client.post("/posts", json=rows.body(POST) | changes).json()
        assert written_by() == "unknown"
    assert links() == ["unknown"]

    path = f"/posts/{post['id']}"
    monkeypatch.setenv("RELEASE", "release of links")
    both = {"tag_ids": tag_ids}
    assert client.patch(path, json=both).json()["id"] == post["id"]
    assert links() == ["unknown", "release of links"]
    for number, (method, url, body) in enumerate(
        [
            ("PATCH", path, {"title": "another"}),
            ("PATCH", path, {"tag_ids": []}),
            ("DELETE", path, None),
            ("POST", f"{path}/restore", None),
        ]
    ):
        monkeypatch.setenv("RELEASE", f"release {number}")
        response = client.request(method, url, json=body)
        assert response.is_success, response.text
        assert written_by() == f"release {number}"

    elsewhere.execute(text("DELETE FROM posts"))
    assert client.post("/by-session", params={"title": "title"}).status_code == 200
    assert written_by() == "release 3"


# ---- Repositories ----


def test_filter_with_its_own_sql(client: TestClient, rows: Rows, statements: list[str]) -> None:
    tag, other = rows.make(Tag), rows.make(Tag)
    first = rows.make(Post, title="On engines")
    second = rows.make(Post, title="Engines again")
    third = rows.make(Post, title="Looms")
    for post, its_tag in ((first, tag), (first, other), (second, tag)):
        rows.make(PostTagsLink, post_id=post.id, tag_id=its_tag.id)
    assert items(client, "/posts", words="ENGINE") == ids(second, first)
    assert items(client, "/posts", tag=tag.name) == ids(second, first)
    assert items(client, "/posts", tag=other.name, words="on") == ids(first)
    assert items(client, "/posts", tag=tag.name, title="Looms") == []
    assert items(client, "/posts", tag="no such tag") == []
    assert items(client, "/posts") == ids(third, second, first)

    statements.clear()
    page = client.get("/posts", params={"tag": tag.name, "limit": 1}).json()
    assert len(statements) == 1
    rest = items(client, "/posts", tag=tag.name, cursor=page["next_cursor"])
    assert rest == ids(first)

    assert items(client, "/posts", tag=tag.name, sort="title") == ids(second, first)
    assert items(client, f"/users/{first.author_id}/posts", tag=tag.name) == ids(first)
    assert items(client, f"/tags/{tag.id}/posts", words="on engines") == ids(first)


def test_order_of_ones_own(client: TestClient, rows: Rows) -> None:
    """By another column; the tests of the project do the rest."""
    many, few = rows.make(Post, views=7), rows.make(Post, views=3)
    assert items(client, "/posts", sort="-views") == ids(many, few)
    assert items(client, f"/users/{few.author_id}/posts", sort="views") == ids(few)


def test_order_that_no_index_serves(app: FastAPI, client: TestClient) -> None:
    class Sorted(PageQuery):
        sort: Literal["updated_at"]

    @app.get("/sorted")
    async def listed(
        session: ReadSession, query: Annotated[Sorted, Query()]
    ) -> Page[PostWithRelations]:
        return await posts_repository.page(session, query)

    refused = client.get("/sorted", params={"sort": "updated_at"})
    assert refused.status_code == 422
    assert refused.json()["detail"][0]["msg"] == "No index serves it"


def test_two_levels_of_related_rows(
    app: FastAPI, client: TestClient, rows: Rows, statements: list[str]
) -> None:
    @app.get("/discussions/{post_id}")
    async def read_discussion(session: ReadSession, post_id: Identifier) -> PostWithRelations:
        return await posts_repository.get(session, post_id, include=["discussion"])

    def discussion(post: Post) -> dict[str, Any]:
        made = [rows.make(Comment, post_id=post.id, author_id=rows.make(User).id) for _ in "12"]
        shown = [
            COMMENT.shown(comment) | {"author": client.get(f"/users/{comment.author_id}").json()}
            for comment in reversed(made)
        ]
        page = {"items": shown, "next_cursor": None}
        return POST.shown(post) | {"discussion": page}

    expected = [discussion(rows.make(Post)) for _ in range(3)]
    silent = POST.shown(rows.make(Post)) | {"discussion": {"items": [], "next_cursor": None}}
    for path, shown in (
        ("/posts?include=discussion", [silent, *reversed(expected)]),
        ("/posts?include=discussion&sort=id&limit=1", [expected[0]]),
    ):
        statements.clear()
        assert client.get(path).json()["items"] == shown
        # Posts, comments, authors.
        assert len(statements) == 3
    post_id = expected[0]["id"]
    for path in (f"/posts/{post_id}?include=discussion", f"/discussions/{post_id}"):
        statements.clear()
        assert client.get(path).json() == expected[0]
        assert len(statements) == 3

    # Elsewhere, comments are as before.
    for comment in client.get(f"/posts/{post_id}/comments").json()["items"]:
        assert "author" not in comment


def test_several_values_of_each_type(own_database: Engine, applications: Applications) -> None:
    numbers = (1, 2, 3)
    columns: dict[str, tuple[Any, list[Any]]] = {
        "text": (Text(), ["a", "b{,}", 'c"']),
        "numeric": (Numeric(), [Decimal(f"0.{number}") for number in numbers]),
        "date": (Date(), [dt.date(2000, 1, day) for day in numbers]),
        "datetime": (
            DateTime(timezone=True),
            [dt.datetime(2000, 1, day, tzinfo=dt.UTC) for day in numbers],
        ),
        "uuid": (Uuid(), [UUID(int=number) for number in numbers]),
        "enum": (enum_type(PostStatus), [*PostStatus, None]),
    }
    table = Table(
        "things", MetaData(), *(Column(name, type_) for name, (type_, _) in columns.items())
    )
    things = zip(*(values for _, values in columns.values()), strict=True)
    with own_database.begin() as connection:
        table.create(connection)
        connection.execute(insert(table), [dict(zip(columns, row, strict=True)) for row in things])

    with applications.running(settings_for(own_database.url)) as app:

        @app.get("/things/{name}")
        async def count_things(session: ReadSession, name: str) -> Any:
            criterion = Filter.one_of(table.c[name]).criterion(parameter("wanted"))
            counting = select(func.count().label("number")).select_from(table).where(criterion)
            wanted = columns[name][1][:2]
            return await Statement(counting, writes=False).row(session, {"wanted": wanted})

        client = applications.client(app)
        for name in columns:
            assert client.get(f"/things/{name}").json() == {"number": 2}, name


def test_in_a_parameter(app: FastAPI, raising_client: TestClient) -> None:
    class Listed(PageQuery):
        words: Annotated[list[str], Filter(lambda words: col(Post.title).in_(words))]

    @app.get("/listed")
    async def listed(
        session: ReadSession, query: Annotated[Listed, Query()]
    ) -> Page[PostWithRelations]:
        return await posts_repository.page(session, query)

    message = "in_ cannot take the parameter 'words': use Filter.one_of"
    with pytest.raises(TypeError, match=message):
        raising_client.get("/listed", params={"words": ["engine"]})


def test_criterion_for_all_statements(app: FastAPI, client: TestClient, rows: Rows) -> None:
    @app.patch("/public/posts/{post_id}")
    async def change(
        session: SingleWriteSession, post_id: Identifier, data: PostUpdate
    ) -> PostRead:
        return await published.update(session, post_id, data)

    @app.delete("/public/posts/{post_id}")
    async def remove(session: SingleWriteSession, post_id: Identifier) -> None:
        await published.delete(session, post_id)

    @app.post("/public/posts/{post_id}/restore")
    async def restore(session: SingleWriteSession, post_id: Identifier) -> PostRead:
        return await published.restore(session, post_id)

    draft = rows.make(Post, status=PostStatus.DRAFT)
    shown = ids(*(rows.make(Post, status=PostStatus.PUBLISHED) for _ in range(3)))
    assert items(client, "/public/posts") == shown[::-1]
    page = client.get("/public/posts", params={"limit": 2}).json()
    assert items(client, "/public/posts", cursor=page["next_cursor"]) == [shown[0]]

    def requests(post_id: str) -> list[int]:
        path = f"/public/posts/{post_id}"
        return [
            client.get(path).status_code,
            client.patch(path, json={"title": "changed"}).status_code,
            client.patch(path, json={"tag_ids": []}).status_code,
            client.patch(path, json={}).status_code,
            client.delete(path).status_code,
            client.post(f"{path}/restore").status_code,
        ]

    assert requests(shown[0]) == [200] * 6
    assert requests(str(draft.id)) == [404] * 6
    assert client.get(POST.path_of(draft)).json() == POST.shown(draft)


def test_a_method_of_one_entity(client: TestClient, rows: Rows) -> None:
    """A restored post is a draft; for other entities, nothing changed."""
    path = POST.path_of(rows.make(Post, status=PostStatus.PUBLISHED))
    assert client.delete(path).status_code == 204
    restored = client.post(f"{path}/restore")
    assert restored.status_code == 200, restored.text
    assert restored.json()["status"] == "draft"
    assert client.get(path).json() == restored.json()


def test_a_read_of_ones_own_leaves_changes_alone(
    app: FastAPI, client: TestClient, rows: Rows
) -> None:
    """What `update` sends is not what an overridden `get` sends, also if there is no change."""

    class Counted(Repository[PostWithRelations]):
        async def get(
            self,
            session: DatabaseSession,
            identifier: Identifier,
            version: RowVersion | None = None,
            *,
            include: Sequence[str] = (),
        ) -> PostWithRelations:
            post = await super().get(session, identifier, include=include)
            counting = select(func.count()).where(col(Comment.post_id) == identifier)
            counted = await session.exec(counting)
            post.comment_count = counted.one()
            return post

    counted = Counted(Post, PostWithRelations)

    @app.get("/counted/{post_id}")
    async def read(session: ReadSession, post_id: Identifier) -> PostWithRelations:
        return await counted.get(session, post_id, include=["author"])

    @app.patch("/counted/{post_id}")
    async def change(
        session: SingleWriteSession, post_id: Identifier, data: PostUpdate
    ) -> PostRead:
        return await counted.update(session, post_id, data)

    user = rows.make(User)
    post = rows.make(Post, author_id=user.id)
    rows.make(Comment, post_id=post.id)
    path = f"/counted/{post.id}"
    added = {"comment_count": 1, "author": USER.shown(user)}
    assert client.get(path).json() == POST.shown(post) | added
    assert client.patch(path, json={}).json() == POST.shown(post)
    assert client.patch(path, json={"title": "new"}).json()["title"] == "new"


# ---- Modules and sessions ----


def test_a_module_without_a_router(client: TestClient, rows: Rows) -> None:
    """The dependency in `deps.py` and the endpoint have one session, in one transaction."""
    post, user = rows.make(Post, status=PostStatus.DRAFT), rows.make(User)
    path = f"{POST.path_of(post)}/publish"
    assert client.post(path).status_code == 422
    nobody = {"user-id": str(post.id)}
    assert client.post(path, headers=nobody).status_code == 404
    assert client.get(POST.path_of(post)).json()["status"] == "draft"
    published = client.post(path, headers={"user-id": str(user.id)})
    assert published.status_code == 200, published.text
    assert published.json()["status"] == "published"
    (comment,) = client.get(f"{POST.path_of(post)}/comments").json()["items"]
    assert comment["author_id"] == str(user.id)


def test_related_rows_come_along(client: TestClient, rows: Rows) -> None:
    user = rows.make(User)
    post = rows.make(Post, author_id=user.id)
    (shown,) = client.get("/feed").json()
    assert shown == POST.shown(post) | {"author": USER.shown(user), "comment_count": 0}


def test_one_transaction(app: FastAPI, client: TestClient, rows: Rows) -> None:
    """Statements of a session and of repositories see each other's rows, and go together."""

    @app.post("/together/{post_id}")
    async def together(session: WriteSession, post_id: Identifier, fails: bool) -> list[str]:
        with_author = selectinload(Post.author)  # type: ignore[arg-type]
        found = await session.exec(select(Post).options(with_author).where(Post.id == post_id))
        post = found.one()
        # Of a repository, seen by the session.
        tag = await tags_repository.create(session, TagCreate(name=f"by {post.author.name}"))
        names = await session.exec(select(Tag.name).where(Tag.id == tag.id))
        # Of the session, seen by a repository: an object that was changed, one that was added.
        post.title = "changed by the session"
        comment = Comment(body="added", post_id=post.id, author_id=post.author_id)
        session.add(comment)
        changed = await posts_repository.get(session, post_id)
        seen = await comments_repository.get(session, comment.id)
        connection = session.driver_connection
        assert connection is not None
        own = await connection.execute("SELECT pg_backend_pid()")
        joined = await session.connection()
        pid = await joined.execute(text("SELECT pg_backend_pid()"))
        assert await own.fetchone() == (pid.scalar_one(),)
        if fails:
            raise RuntimeError("after all of this")
        return [names.one(), changed.title, seen.body]

    user = rows.make(User)
    post = rows.make(Post, author_id=user.id)
    path = f"/together/{post.id}"
    assert client.post(path, params={"fails": True}).status_code == 500
    assert client.get("/tags").json()["items"] == []
    assert client.get("/comments").json()["items"] == []
    assert client.get(POST.path_of(post)).json() == POST.shown(post)

    response = client.post(path, params={"fails": False})
    assert response.json() == [f"by {user.name}", "changed by the session", "added"]
    assert len(items(client, "/tags")) == len(items(client, "/comments")) == 1
    assert client.get(POST.path_of(post)).json()["title"] == "changed by the session"


def test_deleted_rows_stay_out(app: FastAPI, client: TestClient, rows: Rows) -> None:
    every = {"include_deleted": True}

    @app.get("/seen/{post_id}")
    async def seen(session: ReadSession, post_id: Identifier, asked: bool) -> dict[str, int]:
        options = every if asked else {}
        of_author = selectinload(User.posts)  # type: ignore[arg-type]
        of_comment = selectinload(Comment.post)  # type: ignore[arg-type]
        all_posts = await session.exec(select(Post).execution_options(**options))
        found = {"exec": len(all_posts.all())}
        titles = await session.exec(select(Post.title).execution_options(**options))
        found["columns"] = len(titles.all())
        counting = select(func.count()).select_from(Post).execution_options(**options)
        counted = await session.exec(counting)
        found["count"] = counted.one()
        joined = select(Comment.id, Post.id).join(Post).execution_options(**options)
        pairs = await session.exec(joined)
        found["join"] = len(pairs.all())
        users = await session.exec(select(User).options(of_author).execution_options(**options))
        found["selectinload of many"] = sum(len(user.posts) for user in users)
        remarks = select(Comment).options(of_comment).execution_options(**options)
        remarked = await session.exec(remarks)
        found["selectinload of one"] = sum(remark.post is not None for remark in remarked)
        session.expunge_all()
        got = await session.get(Post, post_id, execution_options=options)
        found["get"] = int(got is not None)
        # A statement on the table itself is left as it is.
        rows_of_table = await session.exec(select(func.count()).select_from(table_of(Post)))
        assert rows_of_table.one() == 1
        return found

    @app.post("/updated")
    async def updated(session: WriteSession, asked: bool) -> int:
        change = update(Post).values(views=7).execution_options(**(every if asked else {}))
        result = await session.exec(change)
        return result.rowcount

    @app.post("/deleted")
    async def deleted(session: WriteSession, asked: bool) -> int:
        result = await session.exec(delete(Post).execution_options(**(every if asked else {})))
        return result.rowcount

    post = rows.make(Post)
    rows.make(Comment, post_id=post.id, author_id=post.author_id)
    path = f"/seen/{post.id}"
    there = client.get(path, params={"asked": False}).json()
    assert set(there.values()) == {1}, there
    assert client.delete(POST.path_of(post)).status_code == 204
    gone = client.get(path, params={"asked": False}).json()
    assert set(gone.values()) == {0}, gone
    asked_for = client.get(path, params={"asked": True}).json()
    assert set(asked_for.values()) == {1}, asked_for

    def number(path: str, asked: bool) -> Any:
        return client.post(path, params={"asked": asked}).json()

    assert [number("/updated", asked) for asked in (False, True)] == [0, 1]
    assert [number("/deleted", asked) for asked in (False, True)] == [0, 1]


def test_bin(client: TestClient, rows: Rows) -> None:
    kept, thrown = rows.make(Post), rows.make(Post)
    assert client.get("/bin").json() == []
    assert client.delete(POST.path_of(thrown)).status_code == 204
    assert [post["id"] for post in client.get("/bin").json()] == ids(thrown)
    assert client.delete("/bin").json() == 1
    assert client.get("/bin").json() == []
    assert client.post(f"{POST.path_of(thrown)}/restore").status_code == 404
    assert items(client, "/posts") == ids(kept)


def test_statements_of_other_kinds(app: FastAPI, client: TestClient, rows: Rows) -> None:
    """What leaves out deleted rows is not in the way of statements that have no such rows."""

    @app.post("/others")
    async def others(session: WriteSession, author_id: Identifier) -> list[int]:
        new = [{"title": f"{number}", "body": "b", "author_id": author_id} for number in (1, 2)]
        await session.exec(insert(Post), params=new)
        inserted = await session.exec(insert(Post).values(new[0]).returning(Post))
        session.expire(post := inserted.scalars().one())
        await session.refresh(post)
        connection = await session.connection()
        counted = await connection.execute(text("SELECT count(*) FROM posts"))
        return [int(post.title), counted.scalar_one()]

    author_id = str(rows.make(User).id)
    assert client.post("/others", params={"author_id": author_id}).json() == [1, 3]


def test_transfers_at_the_same_time(client: TestClient, elsewhere: Connection) -> None:
    """No amount is lost, none is made, and every transfer is answered with what it did."""
    deadlocks = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    deadlocks_before = elsewhere.scalar(deadlocks)
    opened = [client.post("/accounts", json={"balance": 100}).json() for _ in range(ACCOUNTS)]
    expected = {account["id"]: 100 for account in opened}
    chance = random.Random(11)
    transfers = [
        {"source_id": source, "target_id": target, "amount": chance.randint(1, 60)}
        for source, target in (chance.sample(sorted(expected), 2) for _ in range(TRANSFERS))
    ]
    with ThreadPoolExecutor(THREADS) as threads:
        requests = [threads.submit(client.post, "/accounts/transfers", json=t) for t in transfers]
    answers = [request.result().status_code for request in requests]
    assert set(answers) == {204, 409}
    for transfer, answer in zip(transfers, answers, strict=True):
        if answer == 204:
            expected[transfer["source_id"]] -= transfer["amount"]
            expected[transfer["target_id"]] += transfer["amount"]
    balances = elsewhere.execute(text("SELECT id, balance FROM accounts")).all()
    assert {str(row.id): row.balance for row in balances} == {
        str(identifier): balance for identifier, balance in expected.items()
    }
    assert sum(row.balance for row in balances) == 100 * ACCOUNTS
    assert elsewhere.scalar(deadlocks) == deadlocks_before


def test_transfers_that_cannot_be(client: TestClient, rows: Rows) -> None:
    first = client.post("/accounts", json={"balance": 5}).json()
    second = client.post("/accounts", json={"balance": 5}).json()
    body = {"source_id": first["id"], "target_id": second["id"], "amount": 6}
    assert client.post("/accounts/transfers", json=body).status_code == 409
    missing = body | {"target_id": str(rows.make(Post).id), "amount": 1}
    assert client.post("/accounts/transfers", json=missing).status_code == 404
    itself = body | {"target_id": first["id"], "amount": 5}
    assert client.post("/accounts/transfers", json=itself).status_code == 204
    for account in (first, second):
        assert client.get(f"/accounts/{account['id']}").json() == account


# ---- The wrong session ----

TAKE_A_WRITE_SESSION = "take a WriteSession"


def test_two_writes_in_a_single_write_session(app: FastAPI, raising_client: TestClient) -> None:
    @app.post("/twice")
    async def twice(session: SingleWriteSession) -> None:
        await accounts_repository.create(session, AccountCreate())
        await accounts_repository.create(session, AccountCreate())

    message = f"A SingleWriteSession writes once: {TAKE_A_WRITE_SESSION}"
    with pytest.raises(RuntimeError, match=message):
        raising_client.post("/twice")


def test_statements_in_a_single_write_session(app: FastAPI, raising_client: TestClient) -> None:
    @app.post("/statement")
    async def statement(session: SingleWriteSession) -> None:
        await session.exec(select(Account))

    @app.post("/object")
    async def add(session: SingleWriteSession) -> None:
        session.add(Account())

    @app.post("/flushed")
    async def flushed(session: SingleWriteSession) -> AccountRead:
        session.add(Account())
        return await accounts_repository.create(session, AccountCreate())

    for path in ("/statement", "/object", "/flushed"):
        with pytest.raises(RuntimeError, match=TAKE_A_WRITE_SESSION):
            raising_client.post(path)


def test_writes_in_a_read_session(
    app: FastAPI, raising_client: TestClient, elsewhere: Connection
) -> None:
    account_id = raising_client.post("/accounts", json={"balance": 5}).json()["id"]

    @app.post("/repository")
    async def repository(session: ReadSession) -> None:
        await accounts_repository.create(session, AccountCreate())

    @app.post("/added")
    async def added(session: ReadSession) -> None:
        session.add(Account())

    @app.post("/changed")
    async def changed(session: ReadSession) -> None:
        found = await session.exec(select(Account))
        found.one().balance = 6

    @app.post("/deleted")
    async def deleted(session: ReadSession) -> None:
        found = await session.exec(select(Account))
        await session.delete(found.one())

    @app.post("/flushed")
    async def flushed(session: ReadSession) -> None:
        session.add(Account())
        await session.flush()

    @app.post("/flushed-by-a-read")
    async def flushed_by_a_read(session: ReadSession) -> None:
        session.add(Account())
        await accounts_repository.get(session, account_id)

    @app.post("/committed")
    async def committed(session: ReadSession) -> None:
        session.add(Account())
        await session.commit()

    @app.post("/updated")
    async def updated(session: ReadSession) -> None:
        await session.exec(update(Account).values(balance=7))

    @app.post("/inserted")
    async def inserted(session: ReadSession) -> None:
        await session.exec(insert(Account).values(balance=8))

    for path in (
        "/repository",
        "/added",
        "/changed",
        "/deleted",
        "/flushed",
        "/flushed-by-a-read",
        "/committed",
        "/updated",
        "/inserted",
    ):
        with pytest.raises(RuntimeError, match=TAKE_A_WRITE_SESSION):
            raising_client.post(path)
        balances = elsewhere.execute(text("SELECT balance FROM accounts")).scalars().all()
        assert balances == [5], path


def test_a_router_of_fastapi(app: FastAPI, raising_client: TestClient) -> None:
    router = APIRouter()

    @router.get("/lost")
    async def lost(session: ReadSession) -> None: ...

    app.include_router(router)
    with pytest.raises(RuntimeError, match=r"belongs into a Router: see http/router\.py"):
        raising_client.get("/lost")


def test_relations_do_not_load_by_themselves(
    app: FastAPI, raising_client: TestClient, rows: Rows
) -> None:
    @app.get("/lazy")
    async def lazy(session: ReadSession) -> str:
        found = await session.exec(select(Post))
        return found.one().author.name

    rows.make(Post)
    with pytest.raises(Exception, match="lazy='raise'"):
        raising_client.get("/lazy")
