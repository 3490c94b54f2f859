{% from "includes/python.jinja" import sorted_imports with context %}
"""`nox -s seed`: rows in all tables, which comply with whatever the models ask for."""

import sys
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, Table, func, select

{{ sorted_imports([
  ["seeding.__main__", ["main"]],
  ["seeding.fill", ["Filled", "NotEmptyError", "fill"]],
  ["seeding.tables", ["plans"]],
  ["tests.rows", ["Rows"]],
]) }}

ROWS = 400
# A table with fewer rows may have none with something that one row in five lacks.
ENOUGH = 40

Contents = dict[str, list[tuple[object, ...]]]


@pytest.fixture
def filled(own_database: Engine) -> list[Filled]:
    """Fill a database."""
    return fill(own_database.url, rows=ROWS, seed=1)


def tables() -> Iterator[Table]:
    """Yield the tables of models."""
    for plan in plans():
        yield plan.table


def contents(engine: Engine) -> Contents:
    """Return all rows of all tables."""
    with engine.connect() as connection:
        return {
            table.name: [
                tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))
            ]
            for table in tables()
        }


def test_tables_have_rows(filled: list[Filled], own_database: Engine) -> None:
    """The database has checked all constraints when it took the rows."""
    rows = contents(own_database)
    assert {each.table: each.rows for each in filled} == {name: len(rows[name]) for name in rows}
    assert all(each.rows or each.is_link or each.is_full for each in filled)
    entities = [each for each in filled if not each.is_link]
    if not any(each.is_full for each in entities):
        assert sum(each.rows for each in entities) == ROWS


def test_relations_are_set(filled: list[Filled], own_database: Engine) -> None:
    counts = {each.table: each.rows for each in filled}
    with own_database.connect() as connection:
        for table in tables():
            for key in table.foreign_keys:
                referred = key.column.table.name
                if counts[table.name] >= ENOUGH and counts[referred]:
                    number = select(func.count(key.parent.distinct()))
                    assert connection.scalar(number), f"{table.name}.{key.parent.name}"


def test_database_goes_on(filled: list[Filled], own_database: Engine) -> None:
    """New rows get identifiers that no other row has, and are the newest."""
    for plan in plans():
        if "id" in plan.table.c:
            with own_database.connect() as connection:
                identifier = plan.table.c.id
                newest = connection.scalar(select(identifier).order_by(identifier.desc()).limit(1))
            row = Rows(own_database).make(plan.model)
            assert vars(row)["id"] > newest
            break


def test_same_seed_makes_same_rows(filled: list[Filled], own_database: Engine) -> None:
    first = contents(own_database)
    fill(own_database.url, rows=ROWS, seed=1, replace=True)
    assert contents(own_database) == first
    fill(own_database.url, rows=ROWS, seed=2, replace=True)
    assert contents(own_database) != first


def test_number_of_rows_of_a_table(own_database: Engine) -> None:
    first = next(plan for plan in plans() if plan.room({}) is None and plan.sides is None)
    filled = fill(own_database.url, rows=ROWS, seed=1, tables={first.name: 7})
    assert {each.table: each.rows for each in filled}[first.name] == 7


def test_unknown_table(own_database: Engine) -> None:
    with pytest.raises(LookupError, match="No table nothing, but "):
        fill(own_database.url, rows=ROWS, seed=1, tables={"nothing": 1})


def test_rows_that_are_there_stay(filled: list[Filled], own_database: Engine) -> None:
    first = contents(own_database)
    with pytest.raises(NotEmptyError):
        fill(own_database.url, rows=ROWS, seed=2)
    assert contents(own_database) == first


@pytest.fixture
def command_line(own_database: Engine, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Let the command line fill a database."""
    url = own_database.url.render_as_string(hide_password=False)
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setattr(sys, "argv", ["seed", "--rows", "10"])
    return monkeypatch


def test_command(
    command_line: pytest.MonkeyPatch, own_database: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main()
    assert not end.value.code
    printed = capsys.readouterr().out
    assert all(name in printed for name in contents(own_database))
    with pytest.raises(SystemExit, match="have rows already"):
        main()


def test_command_refuses_in_production(
    command_line: pytest.MonkeyPatch, own_database: Engine
) -> None:
    command_line.setenv("ENVIRONMENT", "production")
    with pytest.raises(SystemExit, match="production"):
        main()
    assert not any(contents(own_database).values())
