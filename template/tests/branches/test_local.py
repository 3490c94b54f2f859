"""Branches of the embedded server."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Event

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import OperationalError

from {{ package_name }}.branches import Branch, BranchError, find, local
from {{ package_name }}.branches.local import MAIN, LocalBranches
from {{ package_name }}.db.urls import DRIVER, pooled_url
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


def test_connections_that_are_busy_are_named(
    branches: LocalBranches,
    main: Engine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(local, "PATIENCE", 0)
    monkeypatch.setattr(local, "SHORT", 0)
    with main.connect() as connection:
        process = connection.scalar(text("SELECT pg_backend_pid()"))
        with pytest.raises(BranchError, match=f"in use by process {process} .*: stop that"):
            branches.create("feature")
        assert connection.scalar(text("SELECT count(*) FROM notes")) == 2
    assert names(branches) == ["main"]


def test_the_end_of_a_transaction_is_waited_for(
    branches: LocalBranches,
    main: Engine,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(local, "SHORT", 0)
    with ThreadPoolExecutor(1) as thread, main.begin() as connection:
        connection.execute(text("INSERT INTO notes DEFAULT VALUES"))
        created = thread.submit(branches.create, "feature")
        while "Waiting for process" not in capsys.readouterr().err:
            assert not created.done()
            time.sleep(0.01)
        connection.commit()
        assert created.result(30).name == "feature"


def test_service_that_is_in_use(branches: LocalBranches, main: Engine) -> None:
    """Transactions that follow each other go on, on connections that replace those that end."""
    created = Event()

    def use() -> int:
        count = 0
        while not created.is_set():
            with suppress(OperationalError):  # a request would run again
                add_notes(main, 1)
                count += 1
        return count

    with ThreadPoolExecutor(4) as threads:
        users = [threads.submit(use) for _ in range(4)]
        try:
            time.sleep(0.2)
            branches.create("feature")
        finally:
            created.set()
        assert all(user.result() > 1 for user in users)
    assert names(branches) == ["main", "feature"]


def test_commands_at_the_same_time(branches: LocalBranches, embedded_server: Path) -> None:
    def create(name: str) -> bool:
        try:
            LocalBranches(embedded_server).create(name)
        except BranchError as error:
            return "already" not in str(error)
        return True

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(create, "abcd")) == [True] * 4
        assert sorted(threads.map(create, "eeee")) == [False, False, False, True]
    assert names(branches) == ["main", *"abcde"]


def test_reset_of_what_was_deleted_meanwhile(branches: LocalBranches) -> None:
    branch = branches.create("feature")
    branches.delete(branch)
    with pytest.raises(BranchError, match="no branch"):
        branches.reset(branch)
    assert names(branches) == ["main"]


def test_another_command_that_does_not_end(
    branches: LocalBranches,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(local, "PATIENCE", 0.1)
    with branches.alone(), pytest.raises(BranchError, match="Another command"):
        branches.create("feature")


def test_nothing_is_left_incomplete(
    branches: LocalBranches,
    server: Engine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def incomplete() -> list[str]:
        with server.connect() as connection:
            query = text("SELECT datname FROM pg_database WHERE datname LIKE 'incomplete%'")
            return list(connection.scalars(query))

    with server.connect() as connection:  # as a command leaves it that is killed
        connection.execute(text("CREATE DATABASE incomplete_branch"))
    branches.delete(branches.create("feature"))
    assert incomplete() == []
    monkeypatch.setattr(local, "_delete_rows", None)
    with pytest.raises(TypeError):
        branches.create("feature", schema_only=True)
    assert incomplete() == []
