{% import "includes/concurrency.jinja" as c with context %}
{% set Cursor = "AsyncCursor" if c.is_async else "Cursor" %}
"""How long a statement may run on the server, which ends it also if the service has died."""

from collections.abc import {{ "AsyncIterator, Iterable" if c.is_async else "Iterable, Iterator" }}
from contextlib import {{ "asynccontextmanager" if c.is_async else "contextmanager" }}
from typing import Any, Self

from psycopg import {{ Cursor }}
from psycopg.pq import TransactionStatus


def limited_cursor(seconds: float | None) -> type[{{ Cursor }}[Any]]:
    """Return what runs statements; the server ends those that take longer than `seconds`.

    The limit belongs to a transaction: a pooler that hands the connection to others, as Neon's
    does, would hand them a limit of the session as well.
    """
    if seconds is None:
        return {{ Cursor }}
    limit = f"SET LOCAL statement_timeout = '{round(1000 * seconds)}ms'".encode()

    class LimitedCursor({{ Cursor }}[Any]):
        """A cursor that sets the limit together with the first statement of a transaction."""

        {{ c.async_ }}def execute(
            self,
            query: Any,
            params: Any = None,
            *,
            prepare: bool | None = None,
            binary: bool | None = None,
        ) -> Self:
            {{ c.async_ }}with self._limited():
                {{ c.await_ }}super().execute(query, params, prepare=prepare, binary=binary)
            return self

        {{ c.async_ }}def executemany(
            self,
            query: Any,
            params_seq: Iterable[Any],
            *,
            returning: bool = False,
        ) -> None:
            {{ c.async_ }}with self._limited():
                {{ c.await_ }}super().executemany(query, params_seq, returning=returning)

        @{{ "asynccontextmanager" if c.is_async else "contextmanager" }}
        {{ c.async_ }}def _limited(self) -> {{ c.Iterator }}[None]:
            connection = self.connection
            if connection.info.transaction_status is not TransactionStatus.IDLE:
                yield
                return
            stands_alone = connection.autocommit
            beginning = {{ Cursor }}(connection)
            try:
                # One round trip for all. COMMIT is another one: psycopg ends a pipeline with a Flush,
                # for which PgBouncer, outside of a transaction, would keep a connection to the
                # server until the next statement.
                {{ c.async_ }}with connection.pipeline():
                    if stands_alone:
                        {{ c.await_ }}beginning.execute(b"BEGIN")
                    {{ c.await_ }}beginning.execute(limit, prepare=False)
                    yield
                if stands_alone:
                    {{ c.await_ }}connection.commit()
            except BaseException:
                if stands_alone and not connection.closed:
                    {{ c.await_ }}connection.rollback()
                raise

    return LimitedCursor
