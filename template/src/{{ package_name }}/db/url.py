"""What DATABASE_URL may be."""

import re

from psycopg import ProgrammingError
from psycopg.conninfo import make_conninfo
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

# The name of a driver may follow: this project has its own, so any will do.
SCHEME = re.compile(r"postgres(ql)?(\+\w+)?://", re.IGNORECASE)

SPECIAL = (
    "cannot be read: write special characters of the password as %40 for @, %3A for :, %2F for /, "
    "%3F for ?, %23 for # and %25 for %"
)


def checked_url(text: str) -> str:
    """Return the URL without the spaces and quotes around it.

    Raises ValueError if it does not lead to a database of PostgreSQL. The message says what to do,
    and nothing of the URL that may be secret.
    """
    url = text.strip()
    if url[:1] in ("'", '"') and url[:1] == url[-1:]:
        url = url[1:-1].strip()
    if re.match(r"psql\s", url):
        raise ValueError("is a command: leave out psql and the quotes, and keep the URL")
    if not SCHEME.match(url):
        raise ValueError("does not start with postgresql://")
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise ValueError(SPECIAL) from None
    if re.search(r"[@\s]", f"{parsed.host}{parsed.database}"):
        raise ValueError(SPECIAL)
    if parsed.password and not str(parsed.password).strip("*•"):
        raise ValueError("has no password but asterisks: show the password, then copy the URL")
    if not parsed.database and "dbname" not in parsed.query:
        raise ValueError("names no database: end it with /NAME, before a question mark")
    try:
        make_conninfo(**dict.fromkeys(parsed.query, ""))
    except ProgrammingError as error:
        problem = str(error).strip()
        raise ValueError(f"has a parameter that PostgreSQL does not know: {problem}") from None
    return url
