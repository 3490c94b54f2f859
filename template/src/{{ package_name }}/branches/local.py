"""Branches of the embedded PostgreSQL: each is a clone of its main database."""

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
        if not name or len(branch.id.encode()) > MAX_NAME_BYTES:
            raise BranchError(f'"{name}" is not usable as a name: it is empty or too long')
        if find(self, name):
            raise BranchError(f'There is a branch "{name}" already')
        with self._connect() as connection:
            _clone_main(connection)
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
        with self._connect() as connection:
            _clone_main(connection)
            _drop(connection, branch.id)
            _execute(connection, "ALTER DATABASE {} RENAME TO {}", INCOMPLETE, branch.id)

    def delete(self, branch: Branch) -> None:
        """Drop the database of a branch; connections to it are ended."""
        refuse_protected(branch)
        with self._connect() as connection:
            _drop(connection, branch.id)

    def url(self, branch: Branch) -> str:
        """Return the DATABASE_URL of a branch. The service starts the server as needed."""
        return database_url(self._directory, branch.id)

    def _connect(self, database: str = "template1") -> Connection:
        url = embedded_url(self._directory)
        return psycopg.connect(url, dbname=database, autocommit=True)


def _branch(database: str, comment: str | None) -> Branch:
    parent = None if comment == SCHEMA_ONLY else MAIN.name
    return Branch(database, database.removeprefix(PREFIX), parent, protected=False)


def _clone_main(connection: Connection) -> None:
    """Copy the main database, to which nobody may be connected.

    Idle connections are ended: pools open new ones when they need them, and PostgreSQL lets those
    wait until the copy is made. Raises BranchError where a connection is not idle.
    """
    _drop(connection, INCOMPLETE)
    clients = connection.execute(
        "SELECT pid, application_name, state FROM pg_stat_activity"
        " WHERE datname = %s AND backend_type = 'client backend'",
        [MAIN.id],
    ).fetchall()
    if busy := [f"process {pid} {name}" for pid, name, state in clients if state != "idle"]:
        raise BranchError(f"The main database is in use, try again later: {', '.join(busy)}")
    for pid, *_ in clients:
        connection.execute("SELECT pg_terminate_backend(%s, 1000)", [pid])
    try:
        # Copying files is faster than the default, which writes all rows to the log.
        statement = "CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY"
        _execute(connection, statement, INCOMPLETE, MAIN.id)
    except errors.ObjectInUse as error:
        raise BranchError("The main database is in use, try again later") from error


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
