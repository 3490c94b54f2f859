{% import "includes/concurrency.jinja" as c with context %}
{% set soft_delete = schema | selectattr("soft_delete") | list %}
"""Data access, generic and typed: one statement per operation.

A read selects the columns of the Read model and nothing else, so internal fields never leave
the database. A write returns them too (RETURNING), so nothing is read back.

These are Core statements on the session's connection: they share its transaction, but do not
see objects that were added to the session and not flushed.
"""

from collections.abc import Mapping
from typing import Any, Generic, TypeVar
{% if soft_delete and primary_key == "uuid7" %}
from uuid import UUID
{% endif %}

from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Executable,
    FromClause,
    RowMapping,
    Select,
    Table,
    and_,
    delete,
    func,
    insert,
    literal,
    select,
    true,
    update,
)
from sqlalchemy.dialects import postgresql
{% if c.is_async %}
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession
{% else %}
from sqlmodel import Session, SQLModel
{% endif %}

from {{ package_name }}.db.pagination import Page, PageQuery, fetch_page
from {{ package_name }}.db.values import client_values
from {{ package_name }}.models.base import Identifier

ReadT = TypeVar("ReadT", bound=SQLModel)
{% if soft_delete %}

# An identifier that no row has.
NO_ROW: Identifier = {{ "UUID(int=0)" if primary_key == "uuid7" else "0" }}
{% endif %}


class NotFoundError(LookupError):
    """No row has the identifier, or it is marked as deleted."""


