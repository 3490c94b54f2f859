{% import "includes/concurrency.jinja" as c with context %}
"""The class of routes whose requests outlive a lost connection to the database."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any

from fastapi import Request, Response
{% if not c.is_async %}
from fastapi.concurrency import run_in_threadpool
{% endif %}
from fastapi.routing import APIRoute
from sqlalchemy.exc import DBAPIError

from {{ package_name }}.db import idempotency
from {{ package_name }}.db.retry import delays, is_transient

logger = logging.getLogger(__name__)


class DatabaseRoute(APIRoute):
    """Runs an endpoint again that lost its connection before its transaction was committed.

    A suspended compute wakes up in the meantime, so the answer comes later, but it comes. What an
    endpoint does besides using the database, it may do twice: leave mails and the like to
    background tasks, which run after the commit.
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

        async def answer(request: Request) -> Response:
            waits = delays(request.app.state.retry_timeout)
            while True:
                try:
                    return await attempt(request)
                except DBAPIError as error:
                    wait = next(waits, None)
                    if wait is None or not is_transient(error):
                        raise
                    logger.warning("Trying again in %.2f s: %s", wait, error.orig)
                await asyncio.sleep(wait)

        return answer
