{% import "includes/concurrency.jinja" as c with context %}
{% set soft_delete = schema | selectattr("soft_delete") | list %}
{% set EngineConnection = "Connection" if c.is_async else "EngineConnection" %}
"""Sessions: what a request does with the database goes over one connection.

A session is one of SQLModel's, and the repository runs its statements on the same connection, in the
same transaction.
"""

import enum
{% if c.is_async %}
import weakref
{% endif %}
{% if soft_delete %}
from functools import cache
{% endif %}
from typing import Any

import psycopg
{% if not c.is_async %}
from psycopg.pq import TransactionStatus
{% endif %}
from psycopg.rows import dict_row
{% if not c.is_async %}
from sqlalchemy import Connection as EngineConnection
{% endif %}
{% if soft_delete %}
from sqlalchemy import {{ "Connection, event" if c.is_async else "event" }}
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import ORMExecuteState, with_loader_criteria
from sqlalchemy.sql.dml import UpdateBase
from sqlmodel import Session, SQLModel, col
{% else %}
{% if c.is_async %}
from sqlalchemy import Connection
{% endif %}
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.dml import UpdateBase
from sqlmodel import Session
{% endif %}
{% if c.is_async %}
from sqlmodel.ext.asyncio.session import AsyncSession
{% endif %}

from {{ package_name }}.db.database import Database, PoolConnection
from {{ package_name }}.db.limits import OutcomeUnknownError, TimeLimit
from {{ package_name }}.db.retry import is_lost
{% if soft_delete %}
from {{ package_name }}.models.base import SoftDeleted
{% endif %}

USE_WRITE_SESSION = "take a WriteSession: it has one transaction for all statements"


class UnreadableValueError(Exception):
    """The database has a value that Python has not, such as a date after the year 9999.

    No client sent it, so the answer is a 500.
    """


class Mode(enum.IntEnum):
    """What a session is for."""

    # Each statement stands alone. BEGIN and COMMIT would each be a round trip to the database.
    READ = 1
    # The same for one call of a repository, which may write; if it needs several statements, they
    # are one transaction.
    SINGLE_WRITE = 2
    # All statements are one transaction, which the route commits.
    TRANSACTION = 3
{% if c.is_async %}


class _SyncSession(Session):
    """The session behind a DatabaseSession, which SQLAlchemy runs in a greenlet."""

    database_session: "DatabaseSession"

    def get_bind(self, mapper: Any = None, *, clause: Any = None, **options: Any) -> Connection:
        """Return the connection of the session, which SQLAlchemy asks for before each statement."""
        return self.database_session.join(writes=is_write(mapper, clause))
{% endif %}


class DatabaseSession({{ "AsyncSession" if c.is_async else "Session" }}):
    """A session on one connection of the pool, which it takes when it first needs one."""

{% if c.is_async %}
    sync_session_class = _SyncSession
    sync_session: _SyncSession

