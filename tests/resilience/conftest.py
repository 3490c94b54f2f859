"""Options, services with their databases, and tables of what was measured."""

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.environment import Commands
from tests.rendering import copier, variant_answers
from tests.resilience.neon import NeonProxy
from tests.resilience.postgres import MIGRATED, Server, running_pgbouncer, running_server
from tests.resilience.report import Report, add_tables
from tests.resilience.stack import WAYS, Stack, running_service
from tests.scheduling import Together


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that change the load."""
    group = parser.getgroup("resilience")
    group.addoption("--seconds", type=float, default=10, help="how long each load lasts")
    group.addoption("--clients", type=int, default=50, help="how many send requests at a time")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was measured."""
    add_tables(terminalreporter)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Together:
    """Run all tests of a project in one process, which renders it once."""
    return Together(config, log, re.compile(r"\b(a?sync)\]$"))


@pytest.fixture
def report(record_property: Callable[[str, object], None]) -> Report:
    """Return what takes the figures of a test."""

    def report(table: str, **figures: float) -> None:
        record_property(table, figures)

    return report


@pytest.fixture(scope="session")
def project(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    template: Path,
) -> Commands:
    """Return what runs commands in a blog, sync or async."""
    answers = variant_answers(f"{request.param}-bigint-cursor")
    folder = tmp_path_factory.mktemp(request.param)
    return Commands(copier(template, folder / "my-blog", answers))


@pytest.fixture(scope="session")
def server(project: Commands) -> Iterator[Server]:
    """Start a server with a database that has the tables of the project."""
    with running_server(project) as server:
        server.execute(f"CREATE DATABASE {MIGRATED}")
        url = server.url(MIGRATED)
        project.run("alembic", "revision", "--autogenerate", "-m", "initial", DATABASE_URL=url)
        project.run("alembic", "upgrade", "head", DATABASE_URL=url)
        yield server


@pytest.fixture(scope="session")
def runner() -> Iterator[asyncio.Runner]:
    """Return the event loop in which proxies and clients live: it pauses between tests."""
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="session")
def stack(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    project: Commands,
    server: Server,
    runner: asyncio.Runner,
) -> Iterator[Stack]:
    """Start a service, a proxy and, for this way to the database, PgBouncer."""
    way: str = request.param
    folder = tmp_path_factory.mktemp(way)
    # Not just the way: PgBouncer has a database of its own name, which is no database.
    database = f"load_{way}"
    server.create_database(database)
    with ExitStack() as running:
        upstream: str | int = server.socket
        if way == "pgbouncer":
            upstream = running.enter_context(running_pgbouncer(server, folder))
        proxy = NeonProxy(upstream)
        runner.run(proxy.listen())
        url = f"postgresql://postgres@127.0.0.1:{proxy.port}/{database}"
        service = running_service(project, folder / "log", DATABASE_URL=url, **WAYS[way])
        port = running.enter_context(service)
        yield Stack(port, proxy, server, database)
