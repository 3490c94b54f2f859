{% from "includes/python.jinja" import sorted_imports with context %}
"""The command line: `uv run nox -s seed -- --help`."""

import sys
import time
from pathlib import Path
from typing import Annotated

import psycopg
import typer
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

{{ sorted_imports([
  [package_name ~ ".db.embedded", ["EmbeddedError"]],
  [package_name ~ ".db.urls", ["direct_url"]],
  [package_name ~ ".settings", ["load_settings"]],
  ["seeding.fill", ["Filled", "NotEmptyError", "fill"]],
]) }}

PROJECT = Path(__file__).resolve().parents[1]

NOT_EMPTY = """\
These tables have rows already: {tables}
Fill a database beside it: uv run {{ project_slug }} branch create seeded --schema-only --env
Or delete all rows of the tables first: add --replace"""


def main() -> None:
    """Run the command line; errors that need no traceback have none."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(fill_database)
    try:
        app(prog_name="nox -s seed --")
    except (CommandError, EmbeddedError, LookupError, psycopg.Error) as error:
        sys.exit(f"{str(error).strip()}\nNo row was written.")


def fill_database(
    rows: Annotated[int, typer.Option(min=1, help="How many rows, links aside.")] = 10_000,
    seed: Annotated[int, typer.Option(help="The same one makes the same rows.")] = 1,
    table: Annotated[
        list[str] | None, typer.Option(metavar="NAME=N", help="How many rows of a table.")
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Delete the rows first.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before.")] = False,
) -> None:
    """Fill the database of the settings with rows to try it on."""
    tables = dict(map(table_and_rows, table or []))
    settings = load_settings()
    if settings.environment == "production":
        sys.exit("These are the settings of production (ENVIRONMENT): no rows are made up there.")
    url = direct_url(settings)
    if replace and not yes:
        place = f"{url.database} on {url.host or 'this machine'}"
        typer.confirm(f"Delete all rows of all tables in {place}?", abort=True)
    command.upgrade(Config(toml_file=PROJECT / "pyproject.toml"), "head")
    start = time.perf_counter()
    columns = (TextColumn("{task.description:20}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    try:
        with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as bar:
            task = bar.add_task("", total=rows)

            def advance(name: str, count: int) -> None:
                bar.update(task, description=name, advance=count)

            filled = fill(
                url, rows=rows, seed=seed, tables=tables, replace=replace, progress=advance
            )
    except NotEmptyError as error:
        sys.exit(NOT_EMPTY.format(tables=error))
    for line in report(filled):
        typer.echo(line)
    typer.echo(f"In {time.perf_counter() - start:.1f} s")


def table_and_rows(text: str) -> tuple[str, int]:
    """Return what NAME=N says."""
    name, equals, number = text.partition("=")
    if not equals or not number.isdecimal():
        raise typer.BadParameter(f"{text} is not NAME=N", param_hint="--table")
    return name, int(number)


def report(filled: list[Filled]) -> list[str]:
    """Return a line for each table."""
    width = max(len(each.table) for each in filled)
    lines = []
    for each in filled:
        note = "  links" if each.is_link else "  no more fit" if each.is_full else ""
        lines.append(f"{each.table:{width}} {each.rows:>11,}{note}")
    return lines


if __name__ == "__main__":
    main()
