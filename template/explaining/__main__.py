{% from "includes/python.jinja" import sorted_imports with context %}
"""The command line: `uv run nox -s explain -- "GET /posts"`."""

import sys
import time
from typing import Annotated

import psycopg
import typer
from fastapi.testclient import TestClient

{{ sorted_imports([
  [package_name ~ ".db.urls", ["conninfo", "direct_url"]],
  [package_name ~ ".main", ["create_app"]],
  [package_name ~ ".settings", ["load_settings"]],
  ["explaining.statements", ["collecting"]],
]) }}

OPTIONS = "ANALYZE, BUFFERS, COSTS"


def main() -> None:
    """Run the command line."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(explain)
    app(prog_name="nox -s explain --")


def explain(
    request: Annotated[str, typer.Argument(help='Such as "GET /posts?status=draft&limit=10".')],
) -> None:
    """Send a request to the application; show its statements, and how the database runs them."""
    method, _, path = request.strip().rpartition(" ")
    if method not in ("", "GET"):
        sys.exit(f"Only what reads can be explained, by GET: {method} could change something.")
    settings = load_settings()
    with TestClient(create_app(settings)) as client:
        client.get(path)  # statements are built and compiled the first time
        start = time.perf_counter()
        with collecting() as statements:
            response = client.get(path)
        milliseconds = 1000 * (time.perf_counter() - start)
        typer.echo(f"GET {path}: {response.status_code}, {milliseconds:.1f} ms")
        if not response.is_success:
            typer.echo(response.text)
        with psycopg.connect(conninfo(direct_url(settings)), autocommit=True) as connection:
            for number, sent in enumerate(statements, 1):
                typer.echo(f"\nStatement {number} of {len(statements)}")
                typer.echo(sent.sql.decode())
                typer.echo(f"with {dict(sent.values)}")
                for line in sent.explained(connection, OPTIONS):
                    typer.echo(f"    {line}")


if __name__ == "__main__":
    main()
