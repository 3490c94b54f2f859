{% import "includes/concurrency.jinja" as c with context %}
"""The class of routes whose requests outlive a lost connection to the database."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any

from fastapi import HTTPException, Request, Response, status
{% if not c.is_async %}
from fastapi.concurrency import run_in_threadpool
{% endif %}
from fastapi.routing import APIRoute
from sqlalchemy.exc import DBAPIError
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive

from {{ package_name }}.db import idempotency
from {{ package_name }}.db.limits import watched
from {{ package_name }}.db.retry import delays, is_transient

logger = logging.getLogger(__name__)


# In bytes. Servers have limits of their own, up to none.
LONGEST_QUERY = 8192


class Body:
    """The body of a request, for as many attempts as it takes."""

    def __init__(self, request: Request, content: bytes) -> None:
        self._request = request
        self._content = content

    def receiver(self) -> Receive:
        """Return what an attempt receives: the body, and then what the server has to say."""
        messages = [{"type": "http.request", "body": self._content, "more_body": False}]

        async def receive() -> Message:
            return messages.pop() if messages else await self._request.receive()

        return receive

    def is_complete(self) -> bool:
        """Return whether there is all of it for another attempt."""
        return True


class Stream:
    """A body that an endpoint reads piece by piece, and so only once."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._started = False

    def receiver(self) -> Receive:
        """Return what an attempt receives: what the server has to say."""

        async def receive() -> Message:
            self._started = True
            return await self._request.receive()

        return receive

    def is_complete(self) -> bool:
        """Return whether there is all of it for another attempt."""
        return not self._started


async def body_of(request: Request) -> bytes:
    """Read the body. Raises HTTPException if the client has gone, or the body is too large."""
    try:
        return await request.body()
    except ClientDisconnect:
        raise HTTPException(status.HTTP_400_BAD_REQUEST) from None


class DatabaseRoute(APIRoute):
    """Runs an endpoint again that lost its connection before its transaction was committed.

    A suspended compute wakes up in the meantime, so the answer comes later, but it comes. What an
    endpoint does besides using the database, it may do twice: leave mails and the like to
    background tasks, which run after the commit. An endpoint that has begun to read the body of its
    request as a stream is not run again.

    The body is read before a connection is taken, and a client that hangs up frees it.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request."""
        handle = super().get_route_handler()

        async def attempt(request: Request) -> Response:
            # Sessions are committed when FastAPI closes this stack. Its own one is closed too late,
            # outside of this handler.
            async with AsyncExitStack() as stack:
                request.scope["fastapi_function_astack"] = stack
                response = await handle(request)
                if claimed := getattr(request.state, "claimed", None):
                    session, key = claimed
                    {{ c.in_thread("idempotency.record", "session, key, response") }}
            return response

        # What takes the request itself, and no body, may read the body piece by piece.
        takes_stream = self.body_field is None and self.dependant.request_param_name is not None

        async def answer(request: Request) -> Response:
            if len(request.scope["query_string"]) > LONGEST_QUERY:
                raise HTTPException(status.HTTP_414_URI_TOO_LONG)
            streams = takes_stream and "Idempotency-Key" not in request.headers
            if streams:
                return await repeat(request, Stream(request))
            # What a client is slow to send is waited for before there is a connection.
            body = Body(request, await body_of(request))
            async with watched(request):
                return await repeat(request, body)

        async def repeat(request: Request, body: Body | Stream) -> Response:
            waits = delays(request.app.state.retry_timeout)
            while True:
                try:
                    return await attempt(Request(request.scope, body.receiver()))
                except DBAPIError as error:
                    wait = next(waits, None)
                    if wait is None or not is_transient(error) or not body.is_complete():
                        raise
                    logger.warning("Trying again in %.2f s: %s", wait, error.orig)
                await asyncio.sleep(wait)

        return answer
