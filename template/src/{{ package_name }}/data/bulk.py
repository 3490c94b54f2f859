{% from "includes/python.jinja" import import_from with context %}
{% import "includes/concurrency.jinja" as c with context %}
{% set soft_delete = schema | selectattr("soft_delete") | list %}
"""Many rows at once: as many statements for a hundred rows as for one."""

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    ColumnElement,
    String,
    Table,
    Text,
    column,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlmodel import AutoString

{{ import_from(package_name ~ ".data.references", ["Link"] + (["live_reference"] if soft_delete else [])) }}
{{ import_from(package_name ~ ".data.statements", ["Clause", "Row", "Statement", "parameter", "python_makers"]) }}
from {{ package_name }}.data.values import RefusedValueError
from {{ package_name }}.db.session import DatabaseSession

# No field of a model has such a name.
POSITION = "_position"

# How many identifiers an error names: answers do not grow with what is sent.
MOST_NAMED = 10

REFUSALS = (psycopg.IntegrityError, RefusedValueError)


class RefusedRowError(Exception):
    """The database refuses one of several rows, and none of them is there."""

    def __init__(self, row: int, error: Exception) -> None:
        """Take which row it is, from 0, and why."""
        super().__init__(row, error)
        self.row = row
        self.error = error


class StillReferredError(Exception):
    """Other rows refer to those that are to be deleted."""

    def __init__(self, constraint: str | None) -> None:
        """Take what they refer by."""
        super().__init__(constraint)
        self.constraint = constraint


class Insertion:
    """Inserts rows with their links, in one statement.

    The identifiers that the database makes have to increase from row to row, as identities and
    `uuidv7()` do: that is how rows are told from each other.
    """

    def __init__(
        self,
        table: Table,
        names: Sequence[str],
        returned: Sequence[Column[Any]],
        links: Mapping[str, Link],
    ) -> None:
        """Insert values of the columns `names`, and `links`; return the columns `returned`."""
        self._makers = {
            name: make for name, make in python_makers(table).items() if name not in names
        }
        self._names = list(names)
        self._links = links
        columns = [table.c[name] for name in [*names, *self._makers]]
        self._statement = Statement(_inserting(table, columns, returned, links), writes=True)

    {{ c.async_ }}def run(self, session: DatabaseSession, rows: Sequence[Row]) -> list[Row]:
        """Insert rows, all or none, and return them in the same order.

        The session has to be in a transaction. Raises RefusedRowError.
        """
        {{ c.await_ }}_command(session, b"SAVEPOINT rows")
        try:
            inserted = {{ c.await_ }}self._insert(session, rows)
        except REFUSALS as error:
            raise {{ c.await_ }}self._locate(session, rows, error) from error
        {{ c.await_ }}_command(session, b"RELEASE SAVEPOINT rows")
        return sorted(inserted, key=lambda row: row["id"])

    {{ c.async_ }}def _locate(
        self,
        session: DatabaseSession,
        rows: Sequence[Row],
        error: Exception,
    ) -> RefusedRowError:
        """Return the first row that the database refuses, which is found by halves."""
        accepted, refused = 0, len(rows)
        try:
            while True:
                {{ c.await_ }}_command(session, b"ROLLBACK TO SAVEPOINT rows")
                if refused - accepted == 1:
                    return RefusedRowError(accepted, error)
                middle = (accepted + refused) // 2
                try:
                    {{ c.await_ }}self._insert(session, rows[:middle])
                    accepted = middle
                except REFUSALS as another:
                    refused, error = middle, another
        finally:
            del error  # it refers to this frame: both would wait for the garbage collector

    {{ c.async_ }}def _insert(self, session: DatabaseSession, rows: Sequence[Row]) -> list[Row]:
        values: Row = {f"new_{name}": [row[name] for row in rows] for name in self._names}
        for name, make in self._makers.items():
            values[f"new_{name}"] = [make() for _ in rows]
        for name in self._links:
            pairs = [(at, target) for at, row in enumerate(rows, 1) for target in row[name]]
            values[f"{name}_at"] = [at for at, _ in pairs]
            values[name] = [target for _, target in pairs]
        return {{ c.await_ }}self._statement.rows(session, values)


def deletion(table: Table, criteria: Sequence[ColumnElement[bool]]) -> Clause:
    """Return the statement that deletes rows, or marks them as deleted where the table can.

    They are locked in one order, so that two of these do not wait for each other.
    """
    wanted = select(table.c.id).where(*criteria).order_by(table.c.id).with_for_update()
    if "deleted_at" in table.c:
        marking = update(table).values(deleted_at=func.now())
        return marking.where(table.c.id.in_(wanted)).returning(table.c.id)
    return delete(table).where(table.c.id.in_(wanted)).returning(table.c.id)


def fits(table: Table, names: Sequence[str]) -> bool:
    """Return whether there are values to send as arrays. Arrays of arrays are something else."""
    return bool(names) and not any(isinstance(table.c[name].type, ARRAY) for name in names)


def naming(identifiers: Sequence[Any]) -> str:
    """Return identifiers as text, without the last ones if there are many."""
    named = ", ".join(map(str, identifiers[:MOST_NAMED]))
    rest = len(identifiers) - MOST_NAMED
    return f"{named} and {rest} more" if rest > 0 else named


def _inserting(
    table: Table,
    columns: Sequence[Column[Any]],
    returned: Sequence[Column[Any]],
    links: Mapping[str, Link],
) -> Clause:
    arrays = [parameter(f"new_{each.name}", _array_of(each)) for each in columns]
    names = [column(each.name, each.type) for each in columns]
    sent = func.unnest(*arrays).table_valued(*names, with_ordinality=POSITION, name="sent")
    sent = sent.render_derived()
{% if soft_delete %}
    values = [live_reference(each, sent.c[each.name]) for each in columns]
{% else %}
    values = [sent.c[each.name] for each in columns]
{% endif %}
    # What the database adds, it adds in this order: identifiers, above all.
    rows = select(*values).select_from(sent).order_by(sent.c[POSITION])
    inserting = insert(table).from_select([each.name for each in columns], rows)
    inserting = inserting.returning(*returned)
    if not links:
        return inserting
    new = inserting.cte("new")
    position = func.row_number().over(order_by=new.c.id).label(POSITION)
    placed = select(new.c.id, position).cte("placed")
    statement = select(*new.c)
    for name, link in links.items():
        pairs = func.unnest(parameter(f"{name}_at", ARRAY(BigInteger)), parameter(name, link.array))
        wanted = pairs.table_valued(
            column(POSITION, BigInteger),
            column("target", link.target.type),
            name=f"wanted_{name}",
        ).render_derived()
        rows_with_links = placed.join(wanted, placed.c[POSITION] == wanted.c[POSITION])
        linking = link.inserting(placed.c.id, wanted.c.target, rows_with_links)
        statement = statement.add_cte(linking.cte())
    return statement


def _array_of(each: Column[Any]) -> ARRAY[Any]:
    """Return the type of several values of a column."""
    is_text = type(each.type) in (AutoString, String, Text)
    # A cast to `varchar(10)[]` would cut what is too long, and say nothing.
    return ARRAY(Text() if is_text else each.type, dimensions=1)


{{ c.async_ }}def _command(session: DatabaseSession, sql: bytes) -> None:
    """Say something about the transaction; psycopg is not to prepare that."""
    {{ c.await_ }}session.run(sql, {}, binary=False, returns=False, writes=False, prepare=False)
