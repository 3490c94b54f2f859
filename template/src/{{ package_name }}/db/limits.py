{% import "includes/concurrency.jinja" as c with context %}
"""How long something may use a connection: not for ever."""

import asyncio
import logging
{% if not c.is_async %}
import socket
{% endif %}
from types import TracebackType
from typing import TYPE_CHECKING, Self

import psycopg
from psycopg.errors import QueryCanceled

if TYPE_CHECKING:
    from {{ package_name }}.db.session import DatabaseSession

# Seconds that a statement has to end after it was cancelled.
GRACE = 1.0

logger = logging.getLogger(__name__)


class TimeLimitError(Exception):
    """A request held its connection for too long, or its client has gone. Nothing was committed."""


class OutcomeUnknownError(Exception):
    """A commit was interrupted, or a write that commits by itself: it was carried out, or not."""


class TimeLimit:
{% if c.is_async %}
    """Ends what a session does after some seconds.

    The task of the request is cancelled; psycopg then cancels the statement on the server. If that
    is of no use within five seconds, it closes the connection (since version 3.3.6).

    A statement that commits by itself is cancelled on the server alone, so that it is known whether
    it was carried out.
    """
{% else %}
    """Ends what a session does after some seconds.

    A thread cannot be stopped, so its statement is cancelled on the server. If that is of no
    use, its connection is closed: the server then ends the transaction.
    """
{% endif %}

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.session: DatabaseSession | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._stopping: asyncio.Task[None] | None = None
        self._is_entered = self._is_left = self._is_over = False
{% if c.is_async %}
        self._insisting: asyncio.Task[None] | None = None
        self._timeout = asyncio.timeout(None)
{% else %}
        self._ended = asyncio.Event()
{% endif %}

    async def __aenter__(self) -> Self:
        """Raise TimeLimitError if it is over before it began."""
        if self._is_over:
            raise TimeLimitError
        self._is_entered = True
{% if c.is_async %}
        await self._timeout.__aenter__()
{% endif %}
        return self

    @property
    def is_over(self) -> bool:
        """Return whether it was too long."""
        return self._is_over

    def start(self) -> None:
        """Begin to count the seconds."""
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._seconds, self.expire)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Raise TimeLimitError if it was too long, or OutcomeUnknownError."""
        self._is_left = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None  # it refers to this object
{% if c.is_async %}
        for task in (self._stopping, self._insisting):
            if task is not None:
                task.cancel()
        try:
            await self._timeout.__aexit__(kind, error, traceback)
        except TimeoutError:
            if self._stopping is not None:
                raise OutcomeUnknownError from error
            raise TimeLimitError from error
        if self._stopping is not None and isinstance(error, QueryCanceled):
            raise TimeLimitError from error
{% else %}
        if self._stopping is None:
            return
        # What is still on its way to the server must not meet the next request.
        self._ended.set()
        await self._stopping
        has_committed = self.session is not None and self.session.commits_alone
        if not has_committed or isinstance(error, QueryCanceled):
            raise TimeLimitError from error
{% endif %}

    def expire(self) -> None:
        """End it now; if it was left already, do nothing."""
        if self._is_over or self._is_left:
            return
        self._is_over = True
        if not self._is_entered:
            return
{% if c.is_async %}
        session = self.session
        if session is not None and session.commits_alone and (driver := session.driver_connection):
            self._stopping = asyncio.create_task(self._stop(driver))
        else:
            self._timeout.reschedule(asyncio.get_running_loop().time())
            self._insisting = asyncio.create_task(self._insist())

    async def _stop(self, connection: psycopg.AsyncConnection) -> None:
        await cancel(connection)
        await asyncio.sleep(GRACE)
        self._timeout.reschedule(asyncio.get_running_loop().time())

    async def _insist(self) -> None:
        """Cancel once more: if that overtakes the statement on its way, the server forgets it."""
        await asyncio.sleep(GRACE)
        if self.session is not None and (driver := self.session.driver_connection):
            await cancel(driver)
{% else %}
        self._stopping = asyncio.create_task(self._stop())

    async def _stop(self) -> None:
        stop = cancel
        while not self._ended.is_set():
            if self.session is not None and (driver := self.session.driver_connection):
                # Not in a thread of the requests, which may all wait for the database.
                await asyncio.to_thread(stop, driver)
                stop = disconnect
            try:
                async with asyncio.timeout(GRACE):
                    await self._ended.wait()
            except TimeoutError:
                pass
{% endif %}


{{ c.async_ }}def cancel(connection: psycopg.{{ "AsyncConnection" if c.is_async else "Connection" }}) -> None:
    """Cancel the statement that runs."""
    try:
        {{ c.await_ }}connection.cancel_safe(timeout=GRACE)
    except psycopg.Error as error:
        logger.warning("A statement could not be cancelled: %s", error)
{% if not c.is_async %}


def disconnect(connection: psycopg.Connection) -> None:
    """Close a connection under the thread that uses it, which finds out when it next does."""
    try:
        with socket.fromfd(connection.fileno(), socket.AF_INET, socket.SOCK_STREAM) as copy:
            copy.shutdown(socket.SHUT_RDWR)
    except (psycopg.Error, OSError):
        pass  # it is closed already
{% endif %}
