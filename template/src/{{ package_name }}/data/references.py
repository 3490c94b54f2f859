{% from "includes/python.jinja" import import_from with context %}
{% import "includes/concurrency.jinja" as c with context %}
{% set soft_delete = schema | selectattr("soft_delete") | list %}
"""What refers to what: rows that belong to another row, by a foreign key or a table of links."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any
{% if soft_delete and primary_key == "uuid7" %}
from uuid import UUID
{% endif %}

from sqlalchemy import (
    ARRAY,
{% if pagination == "cursor" %}
    BindParameter,
{% endif %}
    Column,
    ColumnElement,
    FromClause,
    Select,
    Table,
    and_,
{% if soft_delete %}
    case,
{% endif %}
    delete,
    func,
    inspect,
{% if soft_delete %}
    literal,
{% endif %}
    select,
    true,
)
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlmodel import SQLModel

{{ import_from(package_name ~ ".data.statements", ["Row", "Statement", "parameter", "python_defaults"]) }}
from {{ package_name }}.db.session import DatabaseSession
from {{ package_name }}.models.base import Identifier
{% if soft_delete %}

# An identifier that no row has.
NO_ROW: Identifier = {{ "UUID(int=0)" if primary_key == "uuid7" else "0" }}
{% endif %}


class NotFoundError(LookupError):
    """No row has the identifier, or it is marked as deleted."""


@dataclass(frozen=True)
class Criterion:
    """That rows belong to another row, by what refers to it."""

    by: "Reference | Link"
    values: Row


class Reference:
    """A foreign key, seen from the row that it refers to."""

    def __init__(self, foreign_key: Any) -> None:
        """Take a column, such as `Comment.post_id`."""
        self.column = column_of(foreign_key)
        # Filters, which are fields of a model, have no such names.
        self._name = f"_{self.column.table.name}_{self.column.name}"
        identifier = parameter(self._name)
        self.expression = and_(self.column == identifier, *_is_live(self.column, identifier))

    def rows_of(self, identifier: Identifier) -> Criterion:
        """Return the criterion that a row refers to this one, which must not be deleted."""
        return Criterion(self, {self._name: identifier})


class Link:
    """The pairs of a many-to-many relation, seen from one of its sides."""

    def __init__(self, source: Any, target: Any) -> None:
        """Take the columns of a table of links, such as `PostTag.post_id` and `PostTag.tag_id`."""
        self.source = column_of(source)
        self.target = column_of(target)
        self.table = self.source.table
        self._name = f"_{self.table.name}_{self.source.name}"
        self._source_rows = referred_table(self.source).alias("source_rows")
        self._target_rows = referred_table(self.target).alias("target_rows")
        source_id = parameter(self._name)
        self._linked = select(self.target).where(self.source == source_id)
        self._is_live = _is_live(self.source, source_id)
        self.expression = self._holds(self._linked)

    def rows_of(self, identifier: Identifier) -> Criterion:
        """Return the criterion that a row is linked to this one, which must not be deleted."""
        return Criterion(self, {self._name: identifier})
{% if pagination == "cursor" %}

    def behind(self, cursor: BindParameter[Any], *, is_descending: bool) -> ColumnElement[bool]:
        """Return the criterion for rows behind one: what bounds them does not bound their links."""
        bound = self.target < cursor if is_descending else self.target > cursor
        return self._holds(self._linked.where(bound))
{% endif %}

    def _holds(self, linked: Select[Any]) -> ColumnElement[bool]:
        return and_(referred_table(self.target).c.id.in_(linked), *self._is_live)

    {{ c.async_ }}def add(
        self,
        session: DatabaseSession,
        source: Identifier,
        target: Identifier,
    ) -> None:
        """Link two rows; a link that exists stays. Raises NotFoundError."""
        values = {"source": source, "target": target}
        if {{ c.await_ }}self._add.row(session, values) is None:
            raise NotFoundError("Not found")

    {{ c.async_ }}def remove(
        self,
        session: DatabaseSession,
        source: Identifier,
        target: Identifier,
    ) -> None:
        """Unlink two rows. Raises NotFoundError where they are not linked."""
        values = {"source": source, "target": target}
        if {{ c.await_ }}self._remove.row(session, values) is None:
            raise NotFoundError("Not found")

    {{ c.async_ }}def replace(
        self,
        session: DatabaseSession,
        source: Identifier,
        targets: list[Identifier],
    ) -> None:
        """Link `source` to these rows and no others.

        These are two statements: lock the row of `source` before, in the same transaction.
        """
        values = {"source": source, "targets": targets}
        {{ c.await_ }}self._unlink_others.rows(session, values)
        if targets:
            {{ c.await_ }}self._link_all.rows(session, values)

    def linking(self, source: ColumnElement[Any], targets: ColumnElement[Any]) -> Insert:
        """Return the statement that links `source` to an array of rows; links that exist stay."""
        wanted = func.unnest(targets).alias("wanted")
        return self.inserting(source, wanted.column, wanted)

    def inserting(
        self,
        source: ColumnElement[Any],
        target: ColumnElement[Any],
        pairs: FromClause,
    ) -> Insert:
        """Return the statement that links rows pair by pair; links that exist stay."""
{% if soft_delete %}
        rows = select(source, live_reference(self.target, target)).select_from(pairs)
{% else %}
        rows = select(source, target).select_from(pairs)
{% endif %}
        defaults = python_defaults(self.table)
        rows = rows.add_columns(*defaults.values())
        names = [self.source.name, self.target.name, *defaults]
        return insert(self.table).from_select(names, rows).on_conflict_do_nothing()

    @property
    def array(self) -> ARRAY[Any]:
        """Return the type of several identifiers of targets."""
        return ARRAY(self.target.type)

    @cached_property
    def _add(self) -> Statement:
        rows = self._source_rows.join(self._target_rows, true())
        pair = select(self._source_rows.c.id, self._target_rows.c.id).select_from(rows)
        pair = pair.where(
            self._source_rows.c.id == parameter("source"),
            self._target_rows.c.id == parameter("target"),
            *not_deleted(self._source_rows),
            *not_deleted(self._target_rows),
        )
{% if soft_delete %}
        # Who marks one of them as deleted at the same time comes before this, or after it.
        pair = pair.with_for_update(read=True, key_share=True)
{% endif %}
        names = [self.source.name, self.target.name]
        statement = insert(self.table).from_select(names, pair)
        # DO NOTHING would return no row for a link that exists, as for a missing one.
        statement = statement.on_conflict_do_update(
            index_elements=names,
            set_={self.source.name: statement.excluded[self.source.name]},
        )
        return Statement(statement.returning(self.source), writes=True)

    @cached_property
    def _remove(self) -> Statement:
        statement = delete(self.table).where(
            self.source == parameter("source"),
            self.target == parameter("target"),
        )
        return Statement(statement.returning(self.source), writes=True)

    @cached_property
    def _unlink_others(self) -> Statement:
        linked = self.target == func.any(parameter("targets", self.array))
        statement = delete(self.table).where(self.source == parameter("source"), ~linked)
        return Statement(statement, writes=True)

    @cached_property
    def _link_all(self) -> Statement:
        source = parameter("source", self.source.type)
        return Statement(self.linking(source, parameter("targets", self.array)), writes=True)


def column_of(attribute: Any) -> Column[Any]:
    """Return the column of an attribute of a model, such as `Post.title`."""
    column: Column[Any] = inspect(attribute).property.columns[0]
    return column


def _is_live(foreign_key: Column[Any], identifier: ColumnElement[Any]) -> list[ColumnElement[bool]]:
    """Return the criterion that what a foreign key refers to is not marked as deleted.

    That there is such a row, the key says. It is asked for once: in a join with what refers to the
    row, PostgreSQL may read all of that, and sort it.
    """
    rows = referred_table(foreign_key).alias("referred")
    if not not_deleted(rows):
        return []
    return [select(rows.c.id).where(rows.c.id == identifier, *not_deleted(rows)).exists()]


def table_of(model: type[SQLModel]) -> Table:
    """Return the table of a model."""
    return SQLModel.metadata.tables[str(model.__tablename__)]


def referred_table(foreign_key: Column[Any]) -> Table:
    """Return the table that a foreign key refers to."""
    return next(key.column.table for key in foreign_key.foreign_keys if key.column.primary_key)


{% if soft_delete %}
def live_reference(column: Column[Any], value: Any) -> Any:
    """Return what to write to a column: a reference to a deleted row becomes one to no row at all.

    So the database refuses both in the same way. The lock is the one that it takes itself when it
    checks a foreign key: marking the row as deleted waits for it, other changes of the row do not.
    """
    tables = [key.column.table for key in column.foreign_keys if key.column.primary_key]
    if not tables or "deleted_at" not in tables[0].c:
        return value
    rows = tables[0].alias("referred")
    row = select(rows.c.id).where(rows.c.id == value, *not_deleted(rows))
    row = row.with_for_update(read=True, key_share=True)
    found = func.coalesce(row.scalar_subquery(), literal(NO_ROW, column.type))
    # Null stays null.
    return case((value.is_not(None), found)) if column.nullable else found


{% endif %}
def not_deleted(rows: FromClause) -> list[ColumnElement[bool]]:
    """Return the criterion that leaves out deleted rows, where they are marked as deleted."""
    return [rows.c.deleted_at.is_(None)] if "deleted_at" in rows.c else []
