"""What happens to the database of a service, again and again for some seconds.

Each of these returns how often it happened, and leaves a database that runs.
"""

import asyncio
import random
import time
from collections.abc import Callable, Coroutine
from itertools import cycle, product
from typing import Any, get_args

import psycopg

from tests.resilience.neon import Suspension
from tests.resilience.postgres import Stop
from tests.resilience.stack import Stack

Disturbance = Callable[[Stack, float], Coroutine[Any, Any, int]]

TERMINATE = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
ORDER BY random() LIMIT 1
"""


async def nothing(stack: Stack, seconds: float) -> int:
    """Leave the database alone."""
    return 0


async def suspensions(stack: Stack, seconds: float) -> int:
    """Suspend the compute every few seconds, in all the ways it may go and come back."""
    end = time.monotonic() + seconds
    count = 0
    for refuses, resets in cycle(product((False, True), repeat=2)):
        await asyncio.sleep(random.uniform(1.0, 2.5))
        if time.monotonic() > end:
            break
        losing, waking = random.uniform(0, 0.05), random.uniform(0.2, 1.0)
        await stack.proxy.suspend(Suspension(losing, waking, refuses, resets))
        count += 1
    return count


async def restarts(stack: Stack, seconds: float) -> int:
    """Restart the server twice: once it ends its connections, once it crashes and recovers."""
    stops = get_args(Stop)
    for stop in stops:
        await asyncio.sleep(seconds / len(stops) / 2)
        await asyncio.to_thread(stack.server.stop, stop)
        await asyncio.sleep(0.5)
        await asyncio.to_thread(stack.server.start)
    return len(stops)


async def terminations(stack: Stack, seconds: float) -> int:
    """Terminate connections at random, some ten in a second."""
    end = time.monotonic() + seconds
    count = 0
    url = stack.server.url(stack.database)
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        while time.monotonic() < end:
            await asyncio.sleep(random.uniform(0, 0.2))
            cursor = await connection.execute(TERMINATE)
            count += cursor.rowcount
    return count


DISTURBANCES: dict[str, Disturbance] = {
    "undisturbed": nothing,
    "suspended": suspensions,
    "restarted": restarts,
    "terminated": terminations,
}
