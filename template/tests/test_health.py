{% import "includes/concurrency.jinja" as c with context %}
{% from "includes/python.jinja" import sorted_imports with context %}
"""Health endpoints: they answer soon, whatever the database does."""

import socket
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import URL, Connection, Engine, text

{{ sorted_imports([
  [package_name ~ ".db", ["revisions"]],
  [package_name ~ ".db.readiness", ["Readiness"]],
  [package_name ~ ".db.revisions", ["Revisions", "code_revisions"]],
  [package_name ~ ".http", ["health"]],
  [package_name ~ ".http.dependencies", ["ReadSession"]],
  [package_name ~ ".settings", ["Settings"]],
  ["tests.applications", ["settings_for"]],
]) }}

# Seconds: the default of READINESS_TIMEOUT, and some for a busy machine.
SOON = 4


@contextmanager
def connected(engine: Engine) -> Iterator[Connection]:
    """Yield a connection whose statements commit by themselves."""
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        yield connection


@contextmanager
def client_of(url: URL, **settings: Any) -> Iterator[TestClient]:
    """Yield a client of the health endpoints on another database, or as another role."""
    app = FastAPI()
    app.include_router(health.router)
    app.state.readiness = Readiness(url, settings_for(url).model_copy(update=settings))
    with TestClient(app) as client:
        yield client


def readiness(client: TestClient) -> str:
    """Return what the endpoint says; check that it says so soon, and with the right code."""
    start = time.monotonic()
    response = client.get("/health/ready")
    assert time.monotonic() - start < SOON
    status: str = response.json()["status"]
    assert response.status_code == (200 if status == "ready" else 503)
    return status


def test_ready(client: TestClient) -> None:
    assert readiness(client) == "ready"


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
def test_head(client: TestClient, path: str) -> None:
    assert client.head(path).status_code == 200
    assert "head" not in client.get("/openapi.json").json()["paths"][path]


@pytest.mark.parametrize(
    ("versions", "status"),
    [
        ([], "schema not at head"),
        (["newer"], "ready"),
        (["newer", "head"], "ready"),
        (["newer", "older"], "schema not at head"),
        (["older"], "schema not at head"),
    ],
)
def test_migrated_from_and_to_other_code(
    own_database: Engine, monkeypatch: pytest.MonkeyPatch, versions: list[str], status: str
) -> None:
    known = Revisions(known=frozenset({"older", "head"}), heads=frozenset({"head"}))
    code = "{{ package_name }}.db.readiness.code_revisions"
    monkeypatch.setattr(code, lambda: known)
    with connected(own_database) as connection:
        connection.execute(text("DELETE FROM alembic_version"))
        for version in versions:
            insert = text("INSERT INTO alembic_version VALUES (:version)")
            connection.execute(insert, {"version": version})
    with client_of(own_database.url) as client:
        assert readiness(client) == status


@pytest.mark.parametrize(
    ("versions", "reached"),
    [
        ({"one", "two"}, True),
        ({"one"}, False),
        ({"newer"}, True),
        ({"one", "newer"}, True),
        ({"root", "newer"}, False),
        (set(), False),
    ],
)
def test_several_heads(versions: set[str], reached: bool) -> None:
    heads = frozenset({"one", "two"})
    assert Revisions(heads | {"root"}, heads).reached_by(versions) is reached


def test_revisions_of_the_code() -> None:
    assert len(code_revisions().heads) == 1
    assert code_revisions().heads <= code_revisions().known


def test_never_migrated(empty_database: Engine) -> None:
    with client_of(empty_database.url) as client:
        assert readiness(client) == "schema not at head"


