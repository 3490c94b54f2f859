{% import "includes/concurrency.jinja" as c with context %}
"""How long a request may hold a connection: not for ever, and not without a client."""

import asyncio
{% if not c.is_async %}
import logging
import socket
{% endif %}
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

{% if not c.is_async %}
import psycopg
{% endif %}
from fastapi import Request
{% if not c.is_async %}
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Connection, event
from sqlalchemy.orm import SessionTransaction
{% endif %}
from {{ c.session_module }} import {{ c.Session }}

# Seconds after which one looks whether the client is still there. Most requests end before.
PATIENCE = 1.0
{% if not c.is_async %}
# Seconds that a statement has to end after it was cancelled.
GRACE = 1.0

logger = logging.getLogger(__name__)
{% endif %}


class TimeLimitError(Exception):
    """A request held its connection for too long, or its client has gone."""


{% if c.is_async %}
class TimeLimit:
    """Ends what a session does after some seconds.

    The task of the request is cancelled; psycopg then cancels the statement on the server. If that
    is of no use within five seconds, it closes the connection (since version 3.3.6).
    """

    def __init__(self, session: AsyncSession, seconds: float) -> None:
        self._timeout = asyncio.timeout(seconds)

    async def __aenter__(self) -> Self:
        await self._timeout.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Raise TimeLimitError if it was too long."""
        try:
            await self._timeout.__aexit__(kind, error, traceback)
        except TimeoutError:
            raise TimeLimitError from error

    def expire(self) -> None:
        """End it now."""
        self._timeout.reschedule(asyncio.get_running_loop().time())
{% else %}
@event.listens_for(Session, "after_begin")
def remember_connection(
    session: Session,
    transaction: SessionTransaction,
    connection: Connection,
) -> None:
    """Keep the connection of a session in reach of other threads."""
    session.info["connection"] = connection.connection.driver_connection


class TimeLimit:
    """Ends what a session does after some seconds.

    A thread cannot be stopped, so its statement is cancelled on the server. If that is of no
    use, its connection is closed: the server then ends the transaction.
    """

    def __init__(self, session: Session, seconds: float) -> None:
        self._session = session
        self._seconds = seconds
        self._stopping: asyncio.Task[None] | None = None
        self._ended = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._timer = asyncio.get_running_loop().call_later(self._seconds, self.expire)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Raise TimeLimitError if it was too long."""
        self._timer.cancel()
        if self._stopping is not None:
            # What is still on its way to the server must not meet the next request.
            self._ended.set()
            await self._stopping
            await run_in_threadpool(self._session.invalidate)
            raise TimeLimitError from error

    def expire(self) -> None:
        """End it now."""
        if self._stopping is None:
            self._stopping = asyncio.create_task(self._stop())

    async def _stop(self) -> None:
        stop = cancel
        while not self._ended.is_set():
            if (connection := self._session.info.get("connection")) is not None:
                await run_in_threadpool(stop, connection)
                stop = disconnect
            try:
                async with asyncio.timeout(GRACE):
                    await self._ended.wait()
            except TimeoutError:
                pass


def cancel(connection: psycopg.Connection) -> None:
    """Cancel the statement that runs."""
    try:
        connection.cancel_safe(timeout=GRACE)
    except psycopg.Error as error:
        logger.warning("A statement could not be cancelled: %s", error)


def disconnect(connection: psycopg.Connection) -> None:
    """Close a connection under the thread that uses it, which finds out when it next does."""
    try:
        with socket.fromfd(connection.fileno(), socket.AF_INET, socket.SOCK_STREAM) as copy:
            copy.shutdown(socket.SHUT_RDWR)
    except (psycopg.Error, OSError):
        pass  # it is closed already
{% endif %}


@asynccontextmanager
async def watched(request: Request) -> AsyncIterator[None]:
    """End what a request does with its session when its client has gone.

    Its body must have been read.
    """

    async def watch() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        request.state.gone = True
        if (limit := getattr(request.state, "limit", None)) is not None:
            limit.expire()

    watching: list[asyncio.Task[None]] = []
    loop = asyncio.get_running_loop()
    timer = loop.call_later(PATIENCE, lambda: watching.append(loop.create_task(watch())))
    try:
        yield
    finally:
        timer.cancel()
        for task in watching:
            task.cancel()


@asynccontextmanager
async def limited(request: Request, session: {{ c.Session }}) -> AsyncIterator[None]:
    """Let a request use its session for TRANSACTION_TIMEOUT, as long as its client is there.

    Raises TimeLimitError.
    """
    if getattr(request.state, "gone", False):
        raise TimeLimitError
    try:
        async with TimeLimit(session, request.app.state.transaction_timeout) as limit:
            request.state.limit = limit
            yield
    finally:
        request.state.limit = None
