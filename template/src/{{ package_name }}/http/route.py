{% import "includes/concurrency.jinja" as c with context %}
"""The class of routes whose requests outlive a lost connection to the database."""

import asyncio
{% if not c.is_async %}
import functools
import inspect
{% endif %}
import logging
from collections.abc import Callable, Coroutine
from typing import Any

import psycopg
from fastapi import HTTPException, Request, Response, status
{% if not c.is_async %}
from fastapi.concurrency import run_in_threadpool
{% endif %}
from fastapi.routing import APIRoute
from sqlalchemy.exc import DBAPIError
from starlette.requests import ClientDisconnect
from starlette.routing import Match
from starlette.types import Message, Scope

from {{ package_name }}.db.limits import TimeLimit
from {{ package_name }}.db.retry import delays, is_conflict, is_transient
from {{ package_name }}.http.attempt import Attempt{{ "" if c.is_async else ", current_attempt" }}
from {{ package_name }}.http.versions import parameters_of

logger = logging.getLogger(__name__)

# In bytes. Servers have limits of their own, up to none.
LONGEST_QUERY = 8192

# Seconds after which one looks whether the client is still there. Most requests end before.
PATIENCE = 1.0

WITHOUT_BODY = ("GET", "HEAD")


class DatabaseRoute(APIRoute):
    """Runs an endpoint again that lost its connection before its transaction was committed.

    A suspended compute wakes up in the meantime, so the answer comes later, but it comes. What an
    endpoint does besides using the database, it may do twice: leave mails and the like to
    background tasks, which run after the commit. An endpoint that has begun to read the body of its
    request as a stream is not run again.

    The body is read before a connection is taken, and a client that hangs up frees it.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        """Take what APIRoute does."""
        super().__init__(path, {{ "endpoint" if c.is_async else "in_turn(endpoint)" }}, **options)
        # What an application needs to have the same route: see Router.add_to.
        self.arguments = (path, endpoint, options)
        self._start = path.partition("{")[0]
        if parameters := parameters_of(self.dependant):
            extra = self.openapi_extra or {}
            documented = extra.get("parameters", [])
            # A router that is included in another makes its routes twice.
            missing = [each for each in parameters if each not in documented]
            self.openapi_extra = {**extra, "parameters": documented + missing}

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Skip most routes at the first look, which takes less time than to match their patterns.

        In front of the path, there may be that of an application which this one is part of.
        """
        if self._start not in scope["path"]:
            return Match.NONE, {}
        return super().matches(scope)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request."""
        handle = super().get_route_handler()
        # What takes the request itself, and no body, may read the body piece by piece.
        takes_stream = self.body_field is None and self.dependant.request_param_name is not None

        async def answer(request: Request) -> Response:
            if len(request.scope["query_string"]) > LONGEST_QUERY:
                raise HTTPException(status.HTTP_414_URI_TOO_LONG)
            if takes_stream and "Idempotency-Key" not in request.headers:
                return await repeat(Stream(request), Watch(request))
            if request.method not in WITHOUT_BODY or self.body_field is not None:
                # What a client is slow to send is waited for before there is a connection.
                await read_body(request)
            watch = Watch(request)
            watch.begin()
            try:
                return await repeat(request, watch)
            finally:
                watch.end()

        async def repeat(request: Request, watch: "Watch") -> Response:
            waits = delays(request.app.state.retry_timeout)
            while True:
                attempt = Attempt(request)
                watch.observe(attempt.limit)
                try:
                    return await attempt.run(handle)
                except (psycopg.Error, DBAPIError) as error:
                    wait = next(waits, None) if is_transient(error) else None
                    if wait is None or (isinstance(request, Stream) and request.is_started):
                        raise
                    logger.warning("Trying again in %.2f s: %s", wait, error)
                    if not is_conflict(error):
                        {{ c.in_thread("request.app.state.database.forget_lost") }}
                await asyncio.sleep(wait)

        return answer


class Stream(Request):
    """A request whose body the endpoint reads piece by piece, and so only once."""

    def __init__(self, request: Request) -> None:
        self.is_started = False

        async def receive() -> Message:
            self.is_started = True
            return await request.receive()

        super().__init__(request.scope, receive)


class Watch:
    """Ends what a request does when its client has gone. The body must have been read."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._limit: TimeLimit | None = None
        self._is_gone = False
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Look for the client after a while: most requests end before."""
        self._timer = asyncio.get_running_loop().call_later(PATIENCE, self._start)

    def observe(self, limit: TimeLimit) -> None:
        """End this when the client has gone; at once, if it has."""
        self._limit = limit
        if self._is_gone:
            limit.expire()

    def end(self) -> None:
        """Look no longer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None  # it refers to this object
        if self._task is not None:
            self._task.cancel()

    def _start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._wait())

    async def _wait(self) -> None:
        while (await self._request.receive())["type"] != "http.disconnect":
            pass
        self._is_gone = True
        if self._limit is not None:
            self._limit.expire()


async def read_body(request: Request) -> None:
    """Read the body. Raises HTTPException if the client has gone, or the body is too large."""
    try:
        await request.body()
    except ClientDisconnect:
        raise HTTPException(status.HTTP_400_BAD_REQUEST) from None
{% if not c.is_async %}


def in_turn(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    """Return a coroutine that runs a function in a thread, when there is a connection for it.

    It waits in the event loop: threads that wait would be missing to those who have a connection.
    """
    if not inspect.isfunction(endpoint) or inspect.isgeneratorfunction(endpoint):
        return endpoint
    if inspect.iscoroutinefunction(endpoint) or inspect.isasyncgenfunction(endpoint):
        return endpoint

    @functools.wraps(endpoint)
    async def run(*arguments: Any, **named: Any) -> Any:
        await current_attempt().take_turn()
        return await run_in_threadpool(endpoint, *arguments, **named)

    return run
{% endif %}
