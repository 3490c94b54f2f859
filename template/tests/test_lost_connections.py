{% import "includes/concurrency.jinja" as c with context %}
{% from "includes/python.jinja" import sorted_imports with context %}
{% set entity = schema | first %}
"""Lost connections: requests are answered nevertheless, and nothing is written twice."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI, Request
{% if not c.is_async %}
from fastapi.concurrency import run_in_threadpool
{% endif %}
from fastapi.testclient import TestClient
from sqlalchemy import Engine, create_engine, event, text
{% if c.is_async %}
from sqlalchemy.orm import Session
{% else %}
from sqlmodel import Session
{% endif %}

{{ sorted_imports([
  ["tests.factories." ~ entity.module, ["new_" ~ entity.name ~ " as new"]],
  [package_name ~ ".db.route", ["DatabaseRoute"]],
  [package_name ~ ".db.session", ["ReadSession", "WriteSession"]],
  [package_name ~ ".settings", ["Settings"]],
]) }}

PATH = "/{{ entity.path }}"
NOBODY = {{ '"00000000-0000-7000-8000-000000000000"' if primary_key == "uuid7" else "1" }}
KEY = {"Idempotency-Key": "a key"}


@pytest.fixture
def engine(app: FastAPI, client: TestClient) -> Engine:
    """Return the engine of the running application, as events want it."""
    engine: Engine = app.state.engine{{ ".sync_engine" if c.is_async else "" }}
    return engine


@pytest.fixture
def suspend(server: Engine, engine: Engine) -> Callable[..., None]:
    """Return what ends all connections of the application, as a compute does that is suspended."""
    statement = text(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = :database"
    )

    def end_connections(*arguments: object) -> None:
        with server.connect() as connection:
            connection.execute(statement, {"database": engine.url.database})

    return end_connections


def count(client: TestClient) -> int:
    """Return how many rows there are."""
    return len(client.get(PATH).json()["items"])


def test_idle(client: TestClient, suspend: Callable[..., None]) -> None:
    payload = new(client)
    suspend()
    assert client.get(PATH).status_code == 200
    suspend()
    assert client.post(PATH, json=payload).status_code == 201


def test_reading(client: TestClient, engine: Engine, suspend: Callable[..., None]) -> None:
    event.listen(engine, "before_cursor_execute", suspend, once=True)
    assert client.get(PATH).status_code == 200


@pytest.mark.parametrize("headers", [{}, KEY], ids=["without a key", "with a key"])
def test_writing(
    client: TestClient,
    engine: Engine,
    suspend: Callable[..., None],
    headers: dict[str, str],
) -> None:
    payload = new(client)
    before = count(client)
    event.listen(engine, "before_cursor_execute", suspend, once=True)
    assert client.post(PATH, json=payload, headers=headers).status_code == 201
    assert count(client) == before + 1


def lose_before_commit(dialect: Any, connection: Any, suspend: Callable[..., None]) -> None:
    """Let COMMIT not reach the server."""
    suspend()
    type(dialect).do_commit(dialect, connection)


def lose_after_commit(dialect: Any, connection: Any, suspend: Callable[..., None]) -> None:
    """Let the server commit, and its answer be lost."""
    type(dialect).do_commit(dialect, connection)
    suspend()
    connection.cursor().execute("SELECT 1")


@pytest.mark.parametrize(("lose", "rows"), [(lose_before_commit, 0), (lose_after_commit, 1)])
def test_committing_without_a_key(
    monkeypatch: pytest.MonkeyPatch,
    client: TestClient,
    engine: Engine,
    suspend: Callable[..., None],
    lose: Callable[..., None],
    rows: int,
) -> None:
    """Nobody knows whether it was committed, so it is not tried again."""
    payload = new(client)
    before = count(client)
    with monkeypatch.context() as patch:
        patch.setattr(engine.dialect, "do_commit", lambda it: lose(engine.dialect, it, suspend))
        response = client.post(PATH, json=payload)
    assert response.status_code == 503
    assert "Idempotency-Key" in response.json()["detail"]
    assert "Retry-After" not in response.headers
    assert count(client) == before + rows


@pytest.mark.parametrize("lose", [lose_before_commit, lose_after_commit])
def test_committing_with_a_key(
    monkeypatch: pytest.MonkeyPatch,
    client: TestClient,
    engine: Engine,
    suspend: Callable[..., None],
    lose: Callable[..., None],
) -> None:
    payload = new(client)
    before = count(client)

    def lose_once(connection: object) -> None:
        monkeypatch.undo()
        lose(engine.dialect, connection, suspend)

    monkeypatch.setattr(engine.dialect, "do_commit", lose_once)
    response = client.post(PATH, json=payload, headers=KEY)
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


def test_migrated_meanwhile(
    app: FastAPI, client: TestClient, server: Engine, engine: Engine
) -> None:
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
    elsewhere = create_engine(server.url.set(database=engine.url.database))
    with elsewhere.begin() as connection:
        connection.execute(text("CREATE TABLE things AS SELECT 1 AS number"))
    for method in ("GET", "POST"):
        for type_ in ("bigint", "integer"):
            for _ in range(10):
                assert client.request(method, "/thing").json() == 1
            with elsewhere.begin() as connection:
                connection.execute(text(f"ALTER TABLE things ALTER number TYPE {type_}"))
    assert client.get("/thing").json() == 1
    elsewhere.dispose()


def test_no_turns_are_lost(app: FastAPI, client: TestClient, settings: Settings) -> None:
    """Connections come back, however requests end."""
    limit = settings.pool_size + settings.max_overflow
    for _ in range(limit + 1):
        assert client.get(PATH, params={"limit": 0}).status_code == 422
        assert client.post(PATH, json=[], headers=KEY).status_code == 422
        assert client.delete(f"{PATH}/{NOBODY}").status_code == 404
    assert app.state.engine.pool.checkedout() == 0
