"""STATEMENT_TIMEOUT: the server ends a statement, also behind PgBouncer and without the service."""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest

from tests.bench.round_trips import counting
from tests.environment import Commands, free_port, wait_until_served
from tests.resilience.connection import Answer, Connection
from tests.resilience.postgres import Server, running_pgbouncer
from tests.resilience.stack import WAYS, needs_pgbouncer, of_each_project

pytestmark = of_each_project

LIMIT = 0.5  # seconds
# Seconds beyond it, on a busy machine.
MARGIN = 10
# As many as PgBouncer has connections to the server.
SERVERS = 20
BURST = 300

WAITING = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = '{}'"

of_each_way = pytest.mark.parametrize(
    "way", ["direct", pytest.param("pgbouncer", marks=needs_pgbouncer)]
)


@dataclass
class Running:
    """A service with the limit, and how it reaches its database."""

    server: Server
    database: str
    url: str
    port: int
    process: subprocess.Popen[str]


@contextmanager
def running(
    project: Commands, server: Server, folder: Path, way: str, socket: Path | None = None
) -> Iterator[Running]:
    """Serve the project, with a database of its own in which there is a tag.

    Directly, it connects to the socket in this folder, by default to the server's own.
    """
    database = f"limited_{way}_{free_port()}"
    server.create_database(database)
    server.execute("INSERT INTO tags (name) VALUES ('a')", database)
    with ExitStack() as stack:
        url = server.url(database).replace(server.folder, str(socket or server.folder))
        if way == "pgbouncer":
            pooler = stack.enter_context(running_pgbouncer(server, folder))
            url = f"postgresql://postgres@127.0.0.1:{pooler}/{database}"
        port, log = free_port(), folder / "log"
        command = ["uvicorn", "--factory", "my_blog.main:create_app", f"--port={port}"]
        settings = {"DATABASE_URL": url, "STATEMENT_TIMEOUT": str(LIMIT), **WAYS[way]}
        process = stack.enter_context(project.running(log, *command, **settings))
        wait_until_served(f"http://127.0.0.1:{port}/health/live", process, log)
        yield Running(server, database, url, port, process)


async def answer_to(service: Running, method: str, **headers: str) -> Answer:
    """Read the tag, or change it."""
    body = {"name": "b"} if method == "PATCH" else None
    async with Connection(service.port) as connection:
        return await connection.request(method, "/tags/1", body, **headers)


@contextmanager
def tags_locked(service: Running) -> Iterator[None]:
    """Let whoever reads or writes tags wait."""
    with psycopg.connect(service.server.url(service.database)) as connection:
        connection.execute("LOCK TABLE tags IN ACCESS EXCLUSIVE MODE")
        yield


def wait_for_waiting(service: Running, number: int) -> None:
    """Wait until so many statements wait for the lock."""
    deadline = time.monotonic() + MARGIN
    while len(service.server.execute(WAITING.format(service.database))) != number:
        assert time.monotonic() < deadline
        time.sleep(0.05)


@of_each_way
def test_behind_a_lock(
    runner: asyncio.Runner, project: Commands, server: Server, tmp_path: Path, way: str
) -> None:
    with running(project, server, tmp_path, way) as service:
        for method in ("GET", "PATCH"):
            with tags_locked(service):
                started = time.monotonic()
                answer = runner.run(answer_to(service, method))
                assert time.monotonic() - started < LIMIT + MARGIN
                assert answer.status == 503
                assert "retry-after" in answer.headers
            assert runner.run(answer_to(service, method)).status == 200


@of_each_way
def test_without_the_service(
    runner: asyncio.Runner, project: Commands, server: Server, tmp_path: Path, way: str
) -> None:
    """The server does not notice that nobody waits for it any more; the limit ends it."""

    async def kill_while_it_waits(service: Running) -> None:
        request = asyncio.create_task(answer_to(service, "GET"))
        await asyncio.to_thread(wait_for_waiting, service, 1)
        os.killpg(service.process.pid, signal.SIGKILL)
        await asyncio.wait([request])
        request.exception()

    with running(project, server, tmp_path, way) as service, tags_locked(service):
        runner.run(kill_while_it_waits(service))
        wait_for_waiting(service, 0)


@needs_pgbouncer
def test_nothing_stays_with_the_pooler(
    runner: asyncio.Runner, project: Commands, server: Server, tmp_path: Path
) -> None:
    """Neither does the service keep a connection of PgBouncer, nor do others get its limit."""

    async def burst(service: Running) -> set[int]:
        methods = ["GET", "PATCH"] * (BURST // 2)
        answers = await asyncio.gather(*(answer_to(service, method) for method in methods))
        return {answer.status for answer in answers}

    with running(project, server, tmp_path, "pgbouncer") as service:
        for _ in range(5):
            assert runner.run(burst(service)) == {200}
            assert servers_in_use(service) == 0
        with ExitStack() as stack:
            for _ in range(SERVERS):
                connection = stack.enter_context(psycopg.connect(service.url))
                assert connection.execute("SHOW statement_timeout").fetchone() == ("0",)


def test_round_trips(runner: asyncio.Runner, project: Commands, server: Server) -> None:
    """The limit costs one where a statement stands alone, and none in a transaction."""
    # Paths of sockets have to be short.
    with TemporaryDirectory(prefix="limited-") as folder, ExitStack() as stack:
        socket = Path(folder) / "socket"
        counter = stack.enter_context(counting(server.folder, socket))
        service = stack.enter_context(running(project, server, Path(folder), "direct", socket))
        for method, headers, round_trips in (
            ("GET", [{}] * 10, 2),
            ("PATCH", [{}] * 10, 2),
            # BEGIN, the key, the change, the answer, COMMIT: the limit goes with the key.
            ("PATCH", [{"idempotency_key": f"{number}"} for number in range(10)], 5),
        ):
            for each in headers:
                before = counter.count
                assert runner.run(answer_to(service, method, **each)).status == 200
            assert counter.count - before == round_trips, (method, each)


def servers_in_use(service: Running) -> int:
    """Return how many connections to the server PgBouncer keeps for its clients."""
    url = service.url.replace(service.database, "pgbouncer")
    with psycopg.connect(url, autocommit=True) as console:
        cursor = console.execute("SHOW POOLS")
        assert cursor.description is not None
        names = [column.name for column in cursor.description]
        pools = [dict(zip(names, row, strict=True)) for row in cursor]
    return sum(pool["sv_active"] for pool in pools if pool["database"] == service.database)