def test_migrations_missing(
    client: TestClient,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    code_revisions.cache_clear()
    monkeypatch.setattr(revisions, "PLACES", (tmp_path,))
    assert readiness(client) == "migrations missing"


def test_database_unreachable(caplog: pytest.LogCaptureFixture) -> None:
    # Port 1 refuses connections.
    with client_of(URL.create("postgresql", "me", "secret", "127.0.0.1", 1, "db")) as client:
        assert client.get("/health/live").status_code == 200
        assert [readiness(client) for _ in range(3)] == ["database unreachable"] * 3
    assert caplog.text.count("database unreachable") == 1
    assert "secret" not in caplog.text


def test_database_frozen() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        port = silent.getsockname()[1]
        url = URL.create("postgresql", "me", "secret", "127.0.0.1", port, "db")
        with client_of(url, readiness_timeout=0.2) as client:
            assert readiness(client) == "database timed out"


def test_database_read_only(own_database: Engine) -> None:
    with connected(own_database) as connection:
        name = own_database.url.database
        connection.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = on"))
    with client_of(own_database.url) as client:
        assert readiness(client) == "database read-only"


@pytest.fixture
def role(server: Engine, own_database: Engine) -> Iterator[URL]:
    """Return the URL of the database for a role that has no rights; its name is its password."""
    name = f"test_{uuid.uuid4().hex}"
    with server.connect() as connection:
        connection.execute(text(f"CREATE ROLE {name} LOGIN PASSWORD '{name}'"))
    yield own_database.url.set(username=name, password=name)
    with connected(own_database) as connection:
        connection.execute(text(f"DROP OWNED BY {name}"))
        connection.execute(text(f"DROP ROLE {name}"))


def test_rights_missing(role: URL, own_database: Engine, caplog: pytest.LogCaptureFixture) -> None:
    with client_of(role) as client, connected(own_database) as connection:
        assert readiness(client) == "rights missing"
        rights = "SELECT, INSERT, UPDATE, DELETE"
        tables = "ALL TABLES IN SCHEMA public"
        connection.execute(text(f"GRANT {rights} ON {tables} TO {role.username}"))
        assert readiness(client) == "ready"
        table = '"{{ (schema | first).table }}"'
        connection.execute(text(f"REVOKE INSERT ON {table} FROM {role.username}"))
        assert readiness(client) == "rights missing"
        assert "rows of {{ (schema | first).table }}" in caplog.text
        connection.execute(text(f"GRANT {rights} ON {tables} TO {role.username}"))
        connection.execute(text(f"REVOKE ALL ON alembic_version FROM {role.username}"))
        assert readiness(client) == "rights missing"
        connection.execute(text("REVOKE ALL ON SCHEMA public FROM PUBLIC"))
        assert readiness(client) == "rights missing"


def test_locked_versions(own_database: Engine) -> None:
    """Those who ask meanwhile wait for one answer: one connection is enough for all of them."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    with (
        client_of(own_database.url, readiness_timeout=0.2) as client,
        connected(own_database) as observer,
    ):
        with own_database.begin() as connection:
            connection.execute(text("LOCK alembic_version"))
            with ThreadPoolExecutor(10) as threads:
                statuses = list(threads.map(readiness, [client] * 20))
            assert set(statuses) == {"database timed out"}
            assert observer.scalar(waiting) == 1
        assert readiness(client) in ("ready", "database timed out")  # as of before
        assert readiness(client) == "ready"


class TestOneConnection:
    """The application has one connection, and a request keeps it."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        """Return settings with one connection, for which nobody waits for long."""
        return settings.model_copy(update={"pool_size": 1, "pool_timeout": 0.2})

    def test_pool_exhausted(self, app: FastAPI, client: TestClient) -> None:
        """Neither a connection nor a thread of the requests is needed."""

        @app.get("/sleep")
        {{ c.async_ }}def sleep(session: ReadSession) -> None:
            connection = {{ c.await_ }}session.connection()
            {{ c.await_ }}connection.execute(text("SELECT pg_sleep(0.5)"))

        with ThreadPoolExecutor(50) as threads:
            asleep = [threads.submit(client.get, "/sleep") for _ in range(50)]
            while not any(future.done() for future in asleep):  # until they are turned away
                assert readiness(client) == "ready"
            assert {future.result().status_code for future in asleep} == {200, 503}
