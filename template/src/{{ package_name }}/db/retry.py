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
)


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
        return error.connection_invalidated or isinstance(error, OperationalError)
    return str(state).startswith(TRANSIENT)
