"""Tests that run in a rendered project: what stays behind after requests, and many at once."""

import asyncio
import gc
import inspect
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, combinations, count
from typing import Any
from weakref import WeakSet

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from my_blog.api.post import labels_link
from my_blog.data import repository
from my_blog.data.statements import Statement
from my_blog.http.dependencies import ReadSession, WriteSession
from my_blog.http.router import Router
from my_blog.main import create_app
from my_blog.models.label import Label
from my_blog.models.post import Post, PostCreate, PostRead
from my_blog.models.specimen import Specimen
from my_blog.settings import Settings
from sqlmodel import select

from tests.api.scenarios.scenario import NOWHERE, as_json
from tests.resources.post import POST
from tests.resources.specimen import SPECIMEN
from tests.rows import Rows

REQUESTS = 20
THREADS = 8
SHAPES = 10

numbers = count()
own = Router()
posts = repository.Repository(Post, PostRead, links={"label_ids": labels_link})
TOO_LONG = PostCreate.model_construct(title="a" * 11, label_ids=[])

if inspect.iscoroutinefunction(repository.Repository.get):

    async def read_by_await(session: ReadSession) -> int:
        return len((await session.exec(select(Specimen))).all())

    async def write_by_await(session: WriteSession) -> None:
        session.add(Label(name=f"own {next(numbers)}"))

    async def write_too_much_by_await(session: WriteSession) -> None:
        await posts.create_many(session, [PostCreate(title="a"), TOO_LONG])

    own.add_api_route("/own/posts", write_too_much_by_await, methods=["POST"])
    own.add_api_route("/own", read_by_await)
    own.add_api_route("/own", write_by_await, methods=["POST"])

else:

    def read_by_thread(session: ReadSession) -> int:
        return len(session.exec(select(Specimen)).all())

    def write_by_thread(session: WriteSession) -> None:
        session.add(Label(name=f"own {next(numbers)}"))

    def write_too_much_by_thread(session: WriteSession) -> None:
        posts.create_many(session, [PostCreate(title="a"), TOO_LONG])

    own.add_api_route("/own/posts", write_too_much_by_thread, methods=["POST"])
    own.add_api_route("/own", read_by_thread)
    own.add_api_route("/own", write_by_thread, methods=["POST"])


async def send(app: FastAPI, method: str, path: str, body: Any = None, **headers: str) -> int:
    """Send a request as a server does, with nothing around it, and return the status."""
    path, _, query = path.partition("?")
    headers |= {"host": "test", "content-type": "application/json"}
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("test", 80),
        "root_path": "",
        "state": {},
    }
    content = b"" if body is None else json.dumps(body).encode()
    incoming = [{"type": "http.request", "body": content, "more_body": False}]
    answer: list[Any] = []

    async def receive() -> Any:
        return incoming.pop() if incoming else await asyncio.Event().wait()

    async def collect(message: Any) -> None:
        answer.append(message)

    await app(scope, receive, collect)
    status: int = answer[0]["status"]
    return status


def test_what_is_added_to_a_session_is_written(app: FastAPI, client: TestClient) -> None:
    """Also where no other statement is sent before the end of the request."""
    app.include_router(own)
    assert client.post("/own").status_code == 200
    (label,) = client.get("/labels").json()["items"]
    assert label["name"].startswith("own")


def test_what_is_added_and_refused_is_a_conflict(app: FastAPI, client: TestClient) -> None:
    app.include_router(own)
    client.post("/labels", json={"name": f"own {next(numbers) + 1}"})
    assert client.post("/own").status_code == 409
    assert client.post("/own").status_code == 200
    assert len(client.get("/labels").json()["items"]) == 2


