{% import "includes/concurrency.jinja" as c with context %}
{% from "includes/python.jinja" import sorted_imports with context %}
{% set entity = schema | first %}
{% set Cursor = "AsyncCursor" if c.is_async else "Cursor" %}
"""The server ends a statement after STATEMENT_TIMEOUT, however it is sent."""

{% if c.is_async %}
import asyncio
{% endif %}
import time

import psycopg
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from psycopg import {{ Cursor }}
from sqlalchemy import Connection, func, select, text

{{ sorted_imports([
  ["tests.resources." ~ entity.module, [entity.name | upper ~ " as RESOURCE"]],
  ["tests.rows", ["Rows"]],
  [package_name ~ ".data.statements", ["Statement", "parameter"]],
  [package_name ~ ".db.session", ["DatabaseSession"]],
  [package_name ~ ".http.dependencies", ["ReadSession", "SingleWriteSession", "WriteSession"]],
  [package_name ~ ".settings", ["Settings"]],
]) }}

PATH = RESOURCE.path
LIMIT = 0.2  # seconds
# Seconds beyond it, on a busy machine.
MARGIN = 10

SLEEP = "SELECT pg_sleep(:seconds)"
FAST, SLOW = {"seconds": 0}, {"seconds": 60}
WAYS = ["read", "single-write", "write", "write-later", "exec", "exec-in-transaction", "exec-many"]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Return settings with one connection, whose statements have little time."""
    return settings.model_copy(update={"statement_timeout": LIMIT, "pool_size": 1})


{{ c.async_ }}def sleep(session: DatabaseSession, values: dict[str, int], *, writes: bool = False) -> None:
    """Run a statement as the repository does."""
    clause = select(func.pg_sleep(parameter("seconds")))
    {{ c.await_ }}Statement(clause, writes=writes).rows(session, values)


@pytest.fixture
def app(app: FastAPI) -> FastAPI:
    """Return the application with slow endpoints, and one that asks for the limit."""

    @app.post("/read")
    {{ c.async_ }}def read(session: ReadSession) -> None:
        {{ c.await_ }}sleep(session, SLOW)

    @app.post("/single-write")
    {{ c.async_ }}def write_once(session: SingleWriteSession) -> None:
        {{ c.await_ }}sleep(session, SLOW, writes=True)

    @app.post("/write")
    {{ c.async_ }}def write(session: WriteSession) -> None:
        {{ c.await_ }}sleep(session, SLOW, writes=True)

    @app.post("/write-later")
    {{ c.async_ }}def write_later(session: WriteSession) -> None:
        {{ c.await_ }}sleep(session, FAST, writes=True)
        {{ c.await_ }}sleep(session, SLOW, writes=True)

    @app.post("/exec")
    {{ c.async_ }}def execute(session: ReadSession) -> None:
        connection = {{ c.await_ }}session.connection()
        {{ c.await_ }}connection.execute(text(SLEEP), SLOW)

    @app.post("/exec-in-transaction")
    {{ c.async_ }}def execute_in_transaction(session: WriteSession) -> None:
        connection = {{ c.await_ }}session.connection()
        {{ c.await_ }}connection.execute(text(SLEEP), SLOW)

    @app.post("/exec-many")
    {{ c.async_ }}def execute_many(session: WriteSession) -> None:
        connection = {{ c.await_ }}session.connection()
        {{ c.await_ }}connection.execute(text(SLEEP), [FAST, SLOW])

    @app.get("/limit")
    {{ c.async_ }}def limit(session: ReadSession) -> str:
        cursor = {{ Cursor }}({{ c.await_ }}session.connect())
        {{ c.await_ }}cursor.execute("SHOW statement_timeout")
        (found,) = {{ c.await_ }}cursor.fetchall()
        return str(found[0])

    return app


@pytest.mark.parametrize("way", WAYS)
def test_slow_statements(client: TestClient, elsewhere: Connection, way: str) -> None:
    """They are ended once, and the limit does not stay with the connection."""
    started = time.monotonic()
    response = client.post(f"/{way}")
    assert LIMIT < time.monotonic() - started < LIMIT + MARGIN
    assert response.status_code == 503
    assert "Retry-After" in response.headers
    default = elsewhere.scalar(text("SHOW statement_timeout"))
    assert client.get("/limit").json() == default
    assert client.get(PATH).status_code == 200


def test_after_a_slow_statement(app: FastAPI, client: TestClient) -> None:
    """A session for reads goes on, since each of them stands alone."""

    @app.get("/next")
    {{ c.async_ }}def read_next(session: ReadSession) -> str:
        with pytest.raises(psycopg.errors.QueryCanceled):
            {{ c.await_ }}sleep(session, SLOW)
        {{ c.await_ }}sleep(session, FAST)
        connection = {{ c.await_ }}session.connect()
        return connection.info.transaction_status.name

    assert client.get("/next").json() == "IDLE"
{% if c.is_async %}


def test_after_a_cancelled_statement(app: FastAPI, client: TestClient) -> None:
    @app.get("/next")
    async def read_next(session: ReadSession) -> str:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(LIMIT / 2):
                await sleep(session, SLOW)
        connection = await session.connect()
        status = connection.info.transaction_status.name
        await sleep(session, FAST)
        return status

    assert client.get("/next").json() == "IDLE"
{% endif %}


def test_what_is_fast_is_as_before(client: TestClient, rows: Rows) -> None:
    """It is committed, also after psycopg has begun to prepare it."""
    made = rows.make_some(RESOURCE.model, 7)
    for row in made:
        assert client.get(RESOURCE.path_of(row)).json() == RESOURCE.shown(row)
    for row in made:
        assert client.delete(RESOURCE.path_of(row)).status_code == 204
        assert client.get(RESOURCE.path_of(row)).status_code == 404
