"""Repetition: when to try again what a lost connection interrupted."""

import random
import time
from collections.abc import Iterator

from sqlalchemy.exc import DBAPIError, OperationalError

FIRST_DELAY = 0.05  # seconds
LONGEST_DELAY = 2.0  # seconds

# https://www.postgresql.org/docs/current/errcodes-appendix.html
TRANSIENT = (
    "08",  # the connection failed
    "40",  # another transaction won: a deadlock, a serialization failure
    "57P",  # the server shuts down, crashed or is starting
    "26000",  # the server, or a pooler, lost a prepared statement
)
FEATURE_NOT_SUPPORTED = "0A000"


def delays(timeout: float) -> Iterator[float]:
    """Yield how many seconds to wait before each further attempt, for `timeout` seconds.

    The first one follows at once: that a connection was lost while it was idle does not mean that
    a new one will be. Then the wait is a random part of a time that doubles, so that those who
    failed together do not come back together ("full jitter"):
    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """
    deadline = time.monotonic() + timeout
    longest = 0.0
    while (left := deadline - time.monotonic()) > 0:
        yield min(random.uniform(0, longest), left)  # noqa: S311  (no secret)
        longest = min(max(FIRST_DELAY, 2 * longest), LONGEST_DELAY)


def is_transient(error: DBAPIError) -> bool:
    """Return whether what failed can succeed unchanged: the statement was not at fault."""
    state = getattr(error.orig, "sqlstate", None)
    if state is None:
        # The connection was lost. Errors while connecting, of whatever kind, have no state either.
        connecting = error.statement is None and isinstance(error, OperationalError)
        return error.connection_invalidated or connecting
    return str(state).startswith(TRANSIENT) or is_stale(error.orig)


def is_stale(error: BaseException | None) -> bool:
    """Return whether a prepared statement is of no use since a migration changed its result.

    The server goes on to refuse it ("cached plan must not change result type"), so the connection
    that prepared it has to be replaced.
    """
    state = getattr(error, "sqlstate", None)
    diagnostic = getattr(error, "diag", None)
    # The message depends on the language of the server, the function that raises it does not.
    function = getattr(diagnostic, "source_function", None)
    return state == FEATURE_NOT_SUPPORTED and function == "RevalidateCachedQuery"
