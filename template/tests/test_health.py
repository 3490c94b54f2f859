{% import "includes/concurrency.jinja" as c with context %}
"""Health endpoints: they answer soon, whatever the database does."""

import socket
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import URL, Connection, Engine, create_engine, text

from {{ package_name }}.db import revisions
from {{ package_name }}.db.revisions import Revisions, code_revisions
from {{ package_name }}.http.dependencies import ReadSession
from {{ package_name }}.main import create_app
from {{ package_name }}.settings import Settings

# Seconds: the default of READINESS_TIMEOUT, and some for a busy machine.
SOON = 4


@contextmanager
def connected(url: URL) -> Iterator[Connection]:
    """Yield a connection whose statements commit by themselves."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@contextmanager
def client_of(url: URL) -> Iterator[TestClient]:
    """Yield a client of the application on another database, or as another role."""
    shown = SecretStr(url.render_as_string(hide_password=False))
    with TestClient(create_app(Settings(database_url=shown))) as client:
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
    client: TestClient,
    database: URL,
    monkeypatch: pytest.MonkeyPatch,
    versions: list[str],
    status: str,
) -> None:
    known = Revisions(known=frozenset({"older", "head"}), heads=frozenset({"head"}))
    code = "{{ package_name }}.db.readiness.code_revisions"
    monkeypatch.setattr(code, lambda: known)
    with connected(database) as connection:
        connection.execute(text("DELETE FROM alembic_version"))
        for version in versions:
            insert = text("INSERT INTO alembic_version VALUES (:version)")
            connection.execute(insert, {"version": version})
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


def test_never_migrated(empty_database: URL) -> None:
    with client_of(empty_database) as client:
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
        with client_of(URL.create("postgresql", "me", "secret", "127.0.0.1", port, "db")) as client:
            assert readiness(client) == "database timed out"


def test_database_read_only(client: TestClient, database: URL) -> None:
    with connected(database) as connection:
        name = database.database
        connection.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = on"))
    assert readiness(client) == "database read-only"


@pytest.fixture
def role(server: Engine, database: URL) -> Iterator[URL]:
    """Return the URL of the database for a role that has no rights; its name is its password."""
    name = f"test_{uuid.uuid4().hex}"
    with server.connect() as connection:
        connection.execute(text(f"CREATE ROLE {name} LOGIN PASSWORD '{name}'"))
    yield database.set(username=name, password=name)
    with connected(database) as connection:
        connection.execute(text(f"DROP OWNED BY {name}"))
        connection.execute(text(f"DROP ROLE {name}"))


def test_rights_missing(role: URL, database: URL, caplog: pytest.LogCaptureFixture) -> None:
    with client_of(role) as client, connected(database) as connection:
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


def test_locked_versions(client: TestClient, database: URL) -> None:
    """Those who ask meanwhile wait for one answer: one connection is enough for all of them."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    with connected(database) as observer:
        engine = create_engine(database)
        with engine.begin() as connection:
            connection.execute(text("LOCK alembic_version"))
            with ThreadPoolExecutor(10) as threads:
                statuses = list(threads.map(readiness, [client] * 20))
            assert set(statuses) == {"database timed out"}
            assert observer.scalar(waiting) == 1
        engine.dispose()
    assert readiness(client) in ("ready", "database timed out")  # as of before
    assert readiness(client) == "ready"


def test_pool_exhausted(settings: Settings) -> None:
    """Neither a connection nor a thread of the requests is needed."""
    app = create_app(settings.model_copy(update={"pool_size": 1, "pool_timeout": 1}))

    @app.get("/sleep")
    {{ c.async_ }}def sleep(session: ReadSession) -> None:
        connection = {{ c.await_ }}session.connection()
        {{ c.await_ }}connection.execute(text("SELECT pg_sleep(3)"))

    with TestClient(app) as client, ThreadPoolExecutor(50) as threads:
        asleep = [threads.submit(client.get, "/sleep") for _ in range(50)]
        while not any(future.done() for future in asleep):  # until they are turned away
            assert readiness(client) == "ready"
        assert {future.result().status_code for future in asleep} == {200, 503}