class Repository(Generic[ReadT]):
    """The rows of one table, as clients see them."""

    def __init__(
        self,
        model: type[SQLModel],
        read: type[ReadT],
        links: Mapping[str, "Link"] | None = None,
    ) -> None:
        """Serve the table of `model` as instances of `read`, whose fields are columns of it.

        `links` are the fields of the Create and Update models that hold identifiers to link to.
        """
        self.name = model.__name__
        self.table = _table(model)
        self.read = read
        self.columns = [self.table.c[name] for name in read.model_fields]
        self.links = links or {}

    {{ c.async_ }}def get(self, session: {{ c.Session }}, identifier: Identifier) -> ReadT:
        """Return one row. Raises NotFoundError."""
        statement = select(*self.columns).where(*self._live(identifier))
        return self.read.model_validate({{ c.await_ }}self._one(session, statement))

    {{ c.async_ }}def page(
        self,
        session: {{ c.Session }},
        query: PageQuery,
        *criteria: ColumnElement[bool],
    ) -> Page[ReadT]:
        """Return a page of the rows that match the filters of `query` and all `criteria`."""
        statement = select(*self.columns).where(
            *_not_deleted(self.table),
            *self._filters(query),
            *criteria,
        )
        rows, position = {{ c.await_ }}fetch_page(session, statement, self.table.c.id, query)
        return Page(items=[self.read.model_validate(row) for row in rows], **position)

    {{ c.async_ }}def create(self, session: {{ c.Session }}, data: SQLModel) -> ReadT:
        """Insert a row and return it with what the database made."""
        values, links = self._split(data.model_dump())
{% if soft_delete %}
        values = self._checked(values)
{% endif %}
        statement = insert(self.table).values(values).returning(*self.columns)
        row = {{ c.await_ }}self._one(session, statement)
        for name, identifiers in links.items():
            {{ c.await_ }}self.links[name].extend(session, row[self.table.c.id], identifiers)
        return self.read.model_validate(row)

    {{ c.async_ }}def update(
        self,
        session: {{ c.Session }},
        identifier: Identifier,
        data: SQLModel,
    ) -> ReadT:
        """Change the fields that were set in `data` and return the row. Raises NotFoundError."""
        values, links = self._split(data.model_dump(exclude_unset=True))
{% if soft_delete %}
        values = self._checked(values)
{% endif %}
        if links and "updated_at" in self.table.c:
            values.setdefault("updated_at", func.now())
        if values:
            row = {{ c.await_ }}self._change(session, values, *self._live(identifier))
        else:
            statement = select(*self.columns).where(*self._live(identifier))
            if links:
                statement = statement.with_for_update(key_share=True)
            row = self.read.model_validate({{ c.await_ }}self._one(session, statement))
        # From here on, others who change the links of the row wait: one of them wins, whole.
        for name, identifiers in links.items():
            {{ c.await_ }}self.links[name].replace(session, identifier, identifiers)
        return row

    {{ c.async_ }}def delete(self, session: {{ c.Session }}, identifier: Identifier) -> None:
        """Delete a row, or mark it as deleted where the table can. Raises NotFoundError."""
        if "deleted_at" in self.table.c:
{% if soft_delete %}
            # UPDATE alone would let others refer to the row meanwhile; DELETE would not.
            live = select(self.table.c.id).where(*self._live(identifier)).with_for_update()
            {{ c.await_ }}self._change(
                session,
                {"deleted_at": func.now()},
                self.table.c.id == live.correlate(None).scalar_subquery(),
            )
{% else %}
            values = {"deleted_at": func.now()}
            {{ c.await_ }}self._change(session, values, *self._live(identifier))
{% endif %}
        else:
            statement = delete(self.table).where(*self._live(identifier))
            {{ c.await_ }}self._one(session, statement.returning(self.table.c.id))

    {{ c.async_ }}def restore(self, session: {{ c.Session }}, identifier: Identifier) -> ReadT:
        """Take back a soft delete; on a row that is not deleted, change nothing.

        Raises NotFoundError.
        """
        return {{ c.await_ }}self._change(
            session,
            {"deleted_at": None},
            self.table.c.id == identifier,
        )

    def referring(self, column: str, identifier: Identifier) -> ColumnElement[bool]:
        """Return the criterion that a foreign key refers to a row, which must not be deleted."""
        foreign_key = self.table.c[column]
        referred = _referred(foreign_key).alias("referred")
        exists = select(referred.c.id).where(referred.c.id == foreign_key, *_not_deleted(referred))
        return and_(foreign_key == identifier, exists.exists())

    def _filters(self, query: PageQuery) -> list[ColumnElement[bool]]:
        given = query.model_dump(exclude_none=True, exclude=set(PageQuery.model_fields))
        criteria = []
        for name in query.ranges:
            if (lowest := given.pop(f"{name}_from", None)) is not None:
                criteria.append(self.table.c[name] >= lowest)
            if (highest := given.pop(f"{name}_to", None)) is not None:
                criteria.append(self.table.c[name] <= highest)
        return criteria + [self.table.c[name] == value for name, value in given.items()]

    def _split(self, data: dict[str, Any]) -> tuple[dict[str, Any], dict[str, list[Identifier]]]:
        """Tell values of columns from identifiers to link to."""
        links = {name: data.pop(name) for name in self.links if name in data}
        return data, links
{% if soft_delete %}

    def _checked(self, values: dict[str, Any]) -> dict[str, Any]:
        """Have the database refuse references to rows that are marked as deleted."""
        return {
            name: _reference(self.table.c[name], value) if value is not None else None
            for name, value in values.items()
        }
{% endif %}

    {{ c.async_ }}def _change(
        self,
        session: {{ c.Session }},
        values: dict[str, Any],
        *criteria: ColumnElement[bool],
    ) -> ReadT:
        statement = update(self.table).where(*criteria).values(values)
        row = {{ c.await_ }}self._one(session, statement.returning(*self.columns))
        return self.read.model_validate(row)

    {{ c.async_ }}def _one(self, session: {{ c.Session }}, statement: Executable) -> RowMapping:
        connection = {{ c.await_ }}session.connection()
        with client_values():
            row = ({{ c.await_ }}connection.execute(statement)).mappings().one_or_none()
        if row is None:
            raise NotFoundError(f"{self.name} not found")
        return row

    def _live(self, identifier: Identifier) -> list[ColumnElement[bool]]:
        return [self.table.c.id == identifier, *_not_deleted(self.table)]


