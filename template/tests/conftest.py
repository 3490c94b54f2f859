{% import "includes/concurrency.jinja" as c with context %}
{% set Cursor = "AsyncCursor" if c.is_async else "Cursor" %}
"""Fixtures: a server per run, a migrated template database, a clone of it per test."""

import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from fastapi import FastAPI
from fastapi.testclient import TestClient
from psycopg import {{ Cursor }}
from pydantic import SecretStr
from sqlalchemy import URL, Connection, Engine, create_engine, make_url, text

from {{ package_name }}.db.embedded import embedded_url, stop_embedded
from {{ package_name }}.db.urls import DRIVER, direct_url
from {{ package_name }}.main import create_app
from {{ package_name }}.settings import Settings

PROJECT = Path(__file__).resolve().parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option to test on Neon, or on any other server."""
    parser.addoption(
        "--on-database-url",
        action="store_true",
        help="use the server of DATABASE_URL, in databases of its own",
    )


def pytest_sessionstart() -> None:
    """Stop where there is nothing to build a database from."""
    if not any(PROJECT.glob("migrations/versions/*.py")):
        raise pytest.UsageError(
            "There is no migration yet. Create the first one: "
            'uv run alembic revision --autogenerate -m "initial schema"'
        )


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the settings of the developer: tests must not reach another database."""
    monkeypatch.setitem(Settings.model_config, "env_file", None)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(scope="session")
def embedded_server() -> Iterator[Path]:
    """Start an embedded server for this run and return its folder."""
    # Not below pytest's own folder: every run of pytest sets its permissions anew, which, where
    # tests run as root, takes it from the user of a running server.
    with tempfile.TemporaryDirectory(prefix="postgres-") as directory:
        data = Path(directory) / "data"
        with psycopg.connect(embedded_url(data), autocommit=True) as connection:
            # Nothing here outlives the run, so nothing needs to reach the disk.
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
        yield data
        stop_embedded(data)


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """Return an engine on the server for this run; each of its statements commits by itself."""
    if request.config.getoption("on_database_url"):
        url = direct_url(Settings())
    else:
        url = make_url(embedded_url(request.getfixturevalue("embedded_server")))
    engine = create_engine(
        url.set(drivername=DRIVER),
        isolation_level="AUTOCOMMIT",
        # Making a branch of the embedded server ends idle connections.
        pool_pre_ping=True,
    )
    yield engine
    engine.dispose()


@pytest.fixture
def empty_database(server: Engine) -> Iterator[URL]:
    """Return the URL of a database without tables."""
    yield from new_database(server, "template1")


@pytest.fixture(scope="session")
def template_database(server: Engine, alembic_config: Config) -> Iterator[str]:
    """Return the name of a database in which all migrations have run."""
    for url in new_database(server, "template1"):
        engine = create_engine(url)
        with engine.connect() as connection:
            alembic_config.attributes["connection"] = connection
            command.upgrade(alembic_config, "head")
        engine.dispose()
        assert url.database is not None
        yield url.database


@pytest.fixture
def database(server: Engine, template_database: str) -> Iterator[URL]:
    """Return the URL of a migrated database without rows, for one test."""
    yield from new_database(server, template_database)


@pytest.fixture(scope="session")
def alembic_config() -> Config:
    """Return the configuration of Alembic; put a connection in its attributes before use."""
    return Config(toml_file=PROJECT / "pyproject.toml")


@pytest.fixture
def elsewhere(database: URL) -> Iterator[Connection]:
    """Return a connection to the database of the test; each of its statements commits by itself."""
    engine = create_engine(database, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture
def settings(database: URL) -> Settings:
    """Return settings for the database of the test."""
    return Settings(database_url=SecretStr(database.render_as_string(hide_password=False)))


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    """Return the application on the database of the test."""
    return create_app(settings)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    """Return a client of the running application."""
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch, client: TestClient) -> list[str]:
    """Collect the SQL that the application sends; clear the list to start anew."""
    collected: list[str] = []
    execute = {{ Cursor }}.execute

    {{ c.async_ }}def collect(cursor: {{ Cursor }}[Any], query: Any, *rest: Any, **options: Any) -> Any:
        collected.append(query.decode() if isinstance(query, bytes) else str(query))
        return {{ c.await_ }}execute(cursor, query, *rest, **options)

    monkeypatch.setattr({{ Cursor }}, "execute", collect)
    return collected


def new_database(server: Engine, template: str) -> Iterator[URL]:
    """Create a database from `template`, yield its URL and drop it."""
    name = f"test_{uuid.uuid4().hex}"
    with server.connect() as connection:
        # Copying files is several times faster here than the default, which writes all to the log.
        statement = f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY"
        connection.execute(text(statement))
    yield server.url.set(database=name)
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
