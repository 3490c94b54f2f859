{% from "includes/python.jinja" import sorted_imports with context %}
"""Fixtures: one server, one database and one application for all tests, emptied for each of them.

With pytest-xdist, each process has its own. A test that changes more than rows takes
`own_database`; one that needs other settings gets an application of its own by them.
"""

import random
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Connection, Engine, create_engine, make_url, text
from sqlmodel import SQLModel

{{ sorted_imports([
  [package_name ~ ".db.embedded", ["embedded_url", "stop_embedded"]],
  [package_name ~ ".db.urls", ["DRIVER", "direct_url"]],
  [package_name ~ ".settings", ["Settings"]],
  ["explaining.statements", ["observing"]],
  ["tests.applications", ["Applications", "settings_for"]],
  ["tests.rows", ["Rows"]],
  ["tests.scratch", ["scratch"]],
]) }}

PROJECT = Path(__file__).resolve().parents[1]

# No tests, although an entity may be named so.
collect_ignore = ["resources"]


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


@contextmanager
def without_environment() -> Iterator[None]:
    """Hide the settings of the developer: tests must not reach another database."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(Settings.model_config, "env_file", None)
        for name in Settings.model_fields:
            patch.delenv(name.upper(), raising=False)
        yield


@pytest.fixture(autouse=True)
def same_start(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let a test start alike in every run: without settings, and with random numbers of its own."""
    random.seed(request.node.nodeid)
    with without_environment():
        yield


@pytest.fixture(scope="session")
def embedded_server() -> Iterator[Path]:
    """Start an embedded server for this run and return its folder."""
    # Not below pytest's own folder: every run of pytest sets its permissions anew, which, where
    # tests run as root, takes it from the user of a running server.
    with tempfile.TemporaryDirectory(prefix="postgres-", dir=scratch()) as directory:
        data = Path(directory) / "data"
        with psycopg.connect(embedded_url(data), autocommit=True) as connection:
            # Nothing here outlives the run, so nothing needs to reach the disk.
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("ALTER SYSTEM SET max_wal_size = '64MB'")
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


@pytest.fixture(scope="session")
def template_database(server: Engine, alembic_config: Config) -> Iterator[str]:
    """Return the name of a database in which all migrations have run."""
    for engine in new_database(server, "template1"):
        with engine.connect() as connection:
            alembic_config.attributes["connection"] = connection
            command.upgrade(alembic_config, "head")
        engine.dispose()  # what is connected to is not copied
        yield str(engine.url.database)


@pytest.fixture(scope="session")
def shared_engine(server: Engine, template_database: str) -> Iterator[Engine]:
    """Return an engine on the database that tests share: each finds the tables empty."""
    yield from new_database(server, template_database)


@pytest.fixture
def engine(shared_engine: Engine) -> Engine:
    """Return an engine on a migrated database without rows."""
    with shared_engine.begin() as connection:
        connection.execute(text(all_deletions()))
    return shared_engine


@pytest.fixture
def own_database(server: Engine, template_database: str) -> Iterator[Engine]:
    """Return an engine on a migrated database that no other test uses."""
    yield from new_database(server, template_database)


@pytest.fixture
def empty_database(server: Engine) -> Iterator[Engine]:
    """Return an engine on a database without tables."""
    yield from new_database(server, "template1")


@pytest.fixture(scope="session")
def alembic_config() -> Config:
    """Return the configuration of Alembic; put a connection in its attributes before use."""
    return Config(toml_file=PROJECT / "pyproject.toml")


@pytest.fixture
def elsewhere(engine: Engine) -> Iterator[Connection]:
    """Return a connection to the database of the test; each of its statements commits by itself."""
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        yield connection


@pytest.fixture
def rows(engine: Engine) -> Rows:
    """Return what makes rows in the database of the test."""
    return Rows(engine)


@pytest.fixture
def settings(engine: Engine) -> Settings:
    """Return settings for the database of the test."""
    return settings_for(engine.url)


@pytest.fixture(scope="session")
def applications(shared_engine: Engine) -> Iterator[Applications]:
    """Return what makes applications, and keeps them for the tests to come."""
    with without_environment():
        applications = Applications(settings_for(shared_engine.url))
    yield applications
    applications.close()


@pytest.fixture
def app(settings: Settings, applications: Applications) -> Iterator[FastAPI]:
    """Return an application with these settings, which runs; a test may add routes to it."""
    with applications.running(settings) as app:
        yield app


@pytest.fixture
def client(app: FastAPI, applications: Applications) -> TestClient:
    """Return a client of the application."""
    return applications.client(app, raise_server_exceptions=False)


@pytest.fixture
def raising_client(app: FastAPI, applications: Applications) -> TestClient:
    """Return a client that raises what would be a 500."""
    return applications.client(app)


@pytest.fixture
def statements(client: TestClient) -> Iterator[list[str]]:
    """Collect the SQL that the application sends; clear the list to start anew."""
    collected: list[str] = []
    with observing(lambda sent: collected.append(sent.sql.decode())):
        yield collected


def all_deletions() -> str:
    """Return one statement that empties all tables.

    References are checked at its end, so it needs no order. To truncate tables would take longer,
    as they are small.
    """
    tables = enumerate(SQLModel.metadata.tables)
    deletions = [f'd{number} AS (DELETE FROM "{table}")' for number, table in tables]  # noqa: S608
    return f"WITH {', '.join(deletions)} SELECT"


def new_database(server: Engine, template: str) -> Iterator[Engine]:
    """Create a database from `template`, yield an engine on it and drop it."""
    name = f"test_{uuid.uuid4().hex}"
    with server.connect() as connection:
        # Copying files is several times faster here than the default, which writes all to the log.
        statement = f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY"
        connection.execute(text(statement))
    # Tests may end its connections.
    engine = create_engine(server.url.set(database=name), pool_pre_ping=True)
    yield engine
    engine.dispose()
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
