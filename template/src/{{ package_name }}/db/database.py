{% import "includes/concurrency.jinja" as c with context %}
{% set Connection = "AsyncConnection" if c.is_async else "Connection" %}
{% set ConnectionPool = "AsyncConnectionPool" if c.is_async else "ConnectionPool" %}
{% set NullConnectionPool = "AsyncNullConnectionPool" if c.is_async else "NullConnectionPool" %}
"""The database: one pool of connections, for the repository and for SQLAlchemy."""

import asyncio
import logging
import time
from collections.abc import {{ "Awaitable, Callable, Iterator" if c.is_async else "Callable, Iterator" }}
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import cached_property
{% if not c.is_async %}
from threading import Thread
{% endif %}
from typing import Any, Self

import psycopg
from psycopg import {{ Connection }}, capabilities
from psycopg.errors import Diagnostic
{% if c.is_async %}
from psycopg_pool import (
    AsyncConnectionPool,
    AsyncNullConnectionPool,
    PoolClosed,
    PoolTimeout,
)
from sqlalchemy import URL, Connection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
{% else %}
from psycopg_pool import ConnectionPool, NullConnectionPool, PoolClosed, PoolTimeout
from sqlalchemy import URL, Engine, create_engine
from sqlalchemy import Connection as EngineConnection
{% endif %}
from sqlalchemy.pool import NullPool

from {{ package_name }}.db.retry import delays
from {{ package_name }}.db.statement_timeout import limited_cursor
from {{ package_name }}.db.urls import conninfo, is_pooled, pooled_url
from {{ package_name }}.settings import Settings

{% set EngineConnection = "Connection" if c.is_async else "EngineConnection" %}
logger = logging.getLogger(__name__)

# After a connection was lost, the others are looked at; seconds until that is done again.
DRAIN_PAUSE = 1.0

# The time zone that servers have by default; on a machine with another one it may be that.
UTC = ("UTC", "GMT", "Etc/UTC")

Take = Callable[[], {{ 'Awaitable["PoolConnection"]' if c.is_async else '"PoolConnection"' }}]
Give = Callable[["PoolConnection"], {{ "Awaitable[None]" if c.is_async else "None" }}]

# Where SQLAlchemy's engine gets its next connection from, if not from the pool.
_source: ContextVar[Take | None] = ContextVar("_source", default=None)


class Outage:
    """A time in which no connection can be made."""

    def __init__(self, patience: float) -> None:
        """Try to connect for `patience` seconds."""
        self._patience = patience
        self._since: float | None = None
        self.problem: psycopg.OperationalError | None = None

    def note(self, problem: psycopg.OperationalError) -> None:
        """Remember why there is none."""
        self.problem = problem
        if self._since is None:
            self._since = time.monotonic()

    def end(self) -> None:
        """Forget it: there is a connection."""
        self._since = self.problem = None

    def seconds_left(self) -> float:
        """Return for how long to go on trying."""
        if self._since is None:
            return self._patience
        return self._since + self._patience - time.monotonic()


class PoolConnection({{ Connection }}):
    """A connection of the pool.

    It is tried for a while, in which a suspended compute wakes up: by itself, the pool waits for a
    second after the first attempt, then for two, and so on.
    """

    # What happens in place of closing, while SQLAlchemy uses it.
    on_close: Give | None = None

    @classmethod
    {{ c.async_ }}def connect(cls, conninfo: str = "", **kwargs: Any) -> Self:
        """Connect. Raises psycopg.OperationalError if there is no connection until the outage ends."""
        outage: Outage = kwargs.pop("outage")
        waits = delays(outage.seconds_left())
        while True:
            try:
                connection = {{ c.await_ }}super().connect(conninfo, **kwargs)
            except psycopg.OperationalError as error:
                outage.note(error)
                wait = next(waits, None)
                if wait is None:
                    raise
                logger.warning("Trying to connect again in %.2f s: %s", wait, error)
                {{ "await asyncio" if c.is_async else "time" }}.sleep(wait)
            else:
                outage.end()
                return connection

    {{ c.async_ }}def close(self) -> None:
        """Close the connection, or do what SQLAlchemy's closing of it is to mean."""
        if self.on_close is None:
            {{ c.await_ }}super().close()
        else:
            on_close, self.on_close = self.on_close, None
            {{ c.await_ }}on_close(self)

    def add_notice_handler(self, callback: Callable[[Diagnostic], None]) -> None:
        """Add a handler once: SQLAlchemy adds its own whenever it begins to use the connection."""
        with suppress(ValueError):
            self.remove_notice_handler(callback)
        super().add_notice_handler(callback)


