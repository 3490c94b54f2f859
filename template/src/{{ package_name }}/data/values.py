"""Values that clients sent: what the database refuses of them is the client's to mend."""

import psycopg

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
    """The database cannot hold a value that a client sent.

    The answer is a 422. The same error of a statement that is not of the repository is the server's
    own fault: a 500.
    """


def refusal(error: Exception) -> str | None:
    """Return what to say if an error means that the database cannot hold a value."""
    if isinstance(error, UnicodeEncodeError):  # half a surrogate pair
        return "A value is not representable in the database"
    if isinstance(error, psycopg.Error):
        state = error.sqlstate
        # What the driver refuses by itself, such as a NUL character, has no state.
        if state in UNREPRESENTABLE or (state is None and isinstance(error, psycopg.DataError)):
            return "A value is not representable in the database"
        if state in TOO_LONG:
            return "A value is too long for the database"
    return None
