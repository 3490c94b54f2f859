"""More requests than connections: all are answered in time, and no connection stays away."""

import asyncio
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from tests.environment import Commands
from tests.resilience.connection import Answer, Connection
from tests.resilience.postgres import Server
from tests.resilience.stack import of_each_project, running_service

pytestmark = of_each_project

REQUESTS = 300
POOL = 15
POOL_TIMEOUT = 2  # seconds
SETTINGS = {"POOL_SIZE": str(POOL), "POOL_TIMEOUT": str(POOL_TIMEOUT)}
# Seconds beyond it: 300 answers take their time on a machine that does other things, too.
MARGIN = 4
# Seconds in which connections come back to the pool.
PATIENCE = 10

MISSING = 999_999_999
ORPHAN = {"body": "", "post_id": MISSING, "author_id": MISSING}

DATABASE = "pool"
STATES = f"""
SELECT state, wait_event_type FROM pg_stat_activity
WHERE backend_type = 'client backend' AND datname = '{DATABASE}'
"""

# Of a connection, and what it waits for.
State = tuple[Any, ...]

of_reads_and_writes = pytest.mark.parametrize("method", ["GET", "PATCH"])


@pytest.fixture(scope="module")
def port(
    tmp_path_factory: pytest.TempPathFactory, project: Commands, server: Server
) -> Iterator[int]:
    """Serve the project, with a database of its own in which there is a tag; return the port."""
    server.create_database(DATABASE)
    server.execute("INSERT INTO tags (name) VALUES ('a')", DATABASE)
    settings = {**SETTINGS, "DATABASE_URL": server.url(DATABASE)}
    with running_service(project, tmp_path_factory.mktemp(DATABASE) / "log", **settings) as port:
        yield port


@pytest.fixture(autouse=True)
def no_leak(runner: asyncio.Runner, server: Server, port: int) -> Iterator[None]:
    """After each test no connection is in use, and as many requests as ever can have one."""
    yield
    states = wait_for(server, lambda states: all(state == "idle" for state, _ in states))
    assert len(states) <= POOL

    async def use_all_connections() -> None:
        with tags_locked(server):
            tasks = send(port, "GET", "/tags/1", POOL)
            locked = ("active", "Lock")
            await asyncio.to_thread(wait_for, server, lambda states: states.count(locked) == POOL)
        assert {answer.status for answer in await asyncio.gather(*tasks)} == {200}

    runner.run(use_all_connections())


def wait_for(server: Server, condition: Callable[[list[State]], bool]) -> list[State]:
    """Return the states of the service's connections when they fulfil a condition."""
    deadline = time.monotonic() + PATIENCE
    while not condition(states := server.execute(STATES)):
        assert time.monotonic() < deadline, states
        time.sleep(0.1)
    return states


@of_reads_and_writes
def test_burst(runner: asyncio.Runner, port: int, method: str) -> None:
    started = time.monotonic()
    assert runner.run(statuses(port, method, "/tags/1")) in ({200}, {200, 503})
    assert time.monotonic() - started < POOL_TIMEOUT + MARGIN


@of_reads_and_writes
def test_burst_while_the_database_hangs(
    runner: asyncio.Runner, server: Server, port: int, method: str
) -> None:
    """Some requests wait with all connections; the others are told in time that there is none."""

    async def burst() -> None:
        with tags_locked(server):
            tasks = send(port, method, "/tags/1")
            refused, waiting = await asyncio.wait(tasks, timeout=POOL_TIMEOUT + MARGIN)
        answers = await asyncio.gather(*refused)
        assert {answer.status for answer in answers} == {503}
        assert all("retry-after" in answer.headers for answer in answers)
        assert {answer.status for answer in await asyncio.gather(*waiting)} == {200}
        assert len(waiting) == POOL

    runner.run(burst())


@of_reads_and_writes
def test_clients_that_hang_up(
    runner: asyncio.Runner, server: Server, port: int, method: str
) -> None:
    """They do while they wait for a connection, and while they wait for the database."""

    async def burst() -> None:
        with tags_locked(server):
            tasks = send(port, method, "/tags/1")
            for task in random.sample(tasks, REQUESTS):
                await asyncio.sleep(POOL_TIMEOUT / REQUESTS)
                task.cancel()
            await asyncio.wait(tasks)

    runner.run(burst())


def test_requests_that_fail(runner: asyncio.Runner, server: Server, port: int) -> None:
    """They break a constraint, find no row or find no table; or are told to come back later."""
    assert runner.run(statuses(port, "POST", "/comments", ORPHAN)) in ({422}, {422, 503})
    assert runner.run(statuses(port, "PATCH", f"/tags/{MISSING}")) in ({404}, {404, 503})
    server.execute("ALTER TABLE tags RENAME TO renamed", DATABASE)
    assert runner.run(statuses(port, "GET", "/tags/1")) in ({500}, {500, 503})
    assert runner.run(statuses(port, "PATCH", "/tags/1")) in ({500}, {500, 503})
    server.execute("ALTER TABLE renamed RENAME TO tags", DATABASE)


async def statuses(port: int, method: str, path: str, body: Any = None) -> set[int]:
    """Send a request 300 times at once; return which statuses the answers have."""
    answers = await asyncio.gather(*send(port, method, path, body=body))
    return {answer.status for answer in answers}


def send(
    port: int, method: str, path: str, times: int = REQUESTS, body: Any = None
) -> list[asyncio.Task[Answer]]:
    """Send a request many times at once; return the answers to come."""
    if method == "PATCH":
        body = {"name": "b"}
    return [asyncio.create_task(answer_to(port, method, path, body)) for _ in range(times)]


async def answer_to(port: int, method: str, path: str, body: Any) -> Answer:
    """Send a request and hang up after its answer."""
    async with Connection(port) as connection:
        return await connection.request(method, path, body)


@contextmanager
def tags_locked(server: Server) -> Iterator[None]:
    """Let whoever reads or writes tags wait."""
    with psycopg.connect(server.url(DATABASE)) as connection:
        connection.execute("LOCK TABLE tags IN ACCESS EXCLUSIVE MODE")
        yield
