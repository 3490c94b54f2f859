{% from "includes/python.jinja" import import_from with context %}
"""The command line: `uv run {{ project_slug }} --help`."""

import sys
from typing import Annotated

import psycopg
import typer
from sqlalchemy import make_url

from {{ package_name }}.branches import Branch, BranchError, Branches, find
from {{ package_name }}.branches.env_file import write_database_url
from {{ package_name }}.branches.local import LocalBranches
from {{ package_name }}.db.embedded import EmbeddedError, is_embedded
{{ import_from(package_name ~ ".db.revisions", ["MigrationsMissingError", "migrations_directory"]) }}
from {{ package_name }}.settings import ENV_FILE, Settings, load_settings

# Tracebacks as Python writes them: without the values of variables.
app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def tools() -> None:
    """Tools for development and releases."""


@app.command()
def migrate() -> None:
    """Bring the database to the newest migration.

    As `alembic upgrade head`, from any folder, and without the sources of the project.
    """
    from alembic.config import CommandLine, Config

    command_line = CommandLine()
    options = command_line.parser.parse_args(["upgrade", "head"])
    config = Config(cmd_opts=options)
    location = str(migrations_directory()).replace("%", "%%")
    config.set_main_option("script_location", location)
    command_line.run_cmd(config, options)


branch_app = typer.Typer(
    no_args_is_help=True,
    help="Branches of the database: on Neon where NEON_PROJECT_ID is set, else local.",
)
app.add_typer(branch_app, name="branch")

Name = Annotated[str, typer.Argument(help="The name of the branch.")]
Env = Annotated[bool, typer.Option("--env", help="Write its DATABASE_URL to .env.")]


@branch_app.command()
def create(
    name: Name,
    env: Env = False,
    schema_only: Annotated[bool, typer.Option("--schema-only", help="Copy no rows.")] = False,
    days: Annotated[
        int | None,
        typer.Option(min=1, max=30, help="Delete it after so many days (Neon only)."),
    ] = None,
) -> None:
    """Create a branch of the main one."""
    branches = open_branches(load_settings())
    branch = branches.create(name, schema_only=schema_only, days=days)
    typer.echo(f'Created the branch "{name}"')
    if env:
        _write_env(branches, branch)


@branch_app.command("list")
def list_() -> None:
    """List all branches."""
    for branch in open_branches(load_settings()).all():
        notes = [
            f"from {branch.parent}" if branch.parent else "",
            "protected" if branch.protected else "",
            f"until {branch.expires_at:%Y-%m-%d %H:%M %Z}" if branch.expires_at else "",
        ]
        typer.echo(f"{branch.name}  {', '.join(filter(None, notes))}")


@branch_app.command()
def reset(name: Name) -> None:
    """Make a branch what its parent is now: what was changed on it is lost."""
    branches = open_branches(load_settings())
    branches.reset(_found(branches, name))
    typer.echo(f'Reset the branch "{name}"')


@branch_app.command()
def delete(
    name: Name,
    missing_ok: Annotated[bool, typer.Option("--missing-ok", help="There may be none.")] = False,
) -> None:
    """Delete a branch."""
    branches = open_branches(load_settings())
    if missing_ok and find(branches, name) is None:
        typer.echo(f'There is no branch "{name}"')
        return
    branches.delete(_found(branches, name))
    typer.echo(f'Deleted the branch "{name}"')


@branch_app.command()
def url(name: Name, env: Env = False) -> None:
    """Print the DATABASE_URL of a branch; on Neon it holds a password."""
    branches = open_branches(load_settings())
    branch = _found(branches, name)
    if env:
        _write_env(branches, branch)
    else:
        typer.echo(branches.url(branch))


def open_branches(settings: Settings) -> Branches:
    """Return the branches on Neon or, without a project there, those on this machine.

    Raises BranchError where the API key is missing, or DATABASE_URL leads to some other server.
    """
    if settings.neon_project_id is None:
        url = settings.database_url
        if url and not is_embedded(make_url(url.get_secret_value()), settings.embedded_directory):
            raise BranchError("For branches of DATABASE_URL, set NEON_PROJECT_ID and NEON_API_KEY")
        return LocalBranches(settings.embedded_directory)
    if settings.neon_api_key is None:
        raise BranchError("NEON_PROJECT_ID is set, but not NEON_API_KEY")
    try:
        from {{ package_name }}.branches.neon import NeonBranches
        from {{ package_name }}.branches.neon_api import NeonApi
    except ImportError as error:
        raise BranchError(f"Branches on Neon need the package {error.name}") from None
    api = NeonApi(settings.neon_api_key, settings.neon_project_id)
    return NeonBranches(api, settings.neon_database)


def main() -> None:
    """Run the command line; errors that need no traceback have none."""
    try:
        app()
    except (BranchError, EmbeddedError, MigrationsMissingError, psycopg.Error) as error:
        sys.exit(str(error).strip())


def _found(branches: Branches, name: str) -> Branch:
    branch = find(branches, name)
    if branch is None:
        names = ", ".join(branch.name for branch in branches.all())
        raise BranchError(f'There is no branch "{name}", but: {names}')
    return branch


def _write_env(branches: Branches, branch: Branch) -> None:
    write_database_url(ENV_FILE, branches.url(branch))
    typer.echo(f'DATABASE_URL in {ENV_FILE} leads to the branch "{branch.name}" now')


if __name__ == "__main__":
    main()