class Link:
    """The pairs of a many-to-many relation."""

    def __init__(self, model: type[SQLModel], left: str, right: str) -> None:
        """Serve the link table of `model`, whose foreign keys are the columns `left` and `right`."""
        self.table = _table(model)
        self.left = self.table.c[left]
        self.right = self.table.c[right]
        self.left_table = _referred(self.left)
        self.right_table = _referred(self.right)
        self.left_rows = self.left_table.alias("left_rows")
        self.right_rows = self.right_table.alias("right_rows")

    def rights(self, left: Identifier) -> ColumnElement[bool]:
        """Return the criterion that a row is linked to `left`, which must not be deleted."""
        linked = self._linked(self.right, self.left, self.left_rows, left)
        return self.right_table.c.id.in_(linked)

    def lefts(self, right: Identifier) -> ColumnElement[bool]:
        """Return the criterion that `right`, which must not be deleted, is linked to a row."""
        linked = self._linked(self.left, self.right, self.right_rows, right)
        return self.left_table.c.id.in_(linked)

    {{ c.async_ }}def extend(
        self,
        session: {{ c.Session }},
        left: Identifier,
        rights: list[Identifier],
    ) -> None:
        """Link rows to `left`, in one statement; links that exist stay."""
        if not rights:
            return
        array = literal(rights, ARRAY(self.right.type))
{% if soft_delete %}
        wanted = func.unnest(array).alias("wanted")
        right = _reference(self.right, wanted.column)
        pairs = select(literal(left, self.left.type), right).select_from(wanted)
{% else %}
        pairs = select(literal(left, self.left.type), func.unnest(array))
{% endif %}
        names = [self.left.name, self.right.name]
        statement = postgresql.insert(self.table).from_select(names, pairs)
        connection = {{ c.await_ }}session.connection()
        {{ c.await_ }}connection.execute(statement.on_conflict_do_nothing())

    {{ c.async_ }}def replace(
        self,
        session: {{ c.Session }},
        left: Identifier,
        rights: list[Identifier],
    ) -> None:
        """Link `left` to these rows and no others.

        These are two statements: lock the row of `left` before, in the same transaction.
        """
        linked = self.right == func.any(literal(rights, ARRAY(self.right.type)))
        statement = delete(self.table).where(self.left == left, ~linked)
        connection = {{ c.await_ }}session.connection()
        {{ c.await_ }}connection.execute(statement)
        {{ c.await_ }}self.extend(session, left, rights)

    {{ c.async_ }}def add(self, session: {{ c.Session }}, left: Identifier, right: Identifier) -> None:
        """Link two rows; a link that exists stays. Raises NotFoundError."""
        both = self.left_rows.join(self.right_rows, true())
        pair = select(self.left_rows.c.id, self.right_rows.c.id).select_from(both)
        pair = pair.where(
            self.left_rows.c.id == left,
            self.right_rows.c.id == right,
            *_not_deleted(self.left_rows),
            *_not_deleted(self.right_rows),
        )
{% if soft_delete %}
        # Who marks one of them as deleted at the same time comes before this, or after it.
        pair = pair.with_for_update(read=True, key_share=True)
{% endif %}
        names = [self.left.name, self.right.name]
        statement = postgresql.insert(self.table).from_select(names, pair)
        # DO NOTHING would return no row for a link that exists, as for a missing one.
        statement = statement.on_conflict_do_update(
            index_elements=names,
            set_={self.left.name: statement.excluded[self.left.name]},
        )
        {{ c.await_ }}self._one(session, statement.returning(self.left))

    {{ c.async_ }}def remove(self, session: {{ c.Session }}, left: Identifier, right: Identifier) -> None:
        """Unlink two rows. Raises NotFoundError where they are not linked."""
        statement = delete(self.table).where(self.left == left, self.right == right)
        {{ c.await_ }}self._one(session, statement.returning(self.left))

    {{ c.async_ }}def _one(self, session: {{ c.Session }}, statement: Executable) -> None:
        connection = {{ c.await_ }}session.connection()
        with client_values():
            row = ({{ c.await_ }}connection.execute(statement)).one_or_none()
        if row is None:
            raise NotFoundError("Not found")

    @staticmethod
    def _linked(
        wanted: ColumnElement[Identifier],
        given: ColumnElement[Identifier],
        given_rows: FromClause,
        identifier: Identifier,
    ) -> Select[Identifier]:
        return (
            select(wanted)
            .join(given_rows, given_rows.c.id == given)
            .where(given == identifier, *_not_deleted(given_rows))
        )


def _table(model: type[SQLModel]) -> Table:
    return SQLModel.metadata.tables[str(model.__tablename__)]


def _referred(foreign_key: Column[Any]) -> Table:
    return next(key.column.table for key in foreign_key.foreign_keys if key.column.primary_key)


{% if soft_delete %}
def _reference(column: Column[Any], value: Any) -> Any:
    """Return what to write to a column: a reference to a deleted row becomes one to no row at all.

    So the database refuses both in the same way. The lock is the one that it takes itself when it
    checks a foreign key: marking the row as deleted waits for it, other changes of the row do not.
    """
    tables = [key.column.table for key in column.foreign_keys if key.column.primary_key]
    if not tables or "deleted_at" not in tables[0].c:
        return value
    rows = tables[0].alias("referred")
    row = select(rows.c.id).where(rows.c.id == value, *_not_deleted(rows))
    row = row.with_for_update(read=True, key_share=True)
    return func.coalesce(row.scalar_subquery(), literal(NO_ROW, column.type))


{% endif %}
def _not_deleted(rows: FromClause) -> list[ColumnElement[bool]]:
    return [rows.c.deleted_at.is_(None)] if "deleted_at" in rows.c else []
