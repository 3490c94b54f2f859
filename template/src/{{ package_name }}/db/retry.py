"""Repetition: when to try again what a lost connection interrupted."""

import random
import time
from collections.abc import Iterator

import psycopg
from psycopg_pool import PoolTimeout
from sqlalchemy.exc import DBAPIError

FIRST_DELAY = 0.05  # seconds
LONGEST_DELAY = 2.0  # seconds

# https://www.postgresql.org/docs/current/errcodes-appendix.html
CONFLICT = "40"  # another transaction won: a deadlock, a serialization failure
TRANSIENT = (
    CONFLICT,
    "08",  # the connection failed
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


def driver_error(error: BaseException) -> psycopg.Error | None:
    """Return the error of the driver: SQLAlchemy wraps it, the repository does not."""
    if isinstance(error, DBAPIError):
        return error.orig if isinstance(error.orig, psycopg.Error) else None
    return error if isinstance(error, psycopg.Error) else None


def is_transient(error: BaseException) -> bool:
    """Return whether what failed can succeed unchanged: the statement was not at fault."""
    found = driver_error(error)
    if found is None:
        return False
    if found.sqlstate is None:
        return is_lost(found)
    return found.sqlstate.startswith(TRANSIENT) or is_stale(found)


def is_conflict(error: BaseException) -> bool:
    """Return whether another transaction won, which leaves all connections as they are."""
    found = driver_error(error)
    return found is not None and (found.sqlstate or "").startswith(CONFLICT)


def is_lost(error: BaseException) -> bool:
    """Return whether there was no connection, or the server gave no reason to end it.

    psycopg's own InternalError is about answers that do not fit the question: a pooler says that
    the server has gone, and then something closes the connection.
    """
    found = driver_error(error)
    lost = (psycopg.OperationalError, psycopg.InterfaceError, psycopg.InternalError)
    return isinstance(found, lost) and found.sqlstate is None and not isinstance(found, PoolTimeout)


def is_stale(error: BaseException) -> bool:
    """Return whether a prepared statement is of no use since a migration changed its result.

    The server goes on to refuse it ("cached plan must not change result type"), so the connection
    that prepared it has to be replaced.
    """
    found = driver_error(error)
    # The message depends on the language of the server, the function that raises it does not.
    return (
        found is not None
        and found.sqlstate == FEATURE_NOT_SUPPORTED
        and found.diag.source_function == "RevalidateCachedQuery"
    )
