{% from "includes/python.jinja" import sorted_imports with context %}
"""Writes rows to a database: by COPY, all in one transaction."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import URL, Integer, Table

{{ sorted_imports([
  [package_name ~ ".db.urls", ["conninfo"]],
  ["seeding.realistic", ["Pools"]],
  ["seeding.rows", ["ATTEMPTS", "Made", "TableRows", "Values", "links"]],
  ["seeding.tables", ["Plan", "plans", "shares"]],
]) }}

# Rows that are checked by the database at once.
BATCH = 1000
STAGE = sql.Identifier("seeding_stage")

Connection = psycopg.Connection[tuple[Any, ...]]
Progress = Callable[[str, int], None]


class NotEmptyError(Exception):
    """Tables have rows already; the message names them."""


@dataclass(frozen=True)
class Filled:
    """A table and the number of its new rows."""

    table: str
    rows: int
    is_link: bool = False
    # No more rows fit: what is unique leaves no room.
    is_full: bool = False


def fill(
    url: URL,
    *,
    rows: int,
    seed: int,
    tables: Mapping[str, int] | None = None,
    replace: bool = False,
    progress: Progress | None = None,
) -> list[Filled]:
    """Fill all tables of models with so many rows; return what each one got.

    `tables` says how many rows some of them get. `replace` deletes the rows that are there; without
    it, NotEmptyError is raised. If anything fails, nothing is changed.
    """
    all_plans = plans()
    counts = shares(all_plans, rows, tables or {})
    names = sql.SQL(", ").join(name_of(plan.table) for plan in all_plans)
    with psycopg.connect(conninfo(url), autocommit=True) as connection:
        with connection.transaction():
            connection.execute("SET LOCAL statement_timeout = 0")
            lock = sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE")
            connection.execute(lock.format(names))
            if occupied := [plan.name for plan in all_plans if has_rows(connection, plan)]:
                if not replace:
                    raise NotEmptyError(", ".join(occupied))
                connection.execute(sql.SQL("TRUNCATE {}").format(names))
            filled = fill_all(connection, url, all_plans, counts, seed, progress)
        # Also of the old versions of rows whose references had to wait.
        connection.execute(sql.SQL("VACUUM (ANALYZE) {}").format(names))
    return filled


def fill_all(
    connection: Connection,
    url: URL,
    all_plans: list[Plan],
    counts: Mapping[Table, int],
    seed: int,
    progress: Progress | None,
) -> list[Filled]:
    """Fill empty tables."""
    pools = Pools(seed)
    done: dict[Table, TableRows] = {}
    filled = []
    for plan in all_plans:
        writer = Writer(connection, url, plan, progress)
        if plan.sides is not None:
            copy = writer.copy_some if plan.checks.others else writer.copy
            count = copy(links(plan, plan.sides, done, seed))
            filled.append(Filled(plan.name, count, is_link=True))
            continue
        rows = TableRows(plan, done, pools, seed, counts[plan.table])
        rows.prepare()
        if plan.checks.others:
            writer.copy_checked(rows)
        else:
            writer.copy(rows)
        done[plan.table] = rows
        room = plan.room({table: each.count for table, each in done.items()})
        is_full = rows.count < counts[plan.table] or rows.count == room
        filled.append(Filled(plan.name, rows.count, is_full=is_full))
    for rows in done.values():
        if any(reference.is_deferred for reference in rows.plan.references):
            Writer(connection, url, rows.plan, None).update(rows.updates())
        if rows.count:
            advance(connection, rows)
    return filled


class Writer:
    """Writes rows of one table."""

    def __init__(
        self, connection: Connection, url: URL, plan: Plan, progress: Progress | None
    ) -> None:
        """Write over a connection."""
        self._connection = connection
        self._plan = plan
        self._table = name_of(plan.table)
        self._progress = progress
        dialect = url.get_dialect()()
        self._processors = {
            column.name: column.type.dialect_impl(dialect).bind_processor(dialect)
            for column in plan.table.columns
        }

    def copy(self, rows: Iterable[Values]) -> int:
        """Copy rows to the table; return how many."""
        return self._copy(self._table, rows)

    def copy_some(self, rows: Iterable[Values]) -> int:
        """Copy those rows that comply with all checks; return how many."""
        rows = iter(rows)
        count = 0
        self._create_stage()
        while batch := list(islice(rows, BATCH)):
            self._copy(STAGE, ({"n_": 0, **values} for values in batch))
            count += len(batch) - len(self._remove_wrong())
            self._move(batch[0])
        self._drop_stage()
        return count

    def copy_checked(self, rows: TableRows) -> None:
        """Copy rows to the table; those that do not comply with a check are made anew.

        A few first, then more: a row refers to rows of its own table only when these are certain.
        """
        self._create_stage()
        size = 1
        while rows.count < rows.wanted:
            size = min(2 * size, BATCH, rows.wanted - rows.count)
            batch = self._certain(rows, size)
            for values, picks in batch:
                rows.add(values, picks)
            if len(batch) < size:
                break
        self._drop_stage()

    def _certain(self, rows: TableRows, size: int) -> list[Made]:
        """Write so many rows, if there is room for them, and return them."""
        left = list(range(rows.count, rows.count + size))
        certain: dict[int, Made] = {}
        for attempt in range(ATTEMPTS):
            some = ((index, rows.another(index, min(attempt, 1))) for index in left)
            made = {index: row for index, row in some if row is not None}
            self._copy(STAGE, ({"n_": index, **values} for index, (values, _) in made.items()))
            certain |= made
            left = self._remove_wrong()
            if not left:
                break
        else:
            checks = "; ".join(self._plan.checks.others)
            raise LookupError(f"{self._plan.name}: no rows were found that comply with {checks}")
        for values, _ in islice(certain.values(), 1):
            self._move(values)
        return [certain[index] for index in sorted(certain)]

    def _create_stage(self) -> None:
        """Create a table like this one, without checks."""
        create = "CREATE TEMPORARY TABLE {} AS SELECT 0 AS n_, * FROM {} LIMIT 0"
        self._connection.execute(sql.SQL(create).format(STAGE, self._table))

    def _drop_stage(self) -> None:
        self._connection.execute(sql.SQL("DROP TABLE {}").format(STAGE))

    def _remove_wrong(self) -> list[int]:
        """Remove rows that do not comply with a check, and return their numbers."""
        criteria = " OR ".join(f"({check}) IS FALSE" for check in self._plan.checks.others)
        wrong = sql.SQL("DELETE FROM {} AS {} WHERE ").format(
            STAGE, sql.Identifier(self._plan.name)
        )
        statement = wrong.as_string(self._connection) + criteria + " RETURNING n_"
        return sorted(number for (number,) in self._connection.execute(statement.encode()))

    def _move(self, values: Values) -> None:
        """Move rows with the columns of these to the table."""
        names = sql.SQL(", ").join(sql.Identifier(name) for name in values)
        insert = "INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM {} ORDER BY n_"
        self._connection.execute(sql.SQL(insert).format(self._table, names, names, STAGE))
        self._connection.execute(sql.SQL("TRUNCATE {}").format(STAGE))

    def update(self, rows: Iterator[Values]) -> None:
        """Set columns of rows that are there."""
        keys = [column.name for column in self._plan.table.primary_key]
        first = next(rows, None)
        if first is None:
            return
        create = sql.SQL("CREATE TEMPORARY TABLE {} AS SELECT {} FROM {} LIMIT 0")
        names = sql.SQL(", ").join(sql.Identifier(name) for name in first)
        self._connection.execute(create.format(STAGE, names, self._table))
        self._copy(STAGE, _with_first(first, rows))
        settings = [
            sql.SQL("{} = stage.{}").format(sql.Identifier(name), sql.Identifier(name))
            for name in first
            if name not in keys
        ]
        same = [
            sql.SQL("rows.{} = stage.{}").format(sql.Identifier(name), sql.Identifier(name))
            for name in keys
        ]
        update = sql.SQL("UPDATE {} AS rows SET {} FROM {} AS stage WHERE {}")
        self._connection.execute(
            update.format(
                self._table, sql.SQL(", ").join(settings), STAGE, sql.SQL(" AND ").join(same)
            )
        )
        self._drop_stage()

    def _copy(self, table: sql.Composable, rows: Iterable[Values]) -> int:
        rows = iter(rows)
        first = next(rows, None)
        if first is None:
            return 0
        processors = [(name, self._processors.get(name)) for name in first]
        columns = sql.SQL(", ").join(sql.Identifier(name) for name in first)
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(table, columns)
        count = 0
        with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            for values in _with_first(first, rows):
                copy.write_row(
                    [
                        values[name] if process is None else process(values[name])
                        for name, process in processors
                    ]
                )
                count += 1
                if self._progress is not None and not count % BATCH:
                    self._progress(self._plan.name, BATCH)
        if self._progress is not None:
            self._progress(self._plan.name, count % BATCH)
        return count


def _with_first(first: Values, rows: Iterator[Values]) -> Iterator[Values]:
    yield first
    yield from rows


def advance(connection: Connection, rows: TableRows) -> None:
    """Let the database go on to count where the rows end."""
    name = rows.plan.identifier
    if name is not None and isinstance(rows.plan.table.c[name].type, Integer):
        table = name_of(rows.plan.table).as_string(connection)
        statement = "SELECT setval(pg_get_serial_sequence(%s, %s), %s)"
        connection.execute(statement, [table, name, rows.count])


def has_rows(connection: Connection, plan: Plan) -> bool:
    """Tell whether a table has rows."""
    query = sql.SQL("SELECT EXISTS (SELECT FROM {})").format(name_of(plan.table))
    (found,) = connection.execute(query).fetchone() or (False,)
    return bool(found)


def name_of(table: Table) -> sql.Identifier:
    """Return how SQL calls a table."""
    return sql.Identifier(*filter(None, (table.schema, table.name)))