def test_requests_leave_nothing_for_the_garbage_collector(settings: Settings, rows: Rows) -> None:
    # Of its own, because it runs where the garbage is counted.
    app = create_app(settings)
    app.include_router(own)
    new = rows.body(SPECIMEN)
    one = SPECIMEN.path_of(rows.make(Specimen))
    label = rows.make(Label, name="a")
    post = POST.path_of(rows.make(Post))
    links = {"label_ids": [as_json(label.id)]}
    nobody = {"name": "b", "specimen_id": NOWHERE}
    key = "idempotency-key"
    cases: dict[str, tuple[int, Callable[[], Any]]] = {
        "read": (200, lambda: send(app, "GET", one)),
        "read what is missing": (404, lambda: send(app, "GET", f"/specimens/{NOWHERE}")),
        "list": (200, lambda: send(app, "GET", "/specimens?limit=3")),
        "filter": (200, lambda: send(app, "GET", "/specimens?a_int=1&some_enum=draft")),
        "create": (201, lambda: send(app, "POST", "/specimens", new)),
        "read what is known": (304, lambda: send(app, "GET", one, **{"if-none-match": "*"})),
        "change another version": (
            412,
            lambda: send(app, "PATCH", one, {"a_int": 1}, **{"if-match": '"1"'}),
        ),
        "create many": (201, lambda: send(app, "POST", "/specimens/bulk", [new] * 3)),
        "create many for nobody": (
            422,
            lambda: send(app, "POST", "/labels/bulk", [nobody] * 3),
        ),
        "delete many that are missing": (
            404,
            lambda: send(app, "POST", "/specimens/bulk/delete", {"ids": [NOWHERE]}),
        ),
        "create with a key": (
            201,
            lambda: send(app, "POST", "/specimens", new, **{key: str(next(numbers))}),
        ),
        "create the same": (409, lambda: send(app, "POST", "/labels", {"name": "a"})),
        "refer to what is missing": (422, lambda: send(app, "POST", "/labels", nobody)),
        "leave out what is required": (422, lambda: send(app, "POST", "/specimens", {})),
        "update": (200, lambda: send(app, "PATCH", one, {"a_str": "b"})),
        "send what no column holds": (
            422,
            lambda: send(app, "PATCH", one, {"a_decimal": "1e200000"}),
        ),
        "replace links": (200, lambda: send(app, "PATCH", post, links)),
        "link": (204, lambda: send(app, "PUT", f"{post}/labels/{label.id}")),
        "another method": (405, lambda: send(app, "PUT", "/specimens")),
        "health": (200, lambda: send(app, "GET", "/health/ready")),
        "own read": (200, lambda: send(app, "GET", "/own")),
        "own write": (200, lambda: send(app, "POST", "/own")),
    }

    async def left_by(case: Callable[[], Any], expected: int) -> list[int]:
        left = []
        # What the first ones leave, they leave once.
        for times in (REQUESTS, REQUESTS, 2 * REQUESTS):
            gc.collect()
            for _ in range(times):
                assert await case() == expected
            left.append(gc.collect())
        return left[1:]

    async def run() -> None:
        async with app.router.lifespan_context(app):
            gc.disable()
            try:
                for name, (expected, case) in cases.items():
                    some, more = await left_by(case, expected)
                    assert more - some < REQUESTS, (name, some, more)
            finally:
                gc.enable()
                gc.unfreeze()

    asyncio.run(run())


def test_many_rows_with_values_of_each_type(
    client: TestClient, rows: Rows, statements: list[str]
) -> None:
    """What is sent in arrays is stored as what is sent by itself."""
    bodies = rows.bodies(SPECIMEN, 100)
    for number, body in enumerate(bodies):
        optional = [name for name in body if name.startswith("some_")]
        # Each optional value is null in some rows, and not in others.
        body |= {name: None for at, name in enumerate(optional) if (number + at) % 3 == 0}
    bodies[1]["a_json"], bodies[2]["a_json"] = [[1], [2, 3]], {"a": None}
    statements.clear()
    response = client.post("/specimens/bulk", json=bodies)
    assert response.status_code == 201, response.text
    assert len(statements) == 3
    for row, body in zip(response.json(), bodies, strict=True):
        made = {name: row[name] for name in ("id", "created_at", "updated_at")}
        assert row == body | made
        single = client.post("/specimens", json=body).json()
        assert single == row | {name: single[name] for name in made}
    assert client.get("/specimens", params={"limit": 1}).json()["items"] == [single]


def test_text_that_is_too_long_for_its_column(app: FastAPI, client: TestClient) -> None:
    """The model of the API may allow more than the table: nothing is cut."""
    app.include_router(own)
    response = client.post("/own/posts")
    assert response.status_code == 422, response.text
    assert response.json()["detail"][0]["loc"] == ["body", 1]
    assert client.get("/posts").json()["items"] == []


def test_kept_statements_are_bounded(
    client: TestClient, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: WeakSet[Statement] = WeakSet()

    def keep(*arguments: Any, **options: Any) -> Statement:
        statement = Statement(*arguments, **options)
        kept.add(statement)
        return statement

    monkeypatch.setattr(repository, "Statement", keep)
    monkeypatch.setattr(repository, "MOST_SHAPES", SHAPES)
    row = SPECIMEN.shown(rows.make(Specimen))
    # What JSON shows is what a query takes, but for numbers of which it has no more than one form.
    names = [name for name in row if name.startswith("some_") and name != "some_json"]
    subsets = list(chain.from_iterable(combinations(names[:6], size) for size in range(7)))
    assert len(subsets) > 5 * SHAPES
    most = 0
    for subset in subsets:
        params = {name: row[name] for name in subset}
        response = client.get("/specimens", params=params)
        assert [item["id"] for item in response.json()["items"]] == [row["id"]], params
        most = max(most, len(kept))
    assert SHAPES // 2 < most <= SHAPES


def test_statements_are_used_by_several_at_once(
    client: TestClient, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So few that they are made and dropped all the time.
    monkeypatch.setattr(repository, "MOST_SHAPES", 3)
    bodies = [rows.body(SPECIMEN) for _ in range(THREADS * REQUESTS)]

    def use(body: dict[str, Any]) -> None:
        response = client.post("/specimens", json=body)
        assert response.status_code == 201, response.text
        row = response.json()
        made = {name: row[name] for name in ("id", "created_at", "updated_at")}
        assert row == body | made
        path = f"/specimens/{row['id']}"
        assert client.get(path).json() == row
        params = {"a_uuid": row["a_uuid"]}
        assert client.get("/specimens", params=params).json()["items"] == [row]
        changed = client.patch(path, json={"some_text": None, "a_json": [row["a_str"]]}).json()
        changes = {"some_text": None, "a_json": [row["a_str"]], "updated_at": changed["updated_at"]}
        assert changed == row | changes

    with ThreadPoolExecutor(THREADS) as threads:
        assert len(list(threads.map(use, bodies))) == len(bodies)
