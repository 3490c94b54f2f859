"""Tasks of this project: `uv run nox -l` lists them."""

import argparse
import json
import os
import re
import shlex
import socket
import sys
from pathlib import Path

import nox

# All sessions share the environment of the project, which `uv run` keeps in step with pyproject.toml.
nox.options.default_venv_backend = "none"
nox.options.sessions = ["lint", "typecheck", "tests"]

HOST = "127.0.0.1"
SCAFFOLD = "scripts/scaffold.py"
SCHEMA = "scripts/schema_file.py"
# Seconds after Ctrl-C in which a command may stop its PostgreSQL; nox by itself gives it 0.3.
STOP_TIMEOUT = 10

HOOKS = ".pre-commit-config.yaml"
# What it needs at the top of a repository that has more than this project.
HOOK = """
  - repo: local
    hooks:
      - id: {{ project_slug }}
        name: {{ project_slug }}
        entry: {entry}
        language: system
        files: {files}
        pass_filenames: false
"""


@nox.session
def dev(session: nox.Session) -> None:
    """Migrate the database and serve the API with reload: `nox -s dev -- PORT` (default 8000)."""
    parser = argparse.ArgumentParser("nox -s dev --", add_help=False, allow_abbrev=False)
    parser.add_argument("number", nargs="?", type=port_number, default=8000, metavar="PORT")
    parser.add_argument("--port", type=port_number, metavar="PORT")
    parser.add_argument("--host", default=HOST)
    arguments = parser.parse_args(session.posargs)
    port = arguments.port or arguments.number
    with socket.socket() as probe:
        if probe.connect_ex((HOST, port)) == 0:
            session.error(f"Something listens on port {port} already: nox -s dev -- PORT")
    create_first_migration(session)
    run(session, "alembic", "upgrade", "head")
    session.log(f"The API is documented at http://{HOST}:{port}/docs")
    command = ["uv", "run", "uvicorn", "{{ package_name }}.dev:create_app"]
    command += ["--factory", "--reload", "--reload-dir=src"]
    command += [f"--host={arguments.host}", f"--port={port}"]
    if sys.platform == "win32":
        session.run(*command, interrupt_timeout=STOP_TIMEOUT)
    else:
        # In place of nox, which would leave the server running when a signal ends it.
        os.execvp(command[0], command)  # noqa: S606


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, format and schema.yml; change nothing."""
    run(session, "ruff", "check")
    run(session, "ruff", "format", "--check")
    run(session, "python", SCHEMA)


@nox.session
def typecheck(session: nox.Session) -> None:
    """Check types."""
    run(session, "mypy")


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests on a throwaway PostgreSQL: `nox -s tests -- ARGUMENTS OF PYTEST`.

    Each processor has its own; `-- -n0` runs all in one process.
    """
    create_first_migration(session)
    parallel = ["--numprocesses=auto"] if (os.cpu_count() or 1) > 1 else []
    run(session, "pytest", *parallel, *session.posargs)


@nox.session
def migrations(session: nox.Session) -> None:
    """Upgrade the database and check that models and migrations agree.

    `nox -s migrations -- "what changes"` writes a migration instead and shows its SQL.
    """
    create_first_migration(session)
    run(session, "alembic", "upgrade", "head")
    if session.posargs:
        heads = session.run("uv", "run", "alembic", "heads", silent=True)
        newest = str(heads).split()[-2]  # "1975ea83b712 (head)"
        run(session, "alembic", "revision", "--autogenerate", "-m", " ".join(session.posargs))
        run(session, "alembic", "upgrade", f"{newest}:head", "--sql")
    else:
        run(session, "alembic", "check")


@nox.session
def seed(session: nox.Session) -> None:
    """Fill the database with rows to try it on: `nox -s seed -- --rows 100000 --seed 1`."""
    create_first_migration(session)
    run(session, "python", "-m", "seeding", *session.posargs)


@nox.session
def explain(session: nox.Session) -> None:
    """Show the statements of a request and their plans: `nox -s explain -- "GET /posts?limit=9"`."""
    run(session, "python", "-m", "explaining", *session.posargs)


@nox.session
def hooks(session: nox.Session) -> None:
    """Check each commit from now on, with pre-commit."""
    folder = output(session, "git", "rev-parse", "--show-prefix")
    if not folder:
        run(session, "pre-commit", "install")
        return
    # git has hooks for a whole repository, and runs them at its top.
    top = Path(output(session, "git", "rev-parse", "--show-toplevel"))
    config = top / HOOKS
    configured = config.read_text(encoding="utf-8") if config.is_file() else ""
    if folder not in configured:
        entry = f"uv run --directory {shlex.quote(folder)} nox -s lint typecheck"
        hook = HOOK.format(entry=json.dumps(entry), files=json.dumps(f"^{re.escape(folder)}"))
        session.error(
            f"This project is in {folder} of a repository, whose hooks are in one file at its top. "
            f"Put this into {config}, and run this session again:\n\n"
            + ("# below `repos:`" if configured else "repos:")
            + hook
        )
    session.chdir(top)
    session.run("uv", "run", "--project", folder, "pre-commit", "install")


@nox.session
def scaffold(session: nox.Session) -> None:
    """Bring the code in step with schema.yml; what was edited by hand stays.

    `nox -s scaffold -- --remove` also removes files of entities that are gone if they were edited.
    """
    session.run("uv", "run", "--script", SCAFFOLD, *session.posargs)


@nox.session
def update(session: nox.Session) -> None:
    """Take the newest version of the template; what was edited by hand stays."""
    session.run("uv", "run", "--upgrade", "--script", SCAFFOLD, "--latest", *session.posargs)


def create_first_migration(session: nox.Session) -> None:
    """Autogenerate the first migration where there is none."""
    if not any(Path("migrations/versions").glob("*.py")):
        session.log("There is no migration yet: creating the first one from the models")
        run(session, "alembic", "revision", "--autogenerate", "-m", "initial schema")


def port_number(text: str) -> int:
    """Return the number of a port."""
    if text.isdecimal() and 0 < int(text) < 65536:
        return int(text)
    raise argparse.ArgumentTypeError(f'"{text}" is not a port: 1 to 65535')


def output(session: nox.Session, *command: str) -> str:
    """Return the line that a command prints."""
    return str(session.run(*command, silent=True)).strip()


def run(session: nox.Session, *command: str) -> None:
    """Run a command in the environment of the project."""
    session.run("uv", "run", *command, interrupt_timeout=STOP_TIMEOUT)