class Database:
    """The connections of the service, which are made when they are first needed.

    The pool serves those who wait in the order in which they came.
    """

    def __init__(self, settings: Settings) -> None:
        """Find the database of `settings`; start it, if it is the embedded one."""
        self.url = pooled_url(settings)
        self._settings = settings
        self._outage = Outage(settings.retry_timeout)
        self._in_use = 0
        self._drained_at = 0.0
        self._is_engine_ready = False
{% if c.is_async %}
        self._tasks: set[asyncio.Task[None]] = set()
{% else %}
        self._turns = asyncio.Semaphore(settings.pool_size)
{% endif %}

    {{ c.async_ }}def open(self) -> None:
        """Begin to serve connections."""
        self._pool = self._new_pool()
        {{ c.await_ }}self._pool.open()

    {{ c.async_ }}def close(self) -> None:
        """Close the connections that nobody uses, and the others when they come back."""
        self._outage = Outage(0)
        {{ c.await_ }}self._pool.close()

    {{ c.async_ }}def take(self) -> PoolConnection:
        """Return a connection, each of whose statements commits by itself; give it back with `give`.

        Raises PoolTimeout if none becomes free in time, psycopg.OperationalError if none can be
        made.
        """
        try:
            connection = {{ c.await_ }}self._pool.getconn()
        except (PoolClosed, PoolTimeout) as error:
            raise self._reason(error) from error
        self._in_use += 1
        return connection

    {{ c.async_ }}def give(self, connection: PoolConnection) -> None:
        """Take back a connection."""
        self._in_use -= 1
        {{ c.await_ }}self._pool.putconn(connection)

{% if not c.is_async %}
    async def turn(self) -> None:
        """Wait until there is a connection for one more thread; call `end_turn` after its use.

        Threads that wait in the pool would be missing to those who have a connection. Raises what
        `take` does.
        """
        try:
            async with asyncio.timeout(self._settings.pool_timeout):
                await self._turns.acquire()
        except TimeoutError as error:
            raise self._reason(PoolTimeout("no connection became free in time")) from error

    def end_turn(self) -> None:
        """Let another thread use the connection."""
        self._turns.release()

