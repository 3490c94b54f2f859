"""Branches of the embedded PostgreSQL: each is a clone of its main database."""

import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import LiteralString

import psycopg
from psycopg import errors
from psycopg.rows import TupleRow
from psycopg.sql import SQL, Identifier

from {{ package_name }}.branches import (
    Branch,
    BranchError,
    find,
    refuse_protected,
    refuse_without_parent,
)
from {{ package_name }}.db.embedded import (
    MAIN_DATABASE,
    database_url,
    embedded_url,
)

MAIN = Branch(id=MAIN_DATABASE, name="main", parent=None, protected=True)

# What the names of branches' databases start with, and how long PostgreSQL lets them be.
PREFIX = "branch_"
MAX_NAME_BYTES = 63

# A database gets the name of its branch when it is complete.
INCOMPLETE = "incomplete_branch"

# One command at a time changes branches: any number will do, as long as all take the same lock.
LOCK = 3_141_592_653

# Seconds to wait for other commands, and for transactions that use the main database.
PATIENCE = 30

# A transaction that lasts longer keeps the main database from being copied: seconds.
SHORT = 1

# The comment on a database that was made without rows.
SCHEMA_ONLY = "schema only"

Connection = psycopg.Connection[TupleRow]


class LocalBranches:
    """The branches of the embedded PostgreSQL in a folder, which is started as needed."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def all(self) -> list[Branch]:
        """Return all branches, the main one first."""
        with self._connect() as connection:
            rows = connection.execute(
                "SELECT datname, shobj_description(oid, 'pg_database') FROM pg_database"
                " WHERE starts_with(datname, %s) ORDER BY datname",
                [PREFIX],
            ).fetchall()
        return [MAIN, *(_branch(database, comment) for database, comment in rows)]

    def create(self, name: str, *, schema_only: bool = False, days: int | None = None) -> Branch:
        """Return a new branch: the main database as it is now, with or without its rows."""
        branch = _branch(PREFIX + name, SCHEMA_ONLY if schema_only else None)
        if days is not None:
            raise BranchError("A local branch does not expire")
        if not name or "\0" in name or len(branch.id.encode()) > MAX_NAME_BYTES:
            raise BranchError(f'"{name}" is not usable as a name: it is empty or too long')
        with self.alone() as connection:
            if find(self, name):
                raise BranchError(f'There is a branch "{name}" already')
            self._clone_main(connection)
            if schema_only:
                with self._connect(INCOMPLETE) as inside:
                    _delete_rows(inside)
                statement = SQL("COMMENT ON DATABASE {} IS {}")
                connection.execute(statement.format(Identifier(INCOMPLETE), SCHEMA_ONLY))
            _execute(connection, "ALTER DATABASE {} RENAME TO {}", INCOMPLETE, branch.id)
        return branch

    def reset(self, branch: Branch) -> None:
        """Replace a branch by the main database as it is now; connections to it are ended."""
        refuse_protected(branch)
        refuse_without_parent(branch)
        with self.alone() as connection:
            if not find(self, branch.name):
                raise BranchError(f'There is no branch "{branch.name}" any more')
            self._clone_main(connection)
            _drop(connection, branch.id)
            _execute(connection, "ALTER DATABASE {} RENAME TO {}", INCOMPLETE, branch.id)

    def delete(self, branch: Branch) -> None:
        """Drop the database of a branch; connections to it are ended."""
        refuse_protected(branch)
        with self.alone() as connection:
            _drop(connection, branch.id)

    def url(self, branch: Branch) -> str:
        """Return the DATABASE_URL of a branch. The service starts the server as needed."""
        return database_url(self._directory, branch.id)

    def _connect(self, database: str = "template1") -> Connection:
        url = embedded_url(self._directory)
        return psycopg.connect(url, dbname=database, autocommit=True)

    @contextmanager
    def alone(self) -> Iterator[Connection]:
        """Connect when no other command changes branches; leave nothing incomplete.

        Raises BranchError if another command does not end.
        """
        with self._connect() as connection:
            _lock(connection)
            _drop(connection, INCOMPLETE)  # what a command left that was killed
            try:
                yield connection
            finally:
                with suppress(psycopg.OperationalError):  # the connection may be lost
                    _drop(connection, INCOMPLETE)

    def _clone_main(self, connection: Connection) -> None:
        """Copy the main database, which PostgreSQL does while nobody is connected to it.

        Idle connections are ended: pools open new ones when they need them, and PostgreSQL lets
        those wait until the copy is made. Raises BranchError if a transaction takes too long.
        """
        # Copying files is faster than the default, which writes all rows to the log.
        statement: LiteralString = "CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY"
        deadline = time.monotonic() + PATIENCE
        told = False
        with self._connect() as other, ThreadPoolExecutor(1) as thread:
            while True:
                busy = _end_idle_connections(other)
                if not busy:
                    copy = thread.submit(_execute, connection, statement, INCOMPLETE, MAIN.id)
                    while not copy.done():  # it waits for those that have become idle by now
                        _end_idle_connections(other)
                        time.sleep(0.02)
                    try:
                        return copy.result()
                    except errors.ObjectInUse:
                        busy = _end_idle_connections(other) or ["one transaction after another"]
                if time.monotonic() > deadline:
                    problem = f"The main database is in use by {', '.join(busy)}"
                    raise BranchError(f"{problem}: stop that, or try again later")
                if not told:
                    _tell(f"Waiting for {', '.join(busy)}")
                    told = True
                time.sleep(0.1)


def _branch(database: str, comment: str | None) -> Branch:
    parent = None if comment == SCHEMA_ONLY else MAIN.name
    return Branch(database, database.removeprefix(PREFIX), parent, protected=False)


def _lock(connection: Connection) -> None:
    """Wait until this is the only command; PostgreSQL ends the lock with the connection."""
    locked = connection.execute("SELECT pg_try_advisory_lock(%s)", [LOCK]).fetchone()
    if locked == (True,):
        return
    _tell("Waiting for another command that changes branches")
    try:
        connection.execute(f"SET lock_timeout = '{PATIENCE}s'".encode())
        connection.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        connection.execute("RESET lock_timeout")
    except errors.LockNotAvailable:
        problem = "Another command changes branches"
        raise BranchError(f"{problem}: wait for its end, or stop it") from None


def _end_idle_connections(connection: Connection) -> list[str]:
    """End idle connections to the main database; return who has a long transaction there."""
    clients = connection.execute(
        "SELECT pid, application_name, state, now() - xact_start > make_interval(secs => %s)"
        " FROM pg_stat_activity WHERE datname = %s AND backend_type = 'client backend'",
        [SHORT, MAIN.id],
    ).fetchall()
    for pid, _, state, _ in clients:
        if state == "idle":
            connection.execute("SELECT pg_terminate_backend(%s)", [pid])
    return [f"process {pid} {name} ({state})" for pid, name, state, is_long in clients if is_long]


def _tell(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


def _delete_rows(connection: Connection) -> None:
    """Empty all tables but Alembic's, which says which migrations have run."""
    tables = connection.execute(
        "SELECT schemaname, tablename FROM pg_tables"
        " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        " AND tablename <> 'alembic_version'"
    ).fetchall()
    if tables:
        names = SQL(", ").join(Identifier(*table) for table in tables)
        connection.execute(SQL("TRUNCATE {} RESTART IDENTITY").format(names))


def _drop(connection: Connection, database: str) -> None:
    _execute(connection, "DROP DATABASE IF EXISTS {} WITH (FORCE)", database)


def _execute(connection: Connection, statement: LiteralString, *names: str) -> None:
    connection.execute(SQL(statement).format(*map(Identifier, names)))
