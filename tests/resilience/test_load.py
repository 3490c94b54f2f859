"""No request fails and no write is lost or doubled, whatever happens to the database."""

import asyncio
import time
from collections.abc import Collection
from statistics import quantiles

import pytest

from tests.resilience.disturbances import DISTURBANCES, Disturbance
from tests.resilience.load import PATIENCE, Book, Client, ClientWithoutKeys
from tests.resilience.report import Report
from tests.resilience.stack import Stack, of_each_project, of_each_way

# In addition to those of --clients.
CLIENTS_WITHOUT_KEYS = 4
# The part of the time, at its end, in which nothing happens to the database any more.
CALM = 0.25
# How many of what is wrong a failure names.
SHOWN = 5


@of_each_project
@of_each_way
@pytest.mark.parametrize("disturbance", DISTURBANCES)
def test_load(
    pytestconfig: pytest.Config,
    runner: asyncio.Runner,
    stack: Stack,
    disturbance: str,
    report: Report,
) -> None:
    seconds: float = pytestconfig.getoption("--seconds")
    clients: int = pytestconfig.getoption("--clients")
    book = Book()
    count = runner.run(load(stack, book, clients, seconds, DISTURBANCES[disturbance]))
    found = book.compare(stack.server, stack.database)
    percentiles = quantiles(book.latencies, n=100)
    report(
        "load",
        disturbances=count,
        per_second=len(book.latencies) / seconds,
        p50=percentiles[49] * 1000,
        p95=percentiles[94] * 1000,
        p99=percentiles[98] * 1000,
        max=max(book.latencies) * 1000,
        repeats=book.repeats,
        unknown=len(book.unknown),
        stored=len(found.unknown_stored),
        failed=len(book.failures),
    )
    assert not book.failures, shown(book.failures)
    assert not found.lost, shown(found.lost)
    assert not found.doubled, shown(found.doubled)
    assert not found.unannounced, shown(found.unannounced)
    assert not found.outdated, shown(found.outdated)
    assert (count > 0) == (disturbance != "undisturbed")


async def load(
    stack: Stack, book: Book, clients: int, seconds: float, disturbance: Disturbance
) -> int:
    """Load the service while its database is disturbed; return how often it was."""
    members = [Client(stack.port, book) for _ in range(clients)]
    members += [ClientWithoutKeys(stack.port, book) for _ in range(CLIENTS_WITHOUT_KEYS)]
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*(member.begin() for member in members))
    end = time.perf_counter() + seconds
    async with asyncio.TaskGroup() as group:
        disturbed = group.create_task(disturbance(stack, seconds * (1 - CALM)))
        for member in members:
            group.create_task(member.run(end))
    return disturbed.result()


def shown(items: Collection[object]) -> str:
    """Return how many items there are, and some."""
    return "\n".join([f"{len(items)}, such as", *map(str, list(items)[:SHOWN])])
