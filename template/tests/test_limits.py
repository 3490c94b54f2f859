{% import "includes/concurrency.jinja" as c with context %}
{% from "includes/python.jinja" import sorted_imports with context %}
{% set entity = schema | first %}
"""Limits: no request, however large or slow, keeps others from being answered."""

import asyncio
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Connection, Engine, text

{{ sorted_imports([
  ["tests.resources." ~ entity.module, [entity.name | upper ~ " as RESOURCE"]],
  ["tests.applications", ["Applications", "settings_for"]],
  ["tests.rows", ["Rows"]],
  [package_name ~ ".db.limits", ["TimeLimit"]],
  [package_name ~ ".http", ["route"]],
  [package_name ~ ".http.dependencies", ["ReadSession", "WriteSession"]],
  [package_name ~ ".settings", ["Settings"]],
]) }}

PATH = RESOURCE.path
TABLE = "{{ entity.table }}"
KEY = {"Idempotency-Key": "a key"}
JSON = {"Content-Type": "application/json"}
LIMIT = 0.2  # seconds
# Seconds beyond it: what is cancelled takes its time, most of all on a busy machine.
MARGIN = 10
ACTIVE = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND state <> 'idle' AND pid <> pg_backend_pid()
"""
WAITING = f"{ACTIVE} AND wait_event_type = 'Lock'"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Return settings with little time, and with one connection, for which all must wait."""
    changes = {"transaction_timeout": LIMIT, "key_timeout": LIMIT, "pool_size": 1}
    return settings.model_copy(update=changes)


@contextmanager
def locked(engine: Engine) -> Iterator[None]:
    """Let whoever reads or writes the table wait."""
    with engine.begin() as connection:
        connection.execute(text(f'LOCK TABLE "{TABLE}" IN ACCESS EXCLUSIVE MODE'))
        yield


def wait_until(elsewhere: Connection, statement: str, number: int) -> None:
    """Wait until a statement counts this number."""
    deadline = time.monotonic() + MARGIN
    while elsewhere.scalar(text(statement)) != number:
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("headers", [{}, KEY], ids=["without a key", "with a key"])
def test_behind_a_lock(
    client: TestClient,
    rows: Rows,
    engine: Engine,
    elsewhere: Connection,
    headers: dict[str, str],
) -> None:
    payload = rows.body(RESOURCE)
    with locked(engine):
        for method in ("GET", "POST"):
            started = time.monotonic()
            response = client.request(method, PATH, json=payload, headers=headers)
            assert response.status_code == 503
            assert "Retry-After" in response.headers
            assert time.monotonic() - started < LIMIT + MARGIN
    wait_until(elsewhere, ACTIVE, 0)
    assert client.post(PATH, json=payload, headers=headers).status_code == 201


def test_endpoints_that_hang(app: FastAPI, client: TestClient, elsewhere: Connection) -> None:
    @app.get("/hang")
    {{ c.async_ }}def read(session: ReadSession) -> None:
        connection = {{ c.await_ }}session.connection()
        {{ c.await_ }}connection.execute(text("SELECT pg_sleep(60)"))

    @app.post("/hang")
    {{ c.async_ }}def write(session: WriteSession) -> None:
        connection = {{ c.await_ }}session.connection()
        {{ c.await_ }}connection.execute(text("SELECT pg_sleep(60)"))

    @app.put("/hang")
    {{ c.async_ }}def think(session: WriteSession) -> None:
        connection = {{ c.await_ }}session.connection()
        {{ c.await_ }}connection.execute(text("SELECT 1"))
        {{ "await asyncio.sleep(60)" if c.is_async else "time.sleep(1)  # a thread cannot be cancelled, but its transaction ends" }}

    for method in ("GET", "POST", "PUT"):
        started = time.monotonic()
        assert client.request(method, "/hang").status_code == 503
        assert time.monotonic() - started < LIMIT + MARGIN
        wait_until(elsewhere, ACTIVE, 0)
        assert client.get(PATH).status_code == 200


def test_the_end_of_a_limit_that_was_left() -> None:
    """A client may hang up during the COMMIT, which has a limit of its own."""

    async def end() -> bool:
        async with TimeLimit(LIMIT) as limit:
            limit.start()
        limit.expire()
        return limit.is_over

    assert asyncio.run(end()) is False


def test_limits_of_the_operator(
    own_database: Engine, applications: Applications, elsewhere: Connection
) -> None:
    settings = settings_for(own_database.url)
    settings = settings.model_copy(update={"transaction_timeout": 60.0})
    database = own_database.url.database
    payload = Rows(own_database).body(RESOURCE)
    for name in ("statement_timeout", "lock_timeout"):
        elsewhere.execute(text(f"ALTER DATABASE {database} SET {name} = '100ms'"))
        with applications.running(settings) as app, locked(own_database):
            client = applications.client(app)
            for method in ("GET", "POST"):
                response = client.request(method, PATH, json=payload)
                assert response.status_code == 503
                assert "Retry-After" in response.headers
        elsewhere.execute(text(f"ALTER DATABASE {database} RESET {name}"))
    read_only = f"ALTER DATABASE {database} SET default_transaction_read_only = on"
    elsewhere.execute(text(read_only))
    with applications.running(settings) as app:
        client = applications.client(app)
        assert client.post(PATH, json=payload).status_code == 503
        assert client.get(PATH).status_code == 200


