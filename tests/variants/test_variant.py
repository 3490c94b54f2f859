"""Rendered projects are green on arrival: every variant of the blog, and the examples."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.environment import STOP_TIMEOUT, Commands, free_port, wait_until_served
from tests.rendering import REPOSITORY, tree
from tests.reserved import RESERVED
from tests.variants.projects import EXAMPLES, VARIANTS

DOMAIN = REPOSITORY / "tests" / "domain_in_project.py"


def of_each(projects: list[tuple[str, str]]) -> pytest.MarkDecorator:
    """Run a test for each project."""
    names = ["-".join(project) for project in projects]
    return pytest.mark.parametrize("answers", projects, ids=names, indirect=True, scope="session")


@of_each(VARIANTS + EXAMPLES)
def test_both_tools_render_the_same(project: Path, cookiecutter_project: Path) -> None:
    assert tree(project) == tree(cookiecutter_project)


@of_each(VARIANTS)
def test_pytest_without_a_migration_says_what_to_do(commands: Commands) -> None:
    process = commands.run("pytest", check=False)
    assert process.returncode == 4
    assert 'uv run alembic revision --autogenerate -m "initial schema"' in process.stdout


@of_each(VARIANTS + EXAMPLES)
def test_checks_of_the_project(commands: Commands) -> None:
    """Runs ruff, ruff format --check, mypy --strict and the tests, as a user would."""
    output = commands.run("nox").stdout
    assert "creating the first one" in output
    assert " passed" in output
    assert "skipped" not in output


@of_each(VARIANTS + EXAMPLES)
def test_layers_and_filters_are_those_of_the_domain(commands: Commands) -> None:
    commands.run("python", str(DOMAIN))


@of_each(VARIANTS + EXAMPLES)
def test_modules_of_dependencies_are_reserved(commands: Commands) -> None:
    """A package of one of these names would hide it."""
    script = "from importlib.metadata import packages_distributions as modules; print(*modules())"
    modules = set(commands.run("python", "-c", script).stdout.split())
    usable = {name for name in modules if re.fullmatch("[a-z][a-z0-9_]*", name)}
    assert usable <= set(RESERVED.project_modules)


@of_each(VARIANTS + EXAMPLES)
def test_commands_of_dependencies_are_reserved(commands: Commands) -> None:
    """A project with a command of one of these names would overwrite it."""
    script = "import os, sys; print(*os.listdir(os.path.dirname(sys.executable)))"
    scripts = set(commands.run("python", "-c", script).stdout.split())
    usable = {name for name in scripts if re.fullmatch("[a-z][a-z0-9]*(-[a-z0-9]+)*", name)}
    assert usable <= set(RESERVED.commands)


@of_each(VARIANTS + EXAMPLES)
def test_pre_commit(project: Path, commands: Commands) -> None:
    """The hooks pass and change nothing."""
    commands.run("git", "add", "--all")
    commands.run("pre-commit", "run", "--all-files")
    assert commands.run("git", "diff", "--name-only").stdout == ""


@of_each(VARIANTS)
def test_migration_commands(commands: Commands) -> None:
    commands.run("alembic", "upgrade", "head")
    commands.run("alembic", "check")
    commands.run("alembic", "downgrade", "-1")
    assert "CREATE TABLE posts" in commands.run("alembic", "upgrade", "head", "--sql").stdout
    assert "No new upgrade operations" in commands.run("nox", "-s", "migrations").stdout


@of_each(VARIANTS)
def test_migration_commands_with_a_database_url(commands: Commands) -> None:
    with other_server(commands) as url:
        commands.run("alembic", "upgrade", "head", DATABASE_URL=url)
        commands.run("alembic", "check", DATABASE_URL=url)
        assert "(head)" in commands.run("alembic", "current", DATABASE_URL=url).stdout


@of_each(VARIANTS)
def test_tests_on_a_database_url(commands: Commands) -> None:
    with other_server(commands) as url:
        tests = ("nox", "-s", "tests", "--", "--on-database-url", "tests/test_migrations.py")
        assert " passed" in commands.run(*tests, DATABASE_URL=url).stdout
        unreachable = commands.run(*tests, check=False, DATABASE_URL="postgresql://127.0.0.1:1/db")
        assert unreachable.returncode != 0


@of_each(VARIANTS)
def test_branches(project: Path, commands: Commands) -> None:
    """Commands find the branch in .env and start its server."""
    branch = ("python", "-m", "my_blog.cli", "branch")
    commands.run("alembic", "upgrade", "head")
    commands.run(*branch, "create", "feature", "--env")
    commands.run("alembic", "downgrade", "base")
    assert "(head)" not in commands.run("alembic", "current").stdout
    commands.run(*branch, "url", "main", "--env")
    assert "(head)" in commands.run("alembic", "current").stdout
    commands.run(*branch, "delete", "feature")
    assert commands.run(*branch, "list").stdout == "main  protected\n"
    (project / ".env").unlink()
    assert not (project / ".postgres" / "postmaster.pid").exists()


@of_each([VARIANTS[0], VARIANTS[-1]])
def test_commands_in_other_folders(project: Path, commands: Commands, tmp_path: Path) -> None:
    """They find the project, its settings and its database."""
    branch = ("python", "-m", "my_blog.cli", "branch")
    source, tests = project / "src", project / "tests"
    commands.run("alembic", "upgrade", "head")
    commands.run(*branch, "create", "feature", "--env", folder=source)
    commands.run("alembic", "downgrade", "base")  # of the branch, as .env says
    assert commands.run(*branch, "list", folder=tmp_path).stdout == (
        "main  protected\nfeature  from main\n"
    )
    commands.run(*branch, "url", "main", "--env", folder=tmp_path)
    assert "(head)" in commands.run("alembic", "current").stdout
    commands.run(*branch, "delete", "feature", folder=tests)
    (project / ".env").unlink()
    for folder in (source, tests, tmp_path):
        assert not {".env", ".postgres"} & {path.name for path in folder.iterdir()}
    commands.run("nox", "-f", "../noxfile.py", "-s", "lint", "typecheck", folder=source)
    assert "Success" in commands.run("mypy", folder=source).stdout
    commands.run("pytest", "test_settings.py", folder=tests)


@of_each(VARIANTS)
def test_dev_serves_and_stops(project: Path, commands: Commands, tmp_path: Path) -> None:
    port = free_port()
    log = tmp_path / "log"
    with commands.running(log, "nox", "-s", "dev", "--", str(port)) as process:
        page = wait_until_served(f"http://127.0.0.1:{port}/docs", process, log)
        assert b"openapi.json" in page
        second = commands.run("nox", "-s", "dev", "--", str(port), check=False)
        assert second.returncode != 0
        assert f"Something listens on port {port} already" in second.stdout
    assert not (project / ".postgres" / "postmaster.pid").exists()


@contextmanager
def other_server(commands: Commands) -> Iterator[str]:
    """Start a server that is not the one of the project and yield its URL."""
    script = (
        "from pathlib import Path; from my_blog.db.embedded import embedded_url; "
        "print(embedded_url(Path('.postgres-other')), flush=True); input()"
    )
    process = commands.start("python", "-c", script)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.communicate("\n", timeout=STOP_TIMEOUT)
