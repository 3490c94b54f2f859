"""Migrations start when they are told to, not when the database is at its best."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.environment import STOP_TIMEOUT, Commands
from tests.resilience.postgres import MIGRATED, Server
from tests.resilience.stack import of_each_project

PROCESSES = 4

# One step, outside of a transaction.
MIGRATION = """
from alembic import op

revision = "beside"
down_revision = {head!r}


def upgrade() -> None:
    with op.get_context().autocommit_block():
        {step}


def downgrade() -> None:
    pass
"""
INDEX = 'op.create_index("by_body", "posts", ["body"], postgresql_concurrently=True)'
SLEEP = 'op.execute("SELECT pg_sleep(600)")'

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


@pytest.fixture
def migration(project: Commands, server: Server) -> Iterator[Path]:
    """Return the path of one more migration, that is written and removed again."""
    ((head,),) = server.execute("SELECT version_num FROM alembic_version", MIGRATED)
    path = project.project / "migrations" / "versions" / "beside.py"
    path.write_text(MIGRATION.format(head=head, step=INDEX))
    yield path
    path.unlink()


@of_each_project
def test_simultaneous_migrations_beside_transactions(
    project: Commands,
    server: Server,
    migration: Path,
) -> None:
    """CREATE INDEX CONCURRENTLY waits for all that have a snapshot: none does that waits for it."""
    server.create_database("beside")
    server.execute("INSERT INTO users (email, name) VALUES ('a@example.com', 'A')", "beside")
    server.execute(
        "INSERT INTO posts (title, body, author_id)"
        " SELECT 'T', n::text, id FROM users, generate_series(1, 100000) AS n",
        "beside",
    )
    url = server.url("beside")
    processes = [
        project.start("alembic", "upgrade", "head", DATABASE_URL=url) for _ in range(PROCESSES)
    ]
    outputs = [process.communicate(timeout=STOP_TIMEOUT)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * PROCESSES, outputs
    assert sum("Applied beside" in output for output in outputs) == 1
    assert sum("Nothing to do" in output for output in outputs) == PROCESSES - 1
    valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'by_body'::regclass"
    assert server.execute(valid, "beside") == [(True,)]


@of_each_project
def test_killed_migration(project: Commands, server: Server, migration: Path) -> None:
    """What it ran ends, and with it the lock for which another one waits."""
    server.create_database("killed")
    url = server.url("killed")
    migration.write_text(migration.read_text().replace(INDEX, SLEEP))
    killed = project.start("alembic", "upgrade", "head", DATABASE_URL=url)
    sleeping = "SELECT 1 FROM pg_stat_activity WHERE datname = 'killed' AND query LIKE '%pg_sleep%'"
    wait_for(server, sleeping, "killed")
    migration.write_text(migration.read_text().replace(SLEEP, INDEX))
    waiting = project.start("alembic", "upgrade", "head", DATABASE_URL=url)
    assert waiting.stdout is not None
    assert waiting.stdout.readline() == "Waiting for another process that migrates this database\n"
    assert waiting.poll() is None
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate(timeout=STOP_TIMEOUT)
    output = waiting.communicate(timeout=STOP_TIMEOUT)[0]
    assert waiting.returncode == 0, output
    assert "Applied beside" in output


@of_each_project
def test_migration_that_waits_for_a_lock_gives_up(project: Commands, server: Server) -> None:
    server.create_database("busy")
    url = server.url("busy")
    with psycopg.connect(url) as connection:
        connection.execute("LOCK TABLE posts IN ACCESS SHARE MODE")
        process = project.run("alembic", "downgrade", "base", check=False, DATABASE_URL=url)
    assert process.returncode != 0
    assert "canceling statement due to lock timeout" in process.stdout
    assert "run it again later" in process.stdout
    assert "Traceback" not in process.stdout
    project.run("alembic", "downgrade", "base", DATABASE_URL=url)


def wait_for(server: Server, query: str, database: str) -> None:
    """Wait until a query has a row."""
    deadline = time.monotonic() + STOP_TIMEOUT
    query += " AND pid <> pg_backend_pid()"
    while not server.execute(query, database):
        assert time.monotonic() < deadline
        time.sleep(0.1)
