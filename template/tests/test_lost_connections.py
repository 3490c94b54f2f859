{% import "includes/concurrency.jinja" as c with context %}
{% set Cursor, Connection = ("AsyncCursor", "AsyncConnection") if c.is_async else ("Cursor", "Connection") %}
{% from "includes/python.jinja" import sorted_imports with context %}
{% set entity = schema | first %}
"""Lost connections: requests are answered nevertheless, and nothing is written twice."""

import time
from collections.abc import Callable{{ ", Coroutine" if c.is_async }}
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI, Request
{% if not c.is_async %}
from fastapi.concurrency import run_in_threadpool
{% endif %}
from fastapi.testclient import TestClient
from psycopg import {{ Connection }}, {{ Cursor }}, Error, OperationalError
from psycopg.errors import AdminShutdown, DeadlockDetected
{% if c.is_async %}
from sqlalchemy import Connection, Engine, text
{% else %}
from sqlalchemy import Connection as EngineConnection
from sqlalchemy import Engine, text
{% endif %}
{% if c.is_async %}
from sqlalchemy.orm import Session
{% else %}
from sqlmodel import Session
{% endif %}

{{ sorted_imports([
  ["tests.resources." ~ entity.module, [entity.name | upper ~ " as RESOURCE"]],
  ["tests.applications", ["Applications"]],
  ["tests.rows", ["Rows"]],
  [package_name ~ ".queries." ~ entity.module, [entity.repository ~ " as repository"]],
  [package_name ~ ".db.database", ["Database"]],
  [package_name ~ ".http.dependencies", ["ReadSession", "WriteSession"]],
  [package_name ~ ".http.route", ["DatabaseRoute"]],
  [package_name ~ ".models." ~ entity.module, [entity.class ~ "Create as Create"]],
  [package_name ~ ".models." ~ entity.module, [entity.class ~ "Read as Read"]],
  [package_name ~ ".settings", ["Settings"]],
]) }}

