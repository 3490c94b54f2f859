"""Which statements a request takes: those that the database writes to its log."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.resilience.postgres import Server

# Until all connections know of a changed setting, which they heed from their next statement on.
RELOAD_SECONDS = 0.5

# A statement with values is logged as "execute", with the name under which it is prepared, if it
# is. A line that begins with a tab belongs to the one before.
STATEMENT = re.compile(
    r"^\S+ \S+ \S+ \[\d+\] LOG:  (?:statement|execute [^:]+): (.*(?:\n\t.*)*)", re.MULTILINE
)


@contextmanager
def logged(server: Server) -> Iterator[list[str]]:
    """Yield a list, which in the end has all statements that the server got in the meantime."""
    ((path,),) = server.execute("SELECT current_setting('data_directory') || '/log'")
    log = Path(path)
    statements: list[str] = []
    set_logging(server, "SET log_statement = 'all'")
    before = log.stat().st_size
    try:
        yield statements
        statements += statements_of(log.read_bytes()[before:].decode())
    finally:
        set_logging(server, "RESET log_statement")


def set_logging(server: Server, what: str) -> None:
    """Change the setting in all connections."""
    server.execute(f"ALTER SYSTEM {what}")
    server.execute("SELECT pg_reload_conf()")
    time.sleep(RELOAD_SECONDS)


def statements_of(log: str) -> list[str]:
    """Return the statements that are in a log, each on one line."""
    return [" ".join(statement.split()) for statement in STATEMENT.findall(log)]
