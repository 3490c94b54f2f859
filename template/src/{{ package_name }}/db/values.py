"""Values that clients sent: what the database refuses of them is the client's to mend."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DataError, DBAPIError

# https://www.postgresql.org/docs/current/errcodes-appendix.html
UNREPRESENTABLE = (
    "22001",  # too long for its column
    "22003",  # a number out of range
    "22007",  # no date
    "22008",  # a date out of range
    "22021",  # a character that the encoding of the database lacks
    "22P02",  # text that is no value of the type
    "22P05",  # a character that cannot be in jsonb
)
TOO_LONG = ("54000", "54001")  # for the index of its column, or too deep


class RefusedValueError(ValueError):
    """The database cannot hold a value."""


@contextmanager
def client_values() -> Iterator[None]:
    """Run statements whose values a client sent. Raises RefusedValueError if one cannot be held.

    The answer is then a 422. The same error of a statement outside of this is the server's own
    fault: a 500.
    """
    try:
        yield
    except UnicodeEncodeError as error:  # half a surrogate pair
        raise RefusedValueError("A value is not representable in the database") from error
    except DBAPIError as error:
        state = getattr(error.orig, "sqlstate", None)
        # What the driver refuses by itself, such as a NUL character, has no state.
        if state in UNREPRESENTABLE or (state is None and isinstance(error, DataError)):
            raise RefusedValueError("A value is not representable in the database") from error
        if state in TOO_LONG:
            raise RefusedValueError("A value is too long for the database") from error
        raise