{% endif %}
    def __init__(self, database: Database, mode: Mode, limit: TimeLimit) -> None:
        """Use `database`, as long as `limit` allows."""
        # Not super().__init__(): see __getattr__.
        self._is_made = False
        limit.session = self
        self.mode = mode
        self.driver_connection: PoolConnection | None = None
        # Whether a statement was sent that commits by itself.
        self.commits_alone = False
        self._database = database
{% if c.is_async %}
        self._limit = limit
{% endif %}
        self._joined: {{ EngineConnection }} | None = None

    def __getattr__(self, name: str) -> Any:
        """Make SQLAlchemy's part of the session when an attribute of it is missing.

        Most requests need the repository alone, and this is some percent of their time.
        """
        if self._is_made:
            raise AttributeError(name)
        self._is_made = True
        super().__init__(expire_on_commit=False)
{% if c.is_async %}
        # A reference would make a circle, which waits for the garbage collector.
        self.sync_session.database_session = weakref.proxy(self)
{% endif %}
        return getattr(self, name)

    {{ c.async_ }}def run(
        self,
        sql: bytes,
        values: dict[str, Any],
        *,
        binary: bool,
        returns: bool,
        writes: bool,
        prepare: bool | None = None,
    ) -> list[dict[str, Any]]:
        """Run a statement as psycopg takes it, and return its rows by the names of their columns.

        What was added to the session comes before it. Raises psycopg.Error, UnreadableValueError, or
        OutcomeUnknownError if the connection was lost during a statement that commits by itself.
        """
        if self._is_made:
            {{ c.await_ }}self.flush()
        connection = self.driver_connection or {{ c.await_ }}self.connect()
        if writes and self.mode is not Mode.TRANSACTION:
            self._begin_single_write(connection)
        cursor = connection.cursor(binary=binary, row_factory=dict_row)
        try:
            {{ c.await_ }}cursor.execute(sql, values, prepare=prepare)
        except psycopg.Error as error:
            if self.commits_alone and is_lost(error):
                raise OutcomeUnknownError from error
            raise
        try:
            return {{ c.await_ }}cursor.fetchall() if returns else []
        except psycopg.DataError as error:
            raise UnreadableValueError(str(error)) from error

    {{ c.async_ }}def connect(self) -> PoolConnection:
        """Return the connection of the session, as psycopg knows it. Raises what `Database.take` does."""
        if self.driver_connection is None:
            self.driver_connection = {{ c.await_ }}self._database.take()
{% if c.is_async %}
            self._limit.start()
{% endif %}
            if self.mode is Mode.TRANSACTION:
                {{ c.await_ }}self.driver_connection.set_autocommit(False)
        return self.driver_connection

    {{ c.async_ }}def widen(self, mode: Mode) -> None:
        """Let the session do more than it was made for.

        Raises RuntimeError if a statement has committed by itself already.
        """
        if mode <= self.mode:
            return
        if self.commits_alone:
            raise RuntimeError(f"A SingleWriteSession has written already: {USE_WRITE_SESSION}")
        self.mode = mode
        if mode is Mode.TRANSACTION and self.driver_connection is not None:
            {{ c.await_ }}self.driver_connection.set_autocommit(False)

    def join(self, *, writes: bool) -> {{ EngineConnection }}:
        """Return SQLAlchemy's view of the connection. Raises RuntimeError if that may not be used."""
        if self.mode is Mode.SINGLE_WRITE:
            raise RuntimeError(f"A SingleWriteSession is for a repository: {USE_WRITE_SESSION}")
        if self.mode is Mode.READ and writes:
            raise RuntimeError(f"A ReadSession does not write: {USE_WRITE_SESSION}")
        if self._joined is None:
            self._joined = self._database.join(self.connect)
        return self._joined
{% if not c.is_async %}

    def get_bind(
        self,
        mapper: Any = None,
        *,
        clause: Any = None,
        **options: Any,
    ) -> EngineConnection:
        """Return the connection of the session, which SQLAlchemy asks for before each statement."""
        return self.join(writes=is_write(mapper, clause))
{% endif %}

    {{ c.async_ }}def commit(self) -> None:
        """Commit what was done so far, by the repository as well."""
        if self._is_made:
            {{ c.await_ }}super().commit()
        if self.driver_connection is not None:
            {{ c.await_ }}self.driver_connection.commit()

    {{ c.async_ }}def rollback(self) -> None:
        """Undo what was done so far, by the repository as well."""
        if self._is_made:
            {{ c.await_ }}super().rollback()
        if self.driver_connection is not None:
            {{ c.await_ }}self.driver_connection.rollback()
{% if not c.is_async %}

    @property
    def is_idle(self) -> bool:
        """Return whether there is nothing to undo, so that `release` does not wait for the server."""
        connection = self.driver_connection
        return self._joined is None and (
            connection is None or connection.info.transaction_status is TransactionStatus.IDLE
        )
{% endif %}

    @property
    def has_changes(self) -> bool:
        """Return whether objects were added, changed or deleted that are not written yet."""
        return self._is_made and bool(self.new or self.dirty or self.deleted)

    def check(self) -> None:
        """Raise RuntimeError if something was added or changed that nothing will write."""
        if self.mode is not Mode.TRANSACTION and self.has_changes:
            raise RuntimeError(f"Changes of objects were not written: {USE_WRITE_SESSION}")

    {{ c.async_ }}def release(self) -> None:
        """Undo what was not committed, and give the connection back."""
        connection, self.driver_connection = self.driver_connection, None
        joined, self._joined = self._joined, None
        if connection is None:
            return
        try:
            if self._is_made:
                {{ c.await_ }}self.close()
            if not (connection.closed or connection.autocommit):
                {{ c.await_ }}connection.rollback()
                {{ c.await_ }}connection.set_autocommit(True)
        except (psycopg.Error, DBAPIError):
            connection.pgconn.finish()  # the pool replaces it
        if joined is not None:
            {{ "await self.run_sync(lambda session: joined.close())" if c.is_async else "joined.close()" }}
        {{ c.await_ }}self._database.give(connection)

    def discard(self) -> None:
        """Have the connection replaced when it is given back."""
        if self.driver_connection is not None:
            self.driver_connection.pgconn.finish()

    def _begin_single_write(self, connection: PoolConnection) -> None:
        """Raise RuntimeError if there is more than one, psycopg.OperationalError if it cannot be sent.

        That the connection was lost while it was idle is better known before: afterwards, nobody
        knows whether the statement was carried out.
        """
        if self.mode is Mode.READ:
            raise RuntimeError(f"A ReadSession does not write: {USE_WRITE_SESSION}")
        if self.commits_alone:
            raise RuntimeError(f"A SingleWriteSession writes once: {USE_WRITE_SESSION}")
        connection.pgconn.consume_input()
        self.commits_alone = True


def is_write(mapper: Any, clause: Any) -> bool:
    """Return what SQLAlchemy needs a connection for: to write objects, it names no statement."""
    return isinstance(clause, UpdateBase) or (mapper is not None and clause is None)
{% if soft_delete %}


@event.listens_for(Session, "do_orm_execute")
def leave_out_deleted(state: ORMExecuteState) -> None:
    """Leave out rows that are marked as deleted, also those that are loaded along with others.

    `execution_options(include_deleted=True)` of a statement brings them back.
    """
    if state.is_column_load or state.execution_options.get("include_deleted"):
        return
    state.statement = state.statement.options(*_only_live())


@cache
def _only_live() -> list[Any]:
    models = [mapper.class_ for mapper in SQLModel._sa_registry.mappers]
    return [
        with_loader_criteria(model, col(model.deleted_at).is_(None), include_aliases=True)
        for model in models
        if issubclass(model, SoftDeleted)
    ]
{% endif %}