{% endif %}
    def join(self, take: Take) -> {{ EngineConnection }}:
        """Return what SQLAlchemy needs to use the connection that `take` returns.

        To close it leaves the connection as it is.
        """

        {{ c.async_ }}def lend() -> PoolConnection:
            connection = {{ c.await_ }}take()
            connection.on_close = _leave
            return connection

        engine = self.engine{{ ".sync_engine" if c.is_async }}
        if not self._is_engine_ready:
            # The first time, SQLAlchemy asks the server about itself and rolls back: not in a
            # transaction of ours.
            with _from(self._connect):
                engine.connect().close()
            self._is_engine_ready = True
        with _from(lend):
            return engine.connect()

    @cached_property
    def engine(self) -> {{ c.Engine }}:
        """Return SQLAlchemy's engine on the same pool, for what is done outside of requests.

        In a request, use its session: a second connection may be one too many.
        """
        return {{ "create_async_engine" if c.is_async else "create_engine" }}(
            self.url,
            {{ "async_creator" if c.is_async else "creator" }}=self._lend,
            poolclass=NullPool,
            # To look for its type would be a round trip for each connection.
            use_native_hstore=False,
            # Values of rows stay out of logs and tracebacks.
            hide_parameters=self._settings.environment == "production",
        )

    {{ c.async_ }}def forget_lost(self) -> None:
        """Replace all connections, after one was lost: a suspension ends all of them."""
        now = time.monotonic()
        if now - self._drained_at > DRAIN_PAUSE and self._settings.pool_enabled:
            self._drained_at = now
            {{ c.await_ }}self._pool.drain()

    def _reason(self, error: psycopg.OperationalError) -> psycopg.OperationalError:
        """Return why there is no connection: none can be made, or there are too many requests."""
        problem = self._outage.problem
        return error if problem is None else psycopg.OperationalError(str(problem))

    {{ c.async_ }}def _lend(self) -> PoolConnection:
        if (source := _source.get()) is not None:
            return {{ c.await_ }}source()
        connection = {{ c.await_ }}self._pool.getconn()
        connection.on_close = self._pool.putconn
        return connection

    {{ c.async_ }}def _connect(self) -> PoolConnection:
        options = self._options | {"outage": Outage(0)}
        return {{ c.await_ }}PoolConnection.connect(conninfo(self.url), **options)

    def _new_pool(self) -> {{ ConnectionPool }}[PoolConnection]:
        settings = self._settings
        if not settings.pool_enabled:
            return {{ NullConnectionPool }}(
                conninfo(self.url),
                connection_class=PoolConnection,
                configure=_use_utc,
                kwargs=self._options | {"outage": Outage(0)},
                max_size=settings.pool_size,
                open=False,
                timeout=settings.pool_timeout,
            )
        return {{ ConnectionPool }}(
            conninfo(self.url),
            connection_class=PoolConnection,
            configure=_use_utc,
            kwargs=self._options | {"outage": self._outage},
            min_size=0,
            max_size=settings.pool_size,
            check=self._check if settings.pool_pre_ping else None,
            open=False,
            timeout=settings.pool_timeout,
            # Neon suspends a compute after five idle minutes and drops its connections:
            # https://neon.com/docs/introduction/scale-to-zero
            max_lifetime=settings.pool_recycle,
            # The connections themselves are patient.
            reconnect_timeout=0,
            reconnect_failed=self._give_up,
        )

    @property
    def _options(self) -> dict[str, Any]:
        settings = self._settings
        return {
            "autocommit": True,
            "application_name": settings.application_name,
            # A compute that wakes up needs some hundred milliseconds, sometimes seconds:
            # https://neon.com/docs/connect/connection-latency
            "connect_timeout": settings.connect_timeout,
            # After how many executions psycopg prepares a statement on the server; None is never.
            "prepare_threshold": 5 if prepares(settings, self.url) else None,
            "cursor_factory": limited_cursor(settings.statement_timeout),
        }

    {{ c.async_ }}def _check(self, connection: PoolConnection) -> None:
        try:
            {{ c.await_ }}{{ ConnectionPool }}.check_connection(connection)
        except psycopg.Error:
            {{ c.await_ }}self.forget_lost()
            raise

    {{ c.async_ }}def _give_up(self, pool: {{ ConnectionPool }}[Any]) -> None:
        """End the waiting for a connection if none can be made, and none will come back.

        To close the pool is what ends it.
        """
        if pool is not self._pool or self._in_use or pool.get_stats()["pool_available"]:
            return
        problem = self._outage.problem
        self._outage = Outage(self._settings.retry_timeout)
        self._outage.problem = problem
        self._pool = self._new_pool()
        {{ c.await_ }}self._pool.open()
        # The pool waits for its workers, of which this is one.
{% if c.is_async %}
        task = asyncio.create_task(pool.close(timeout=0.1))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
{% else %}
        Thread(target=pool.close, args=(0.1,), daemon=True).start()
{% endif %}


{{ c.async_ }}def _use_utc(connection: PoolConnection) -> None:
    """Have moments read in UTC. On most servers they are, and nothing is sent."""
    if connection.info.parameter_status("TimeZone") not in UTC:
        {{ c.await_ }}connection.execute("SET TimeZone TO 'UTC'")


{{ c.async_ }}def _leave(connection: PoolConnection) -> None:
    """Leave a connection open: the session that uses it gives it back."""


@contextmanager
def _from(source: Take) -> Iterator[None]:
    """Let the engine get its connection there."""
    token = _source.set(source)
    try:
        yield
    finally:
        _source.reset(token)


def prepares(settings: Settings, url: URL) -> bool:
    """Return whether statements are prepared, which saves the server to plan them anew.

    The connections of a pooler change hands between transactions. Neon's pooler keeps track of
    prepared statements, if the client library can tell it which ones to forget:
    https://neon.com/docs/connect/connection-pooling
    https://www.psycopg.org/psycopg3/docs/advanced/prepare.html
    """
    if settings.prepared_statements != "auto":
        return settings.prepared_statements == "on"
    return not is_pooled(url) or capabilities.has_send_close_prepared()
