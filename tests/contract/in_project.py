"""Runs in a rendered project: makes the first migration, fills the database and serves the API.

Argument: the port.
"""

import importlib
import pkgutil
import sys
from pathlib import Path

import uvicorn
from alembic import command
from alembic.config import Config
from fastapi.testclient import TestClient
from my_blog.main import create_app

ROUNDS = 3  # of making each kind of row: requests delete some, and others need them still


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
    """Make rows with the factories of the project's own tests."""
    sys.path.insert(0, str(Path.cwd()))
    factories = importlib.import_module("tests.factories")
    modules = [
        importlib.import_module(f"{factories.__name__}.{module.name}")
        for module in pkgutil.iter_modules(factories.__path__)
    ]
    with TestClient(create_app()) as client:
        for module in modules * ROUNDS:
            for name, create in vars(module).items():
                if name.startswith("create_"):
                    create(client)


if __name__ == "__main__":
    main(int(sys.argv[1]))
