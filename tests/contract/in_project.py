"""Runs in a rendered project: makes the first migration, fills the database and serves the API.

Argument: the port.
"""

import importlib
import pkgutil
import random
import sys
from pathlib import Path

import uvicorn
from alembic import command
from alembic.config import Config
from my_blog.db.urls import direct_url
from my_blog.settings import Settings
from sqlalchemy import create_engine

ROWS = 3  # of each kind: requests delete some, and others need them still


def main(port: int) -> None:
    """Serve until interrupted."""
    config = Config(toml_file="pyproject.toml")
    command.revision(config, "initial schema", autogenerate=True)
    command.upgrade(config, "head")
    fill()
    uvicorn.run(
        "my_blog.main:create_app", factory=True, host="127.0.0.1", port=port, log_level="warning"
    )


def fill() -> None:
    """Make rows as the project's own tests do."""
    sys.path.insert(0, str(Path.cwd()))
    resources = importlib.import_module("tests.resources")
    engine = create_engine(direct_url(Settings()))
    rows = importlib.import_module("tests.rows").Rows(engine)
    random.seed(1)
    for module in pkgutil.iter_modules(resources.__path__):
        resource = importlib.import_module(f"{resources.__name__}.{module.name}")
        rows.make_some(getattr(resource, module.name.upper()).model, ROWS)
    engine.dispose()


if __name__ == "__main__":
    main(int(sys.argv[1]))