PATH = RESOURCE.path
NOBODY = {{ '"00000000-0000-7000-8000-000000000000"' if primary_key == "uuid7" else "1" }}
KEY = {"Idempotency-Key": "a key"}
NAME = "application that loses its connections"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Return settings that name the connections of the application."""
    return settings.model_copy(update={"application_name": NAME})


@pytest.fixture
def app(app: FastAPI) -> FastAPI:
    """Return the application with an endpoint that creates a row in a transaction."""

    @app.post("/transaction", status_code=201)
    {{ c.async_ }}def create(session: WriteSession, data: Create) -> Read:
        return {{ c.await_ }}repository.create(session, data)

    return app


@pytest.fixture
def suspend(server: Engine, engine: Engine) -> Callable[[], None]:
    """Return what ends all connections of the application, as a compute does that is suspended."""
    end = text(
        "SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = :database AND application_name = :name"
    )
    are_there = text("SELECT count(*) FROM pg_stat_activity WHERE pid = ANY (:pids)")

    def end_connections() -> None:
        with server.connect() as connection:
            pids = connection.scalars(end, {"database": engine.url.database, "name": NAME}).all()
            # The server's own way to wait looks ten times a second.
            while connection.scalar(are_there, {"pids": pids}):
                time.sleep(0.005)

    return end_connections


@pytest.fixture
def suspend_once(
    monkeypatch: pytest.MonkeyPatch, suspend: Callable[[], None]
) -> Callable[[], None]:
    """Return what suspends the compute right before the next statement."""
    execute = {{ Cursor }}.execute

    def arm() -> None:
        waiting = [True]

        {{ c.async_ }}def lose(cursor: {{ Cursor }}[Any], *rest: Any, **options: Any) -> Any:
            if waiting:
                waiting.pop()
                suspend()
            return {{ c.await_ }}execute(cursor, *rest, **options)

        monkeypatch.setattr({{ Cursor }}, "execute", lose)

    return arm


def count(client: TestClient) -> int:
    """Return how many rows there are."""
    return len(client.get(PATH).json()["items"])


def test_idle(client: TestClient, suspend: Callable[..., None], rows: Rows) -> None:
    payload = rows.body(RESOURCE)
    suspend()
    assert client.get(PATH).status_code == 200
    suspend()
    assert client.post(PATH, json=payload).status_code == 201


def test_reading(client: TestClient, suspend_once: Callable[[], None]) -> None:
    suspend_once()
    assert client.get(PATH).status_code == 200


@pytest.mark.parametrize(
    ("error", "is_forgotten"),
    [(AdminShutdown(), True), (OperationalError(), True), (DeadlockDetected(), False)],
    ids=["a suspension", "a lost connection", "a deadlock"],
)
def test_what_is_forgotten(
    app: FastAPI,
    client: TestClient,
    monkeypatch: pytest.MonkeyPatch,
    error: Error,
    is_forgotten: bool,
) -> None:
    """Where one connection ended, the others of the pool are replaced at once."""
    errors = [error]
    forgotten = []

    {{ c.async_ }}def forget(database: Database) -> None:
        forgotten.append(database)

    monkeypatch.setattr(Database, "forget_lost", forget)

    @app.get("/failing-once", status_code=204)
    {{ c.async_ }}def fail(session: ReadSession) -> None:
        if errors:
            raise errors.pop()

    assert client.get("/failing-once").status_code == 204
    assert (len(forgotten) == 1) is is_forgotten


@pytest.mark.parametrize("headers", [{}, KEY], ids=["without a key", "with a key"])
@pytest.mark.parametrize("path", [PATH, "/transaction"])
def test_writing(
    client: TestClient,
    rows: Rows,
    suspend_once: Callable[[], None],
    path: str,
    headers: dict[str, str],
) -> None:
    payload = rows.body(RESOURCE)
    before = count(client)
    suspend_once()
    assert client.post(path, json=payload, headers=headers).status_code == 201
    assert count(client) == before + 1


@pytest.mark.parametrize("written", [0, 1])
def test_a_single_write_that_nobody_knows_of(
    monkeypatch: pytest.MonkeyPatch, client: TestClient, rows: Rows, written: int
) -> None:
    """The statement, or the answer of the server, was lost on the way: it is not tried again."""
    payload = rows.body(RESOURCE)
    before = count(client)
    execute = {{ Cursor }}.execute

    {{ c.async_ }}def lose(cursor: {{ Cursor }}[Any], *rest: Any, **options: Any) -> Any:
        if written:
            {{ c.await_ }}execute(cursor, *rest, **options)
        cursor.connection.pgconn.finish()
        raise OperationalError("the connection is lost")

    with monkeypatch.context() as patch:
        patch.setattr({{ Cursor }}, "execute", lose)
        response = client.post(PATH, json=payload)
    assert_unknown(response)
    assert count(client) == before + written


def assert_unknown(response: Any) -> None:
    """Check that the answer does not ask to try again."""
    assert response.status_code == 503
    assert "Idempotency-Key" in response.json()["detail"]
    assert "Retry-After" not in response.headers


Lose = Callable[[{{ Connection }}[Any], Callable[[], None]], {{ "Coroutine[Any, Any, None]" if c.is_async else "None" }}]
commit = {{ Connection }}.commit


{{ c.async_ }}def lose_before_commit(connection: {{ Connection }}[Any], suspend: Callable[[], None]) -> None:
    """Let COMMIT not reach the server."""
    suspend()
    {{ c.await_ }}commit(connection)


{{ c.async_ }}def lose_after_commit(connection: {{ Connection }}[Any], suspend: Callable[[], None]) -> None:
    """Let the server commit, and its answer be lost."""
    {{ c.await_ }}commit(connection)
    suspend()
    {{ c.await_ }}connection.execute("SELECT 1")


@pytest.mark.parametrize(("lose", "written"), [(lose_before_commit, 0), (lose_after_commit, 1)])
def test_committing_without_a_key(
    monkeypatch: pytest.MonkeyPatch,
    client: TestClient,
    suspend: Callable[[], None],
    lose: Lose,
    written: int,
    rows: Rows,
) -> None:
    """Nobody knows whether it was committed, so it is not tried again."""
    payload = rows.body(RESOURCE)
    before = count(client)
    with monkeypatch.context() as patch:
        patch.setattr({{ Connection }}, "commit", lambda connection: lose(connection, suspend))
        assert_unknown(client.post("/transaction", json=payload))
    assert count(client) == before + written


@pytest.mark.parametrize("path", [PATH, "/transaction"])
@pytest.mark.parametrize("lose", [lose_before_commit, lose_after_commit])
def test_committing_with_a_key(
    monkeypatch: pytest.MonkeyPatch,
    client: TestClient,
    suspend: Callable[[], None],
    lose: Lose,
    path: str,
    rows: Rows,
) -> None:
    payload = rows.body(RESOURCE)
    before = count(client)

    {{ c.async_ }}def lose_once(connection: {{ Connection }}[Any]) -> None:
        monkeypatch.undo()
        {{ c.await_ }}lose(connection, suspend)

    monkeypatch.setattr({{ Connection }}, "commit", lose_once)
    response = client.post(path, json=payload, headers=KEY)
    assert response.status_code == 201
    assert count(client) == before + 1
    assert client.get(f"{PATH}/{response.json()['id']}").json() == response.json()


def test_streams(app: FastAPI, client: TestClient, suspend: Callable[..., None]) -> None:
    """A request whose body was read piece by piece cannot run again; it can be sent again."""
    router = APIRouter(route_class=DatabaseRoute)
    attempts = []

    def lose(session: Session) -> None:
        session.connection()
        suspend()
        session.connection().execute(text("SELECT 1"))

    @router.post("/stream")
    async def stream(request: Request, session: WriteSession, early: bool) -> int:
        attempts.append(early)
        if early and len(attempts) == 1:
            {{ "await session.run_sync(lose)" if c.is_async else "await run_in_threadpool(lose, session)" }}
        size = sum([len(part) async for part in request.stream()])
        if not early:
            {{ "await session.run_sync(lose)" if c.is_async else "await run_in_threadpool(lose, session)" }}
        return size

    app.include_router(router)
    response = client.post("/stream", params={"early": True}, content=b"12345")
    assert (response.status_code, response.text, len(attempts)) == (200, "5", 2)
    attempts.clear()
    response = client.post("/stream", params={"early": False}, content=b"12345")
    assert (response.status_code, len(attempts)) == (503, 1)
    assert "Retry-After" in response.headers


def test_migrated_meanwhile(app: FastAPI, client: TestClient, elsewhere: {{ "Connection" if c.is_async else "EngineConnection" }}) -> None:
    """A column changes its type, and with it the result of statements that are prepared."""
    router = APIRouter(route_class=DatabaseRoute)
    statement = text("SELECT number FROM things")

    @router.get("/thing")
    {{ c.async_ }}def read(session: ReadSession) -> int:
        connection = {{ c.await_ }}session.connection()
        return int({{ "(await connection.execute(statement))" if c.is_async else "connection.execute(statement)" }}.scalar_one())

    @router.post("/thing")
    {{ c.async_ }}def write(session: WriteSession) -> int:
        connection = {{ c.await_ }}session.connection()
        return int({{ "(await connection.execute(statement))" if c.is_async else "connection.execute(statement)" }}.scalar_one())

    app.include_router(router)
    elsewhere.execute(text("CREATE TABLE things AS SELECT 1 AS number"))
    for method in ("GET", "POST"):
        for type_ in ("bigint", "integer"):
            for _ in range(10):
                assert client.request(method, "/thing").json() == 1
            elsewhere.execute(text(f"ALTER TABLE things ALTER number TYPE {type_}"))
    assert client.get("/thing").json() == 1


def test_no_connections_are_lost(settings: Settings, applications: Applications) -> None:
    """They come back, however requests end."""
    settings = settings.model_copy(update={"pool_size": 1, "pool_timeout": 5.0})
    with applications.running(settings) as app:
        client = applications.client(app)
        for _ in range(3):
            assert client.get(PATH, params={"limit": 0}).status_code == 422
            assert client.post(PATH, json=[], headers=KEY).status_code == 422
            assert client.delete(f"{PATH}/{NOBODY}").status_code == 404
        assert client.get(PATH).status_code == 200