class TestKeys:
    """Requests with one key wait for each other, and not for long."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        """Return settings by which a request may take its time, and leaves a connection free."""
        return settings.model_copy(update={"transaction_timeout": 60.0, "pool_size": 2})

    def test_waiting_for_a_key(
        self, client: TestClient, rows: Rows, engine: Engine, elsewhere: Connection
    ) -> None:
        """Those that wait have no connection."""
        payload = rows.body(RESOURCE)
        with ThreadPoolExecutor() as executor, locked(engine):
            first = executor.submit(client.post, PATH, json=payload, headers=KEY)
            wait_until(elsewhere, WAITING, 1)
            others = [
                executor.submit(client.post, PATH, json=payload, headers=KEY) for _ in range(4)
            ]
            for other in others:
                response = other.result(LIMIT + MARGIN)
                assert response.status_code == 409
                assert "Retry-After" in response.headers
        assert first.result().status_code == 201
        again = client.post(PATH, json=payload, headers=KEY)
        assert again.json() == first.result().json()

    def test_waiting_for_the_key_of_another_process(
        self, client: TestClient, rows: Rows, engine: Engine
    ) -> None:
        payload = rows.body(RESOURCE)
        with engine.connect() as connection:
            statement = "INSERT INTO idempotency_keys (key, fingerprint) VALUES ('a key', '')"
            connection.execute(text(statement))
            assert client.post(PATH, json=payload, headers=KEY).status_code == 409
        assert client.post(PATH, json=payload, headers=KEY).status_code == 201


class TestHangingUp:
    """A client is gone before its request has ended."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        """Return settings by which nothing else ends a request."""
        return settings.model_copy(update={"transaction_timeout": 60.0})

    @pytest.mark.parametrize("method", ["GET", "DELETE"])
    def test_clients_that_hang_up(
        self,
        client: TestClient,
        rows: Rows,
        engine: Engine,
        elsewhere: Connection,
        monkeypatch: pytest.MonkeyPatch,
        method: str,
    ) -> None:
        """They do while they have a connection, and while they wait for one."""
        monkeypatch.setattr(route, "PATIENCE", 0.5)
        whole = {"type": "http.request", "body": b"", "more_body": False}
        gone = {"type": "http.disconnect"}
        path = RESOURCE.path_of(rows.make(RESOURCE.model))
        with locked(engine):
            requests = [begin(client, method, path, whole, gone) for _ in range(3)]
            wait_until(elsewhere, WAITING, 1)
            for request in requests:
                request.result(LIMIT + MARGIN)
            wait_until(elsewhere, WAITING, 0)
        assert client.get(path).status_code == 200


def begin(client: TestClient, method: str, path: str, *messages: dict[str, Any]) -> Any:
    """Start a request that sends these messages, and then nothing; return the future of its end."""
    sent: list[Any] = []
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "scheme": "http",
        "query_string": b"",
        "headers": [(b"idempotency-key", b"another key")],
        "client": ("client", 1),
        "server": ("server", 1),
    }

    async def request() -> None:
        to_come = list(messages)

        async def receive() -> dict[str, Any]:
            if to_come:
                return to_come.pop(0)
            await asyncio.Event().wait()
            raise AssertionError

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await client.app(scope, receive, send)  # type: ignore[arg-type]

    assert client.portal is not None
    return client.portal.start_task_soon(request)


def test_slow_bodies(client: TestClient, rows: Rows) -> None:
    path = RESOURCE.path_of(rows.make(RESOURCE.model))
    piece = {"type": "http.request", "body": b" ", "more_body": True}
    slow = [begin(client, "DELETE", path, piece) for _ in range(3)]
    slow += [begin(client, "GET", path, piece) for _ in range(3)]
    assert client.get(path).status_code == 200
    for request in slow:
        request.cancel()


def test_large_bodies(client: TestClient, rows: Rows, settings: Settings) -> None:
    content = b"[" + b" " * settings.max_body_size + b"]"
    path = RESOURCE.path_of(rows.make(RESOURCE.model))
    for method, where in [("POST", PATH), ("PATCH", path), ("DELETE", path)]:
        response = client.request(method, where, content=content, headers=JSON)
        assert response.status_code == 413
        # What says too little of its length is not read to its end.
        pieces = iter([content[:100], content[100:]])
        response = client.request(method, where, content=pieces, headers=JSON)
        assert response.status_code == 413
    assert client.get(path).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {f"{number:06}": number for number in range(60_000)},
        {"x" * 1_000_000: 1},
        [{} for _ in range(200_000)],
        {f"{number:02}" + "x" * 10_000: 1 for number in range(15)},
    ],
    ids=["many fields", "a long name", "a list", "long names"],
)
def test_answers_do_not_grow(client: TestClient, body: object) -> None:
    content = json.dumps(body).encode()
    started = time.process_time()
    json.loads(content)
    reading = time.process_time() - started
    started = time.process_time()
    response = client.post(PATH, content=content, headers=JSON)
    assert time.process_time() - started < 10 * reading + 0.5
    assert response.status_code == 422
    assert len(response.content) < 10_000


@pytest.mark.parametrize(
    "content", [b"[" * 500_000, b'{"a":' * 100_000, b"1" * 500_000, b'"' + b"\\" * 500_000]
)
def test_bodies_that_are_hard_to_read(client: TestClient, content: bytes) -> None:
    response = client.post(PATH, content=content, headers=JSON)
    assert response.status_code in (400, 422)
    assert len(response.content) < 10_000


def test_long_queries(client: TestClient) -> None:
    for query in ("a=" + "x" * 10_000, "&".join(f"a{number}" for number in range(10_000))):
        response = client.get(f"{PATH}?{query}")
        assert response.status_code == 414
        assert set(response.json()) == {"detail"}
    many = "&".join(f"{number}=" for number in range(1_000))
    response = client.get(f"{PATH}?{many}")
    assert response.status_code == 422
    assert len(response.content) < 10_000
