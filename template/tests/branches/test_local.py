"""Branches of the embedded server."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, create_engine, text

from {{ package_name }}.branches import Branch, BranchError, find
from {{ package_name }}.branches.local import MAIN, LocalBranches
from {{ package_name }}.db.engine import DRIVER, pooled_url
from {{ package_name }}.settings import Settings


@pytest.fixture
def branches(embedded_server: Path) -> Iterator[LocalBranches]:
    """Return the branches of a server on which the main one has a table with two rows."""
    branches = LocalBranches(embedded_server)
    main = connect(branches, MAIN, embedded_server)
    with main.begin() as connection:
        connection.execute(text("CREATE TABLE notes (id int GENERATED ALWAYS AS IDENTITY)"))
        connection.execute(text("CREATE TABLE IF NOT EXISTS alembic_version (version_num text)"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('abc')"))
    add_notes(main, 2)
    yield branches
    for branch in branches.all():
        if not branch.protected:
            branches.delete(branch)
    with main.begin() as connection:
        connection.execute(text("DROP TABLE notes, alembic_version"))
    main.dispose()


@pytest.fixture
def main(branches: LocalBranches, embedded_server: Path) -> Iterator[Engine]:
    """Return an engine on the main branch, set up as that of the service."""
    engine = connect(branches, MAIN, embedded_server)
    yield engine
    engine.dispose()


def connect(branches: LocalBranches, branch: Branch, directory: Path) -> Engine:
    """Return an engine on a branch, found by its DATABASE_URL as the service finds it."""
    settings = Settings(
        database_url=SecretStr(branches.url(branch)),
        embedded_directory=directory,
    )
    return create_engine(pooled_url(settings).set(drivername=DRIVER), pool_pre_ping=True)


def add_notes(engine: Engine, number: int) -> None:
    with engine.begin() as connection:
        for _ in range(number):
            connection.execute(text("INSERT INTO notes DEFAULT VALUES"))


def notes(engine: Engine) -> list[int]:
    with engine.connect() as connection:
        return list(connection.scalars(text("SELECT id FROM notes ORDER BY id")))


def names(branches: LocalBranches) -> list[str]:
    return [branch.name for branch in branches.all()]


def test_changes_stay_on_their_branch(
    branches: LocalBranches,
    main: Engine,
    embedded_server: Path,
) -> None:
    feature = connect(branches, branches.create("feature"), embedded_server)
    assert notes(feature) == [1, 2]
    add_notes(feature, 1)
    assert notes(main) == [1, 2]
    add_notes(main, 2)
    assert notes(feature) == [1, 2, 3]
    feature.dispose()


def test_reset(branches: LocalBranches, main: Engine, embedded_server: Path) -> None:
    branch = branches.create("feature")
    feature = connect(branches, branch, embedded_server)
    add_notes(feature, 5)
    add_notes(main, 1)
    branches.reset(branch)
    assert notes(feature) == [1, 2, 3]
    assert names(branches) == ["main", "feature"]
    feature.dispose()


def test_list_and_delete(branches: LocalBranches) -> None:
    feature, fix = branches.create("feature"), branches.create('fix/Quote\'d "name"')
    assert branches.all() == [MAIN, feature, fix]
    assert find(branches, fix.name) == fix
    branches.delete(fix)
    assert branches.all() == [MAIN, feature]


def test_schema_only(branches: LocalBranches, embedded_server: Path) -> None:
    branch = branches.create("empty", schema_only=True)
    assert branches.all() == [MAIN, branch]
    engine = connect(branches, branch, embedded_server)
    assert notes(engine) == []
    add_notes(engine, 1)
    assert notes(engine) == [1]
    with engine.connect() as connection:
        # Else Alembic would run all migrations again.
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "abc"
    engine.dispose()
    with pytest.raises(BranchError, match="no parent"):
        branches.reset(branch)


def test_main_is_protected(branches: LocalBranches, main: Engine) -> None:
    for change in (branches.reset, branches.delete):
        with pytest.raises(BranchError, match="protected"):
            change(MAIN)
    assert notes(main) == [1, 2]


@pytest.mark.parametrize(
    ("name", "problem"),
    [("main", "already"), ("taken", "already"), ("", "not usable"), ("ä" * 29, "not usable")],
)
def test_unusable_name(branches: LocalBranches, name: str, problem: str) -> None:
    branches.create("taken")
    with pytest.raises(BranchError, match=problem):
        branches.create(name)
    assert names(branches) == ["main", "taken"]


def test_local_branches_do_not_expire(branches: LocalBranches) -> None:
    with pytest.raises(BranchError, match="expire"):
        branches.create("feature", days=1)


def test_connections_that_are_idle_are_ended(branches: LocalBranches, main: Engine) -> None:
    assert notes(main) == [1, 2]  # leaves a connection in the pool
    branches.create("feature")
    assert notes(main) == [1, 2]


def test_connections_that_are_busy_are_named(branches: LocalBranches, main: Engine) -> None:
    with main.connect() as connection:
        process = connection.scalar(text("SELECT pg_backend_pid()"))
        with pytest.raises(BranchError, match=f"in use, .*process {process}"):
            branches.create("feature")
        assert connection.scalar(text("SELECT count(*) FROM notes")) == 2
    assert names(branches) == ["main"]
