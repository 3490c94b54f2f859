{% from "includes/python.jinja" import import_from with context %}
{% import "includes/concurrency.jinja" as c with context %}
"""An attempt to answer a request: its session, its time limit, its commit."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from contextvars import ContextVar

import psycopg
from fastapi import Request, Response
{% if not c.is_async %}
from fastapi.concurrency import run_in_threadpool
{% endif %}
from sqlalchemy.exc import DBAPIError

from {{ package_name }}.db.database import Database
{{ import_from(package_name ~ ".db.limits", ["OutcomeUnknownError", "TimeLimit", "TimeLimitError"]) }}
from {{ package_name }}.db.retry import is_lost, is_stale
from {{ package_name }}.db.session import DatabaseSession, Mode
from {{ package_name }}.http import idempotency

Handle = Callable[[Request], Awaitable[Response]]

_current: ContextVar["Attempt"] = ContextVar("_current")


class Attempt:
    """An attempt to answer a request, in one session.

    Nothing of it stays if it fails, so that another one may follow.
    """

    def __init__(self, request: Request) -> None:
        state = request.app.state
        self._request = request
        self._database: Database = state.database
        self._keys: idempotency.Keys = state.keys
        self._seconds: float = state.transaction_timeout
        self.limit = TimeLimit(self._seconds)
        self._session: DatabaseSession | None = None
        self._key: str | None = None
        self._stack: AsyncExitStack | None = None
{% if not c.is_async %}
        self._has_turn = False
{% endif %}

    async def run(self, handle: Handle) -> Response:
        """Return the answer, after what it says was committed."""
        token = _current.set(self)
        try:
            async with self.limit:
                response = await handle(self._request)
                await self._write()
                if self._session is not None and self._key is not None:
                    {{ c.in_thread("idempotency.record", "self._session, self._key, response") }}
            await self._commit()
            return response
        except (psycopg.Error, DBAPIError) as error:
            if self._session is not None and (is_stale(error) or is_lost(error)):
                self._session.discard()
            raise
        finally:
            _current.reset(token)
            await self._end()

    async def session(self, mode: Mode, key: str | None = None) -> DatabaseSession:
        """Return the session, for this and what it was asked for before.

        With a key of idempotency it is a transaction, of which the key is a part.
        """
        if key is not None:
            mode = Mode.TRANSACTION
        if self._session is None:
            self._session = DatabaseSession(self._database, mode, self.limit)
        else:
            {{ c.await_ }}self._session.widen(mode)
        if key is not None and self._key is None:
            # Clients may be slow to send what this reads, and each other's requests as well: that
            # is waited for before there is a connection.
            fingerprint = await idempotency.fingerprint_of(self._request)
            self._stack = AsyncExitStack()
            await self._stack.enter_async_context(self._keys.hold(key))
{% if not c.is_async %}
            await self.take_turn()
{% endif %}
            await self._keys.claim(self._session, key, fingerprint)
            self._key = key
        return self._session
{% if not c.is_async %}

    async def take_turn(self) -> None:
        """Wait until there is a connection, if the endpoint has a session."""
        if self._session is not None and not self._has_turn:
            await self._database.turn()
            self._has_turn = True
            if self.limit.is_over:
                raise TimeLimitError
            self.limit.start()
{% endif %}

    async def _write(self) -> None:
        """Write what was added to the session, which may not have a connection yet."""
        session = self._session
        if session is not None and session.mode is Mode.TRANSACTION and session.has_changes:
            {{ c.in_thread("session.flush") }}

    async def _commit(self) -> None:
        """Commit, even if the client has gone: what was carried out, or not, is known then."""
        session = self._session
        if session is None:
            return
        session.check()
        if session.mode is not Mode.TRANSACTION:
            return
        if (connection := session.driver_connection) is None:
            return
        limit = TimeLimit(self._seconds)
        limit.session = session
        try:
            async with limit:
                limit.start()
                {{ c.in_thread("session.commit") }}
        except (psycopg.Error, DBAPIError, TimeLimitError) as error:
            is_late = isinstance(error, TimeLimitError)
            is_unknown = connection.closed or is_late or is_lost(error)
            # With a key, the next attempt finds out.
            if is_unknown and self._key is None:
                raise OutcomeUnknownError from error
            raise

    async def _end(self) -> None:
        try:
            if self._session is not None:
                if self.limit.is_over:
                    # What is still on its way to cancel its statement must not meet the next one.
                    self._session.discard()
{% if c.is_async %}
                await self._session.release()
{% else %}
                if self._session.is_idle:
                    self._session.release()
                else:
                    await run_in_threadpool(self._session.release)
{% endif %}
        finally:
            # Objects that refer to each other would wait for the garbage collector.
            self.limit.session = None
{% if not c.is_async %}
            if self._has_turn:
                self._database.end_turn()
{% endif %}
            if self._stack is not None:
                await self._stack.aclose()


def current_attempt() -> Attempt:
    """Return the attempt that runs now. Raises RuntimeError if the route makes none."""
    try:
        return _current.get()
    except LookupError:
        hint = "An endpoint with a session belongs into a Router: see http/router.py"
        raise RuntimeError(hint) from None
