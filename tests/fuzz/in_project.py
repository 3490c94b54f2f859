"""Runs in a rendered project: makes the first migration and runs the tests.

Arguments: the folder SCRATCH for databases, the exit code that says that there is no migration, and
`no-tests` to stop after it.

One process for both saves the second import of all libraries; one server for both, the second
initdb. SCRATCH is best in memory: most of what the tests wait for is the copying of databases.
"""

import os
import sys
from importlib import import_module
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from my_blog.db import embedded

# Those that depend on the domain; all others run in each variant.
TESTS = [
    "tests/api",
    "tests/test_idempotency.py",
    "tests/test_lost_connections.py",
    "tests/test_migrations.py",
    "tests/test_seed.py",
    "tests/test_transactions.py",
]


def main(scratch: Path, no_migration: int, tests: bool) -> int:
    """Return the exit code."""
    url = embedded.embedded_url(scratch / "server")
    embedded.embedded_url = lambda directory: url
    os.environ["DATABASE_URL"] = url
    try:
        command.revision(Config(toml_file="pyproject.toml"), "initial schema", autogenerate=True)
    except Exception:
        sys.excepthook(*sys.exc_info())
        return no_migration
    if not tests:
        return 0
    sys.path.append(str(Path(__file__).parents[1]))
    if differences := list(import_module("domain_in_project").differences()):
        print(*differences, sep="\n")
        return pytest.ExitCode.TESTS_FAILED
    options = ["-x", "-q", "--tb=short", "--no-header", "-p", "no:cacheprovider"]
    # What the migration imported includes a plugin of pytest.
    options.append("-Wignore:Module already imported")
    return pytest.main([*options, f"--basetemp={scratch / 'pytest'}", *TESTS])


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), tests="no-tests" not in sys.argv[3:]))
