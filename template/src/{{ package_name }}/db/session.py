{% import "includes/concurrency.jinja" as c with context %}
"""Sessions: one per request, as dependencies of FastAPI."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Annotated

from fastapi import Depends, Request
{% if not c.is_async %}
from fastapi.concurrency import run_in_threadpool
{% endif %}
{% if not c.is_async %}
from sqlalchemy import Engine, exc
{% else %}
from sqlalchemy import exc
{% endif %}
from {{ c.session_module }} import {{ c.Session }}

from {{ package_name }}.db import idempotency
from {{ package_name }}.db.limits import TimeLimit, TimeLimitError, limited


class OutcomeUnknownError(Exception):
    """The connection was lost during COMMIT: the transaction was carried out, or it was not."""


class Turns:
    """Who uses the database now: as many requests as the pool has connections, in order of arrival.

    In the pool itself, those who come later may overtake those who wait.
{% if not c.is_async %}
    And those who wait there hold threads, which the others need to go on.
{% endif %}
    """

    def __init__(self, number: int, timeout: float) -> None:
        """Give `number` turns at a time; nobody waits longer than `timeout` seconds."""
        self._semaphore = asyncio.Semaphore(number)
        self._timeout = timeout

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn and have it. Raises TimeoutError (of SQLAlchemy, as its pools do)."""
        try:
            async with asyncio.timeout(self._timeout):
                await self._semaphore.acquire()
        except TimeoutError:
            raise exc.TimeoutError("no connection became free in time") from None
        try:
            yield
        finally:
            self._semaphore.release()


{% if not c.is_async %}
@asynccontextmanager
async def new_session(engine: Engine) -> AsyncIterator[Session]:
    """Yield a session. The event loop does not wait for the database when an error ends it."""
    with Session(engine) as session:
        try:
            yield session
        except BaseException:
            await run_in_threadpool(session.rollback)
            raise


{% endif %}
{% set new_session = "AsyncSession" if c.is_async else "new_session" %}
async def write_session(
    request: Request,
    key: idempotency.Key = None,
) -> AsyncIterator[{{ c.Session }}]:
    """Yield a session in one transaction: committed before the answer, rolled back on an error."""
    state = request.app.state
    async with AsyncExitStack() as stack:
        if key is not None:
            # Clients may be slow to send what this reads, and each other's requests as well: that
            # is waited for before there is a connection.
            fingerprint = await idempotency.fingerprint_of(request)
            await stack.enter_async_context(state.keys.hold(key))
        await stack.enter_async_context(state.turns.turn())
        session = await stack.enter_async_context({{ new_session }}(state.engine))
        async with limited(request, session):
            if key is not None:
                await state.keys.claim(session, key, fingerprint)
                request.state.claimed = session, key
            yield session
        await commit(session, state.transaction_timeout, key)


async def commit(session: {{ c.Session }}, seconds: float, key: idempotency.Key) -> None:
    """Commit, even if the client has gone: what was carried out, or not, is known then."""
    try:
        async with TimeLimit(session, seconds):
            {{ c.in_thread("session.commit") }}
    except (exc.DBAPIError, TimeLimitError) as error:
        lost = isinstance(error, TimeLimitError) or error.connection_invalidated
        # With a key, the next attempt finds out.
        if lost and key is None:
            raise OutcomeUnknownError from error
        raise


async def read_session(request: Request) -> AsyncIterator[{{ c.Session }}]:
    """Yield a session for reads, in which each statement stands alone.

    BEGIN and COMMIT would each be a round trip to the database.
    """
    state = request.app.state
    engine = state.engine.execution_options(isolation_level="AUTOCOMMIT")
    async with (
        state.turns.turn(),
        {{ new_session }}(engine) as session,
        limited(request, session),
    ):
        yield session


# With scope="function" the dependency ends, and so commits, before the answer is sent.
WriteSession = Annotated[{{ c.Session }}, Depends(write_session, scope="function")]
ReadSession = Annotated[{{ c.Session }}, Depends(read_session, scope="function")]
