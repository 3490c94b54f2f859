"""A service with all that stands between it and its database."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.environment import Commands, free_port, wait_until_served
from tests.resilience.neon import NeonProxy
from tests.resilience.postgres import PGBOUNCER, Server

of_each_project = pytest.mark.parametrize(
    "project", ["async", "sync"], indirect=True, scope="session"
)

needs_pgbouncer = pytest.mark.skipif(PGBOUNCER is None, reason="PgBouncer is not installed")

# How the service reaches its server, with the settings that this takes.
WAYS = {
    "direct": {},
    # Debian's PgBouncer does not know prepared statements.
    "pgbouncer": {"PREPARED_STATEMENTS": "off"},
}
of_each_way = pytest.mark.parametrize(
    "stack",
    ["direct", pytest.param("pgbouncer", marks=needs_pgbouncer)],
    indirect=True,
    scope="session",
)


@dataclass(frozen=True)
class Stack:
    """A service on `port`, the proxy to which it connects, and a database behind it."""

    port: int
    proxy: NeonProxy
    server: Server
    database: str


@contextmanager
def running_service(commands: Commands, log: Path, **settings: str) -> Iterator[int]:
    """Serve a project, which needs no database for it, and yield the port."""
    port = free_port()
    command = ["uvicorn", "--factory", "my_blog.main:create_app", f"--port={port}"]
    with commands.running(log, *command, "--log-level=warning", **settings) as process:
        wait_until_served(f"http://127.0.0.1:{port}/health/live", process, log)
        yield port
