"""Migrations start when they are told to, not when the database is at its best."""

import time

from tests.environment import STOP_TIMEOUT, Commands
from tests.resilience.postgres import Server
from tests.resilience.stack import of_each_project

PROCESSES = 4


# Seconds after which a process has tried to connect.
PAUSE = 3


@of_each_project
def test_simultaneous_migrations(project: Commands, server: Server) -> None:
    """As by the instances of a service."""
    server.execute("CREATE DATABASE empty")
    url = server.url("empty")
    processes = [
        project.start("alembic", "upgrade", "head", DATABASE_URL=url) for _ in range(PROCESSES)
    ]
    outputs = [process.communicate(timeout=STOP_TIMEOUT)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * PROCESSES, outputs
    project.run("alembic", "check", DATABASE_URL=url)


@of_each_project
def test_server_that_is_not_there_yet(project: Commands, server: Server) -> None:
    server.execute("CREATE DATABASE later")
    server.stop("SIGINT")
    process = project.start("alembic", "upgrade", "head", DATABASE_URL=server.url("later"))
    time.sleep(PAUSE)
    assert process.poll() is None
    server.start()
    output = process.communicate(timeout=STOP_TIMEOUT)[0]
    assert process.returncode == 0, output
