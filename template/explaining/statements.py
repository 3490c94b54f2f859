{% import "includes/concurrency.jinja" as c with context %}
{% set cursor = "AsyncCursor" if c.is_async else "Cursor" %}
"""The statements of a request, and their plans."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import psycopg

Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True)
class Sent:
    """A statement as the driver got it."""

    sql: bytes
    values: Mapping[str, Any]

    def explained(self, connection: Connection, options: str) -> list[Any]:
        """Run the statement; return the rows of EXPLAIN, for these values."""
        query = b"EXPLAIN (%s) %s" % (options.encode(), self.sql)
        # One that is prepared would be planned for any values.
        found = connection.execute(query, self.values, prepare=False).fetchall()
        return [row for (row,) in found]


@contextmanager
def observing(observe: Callable[[Sent], None]) -> Iterator[None]:
    """Show each statement that this process sends meanwhile, before it is sent."""
    execute = psycopg.{{ cursor }}.execute

    {{ c.async_ }}def show(cursor: Any, query: Any, params: Any = None, **options: Any) -> Any:
        sql = query if isinstance(query, bytes) else str(query).encode()
        observe(Sent(sql, params or {}))
        return {{ c.await_ }}execute(cursor, query, params, **options)

    with patch.object(psycopg.{{ cursor }}, "execute", show):
        yield


@contextmanager
def collecting() -> Iterator[list[Sent]]:
    """Collect the statements that this process sends meanwhile."""
    collected: list[Sent] = []
    with observing(collected.append):
        yield collected
