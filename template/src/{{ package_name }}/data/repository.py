{% from "includes/python.jinja" import import_from with context %}
{% import "includes/concurrency.jinja" as c with context %}
{% set soft_delete = schema | selectattr("soft_delete") | list %}
"""Data access, generic and typed: one statement per operation.

A read selects the columns of the Read model and nothing else, so internal fields never leave
the database. A write returns them too (RETURNING), so nothing is read back.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, Generic, NoReturn, TypeVar

from psycopg.errors import ForeignKeyViolation, RestrictViolation
from pydantic import TypeAdapter
from sqlalchemy import ARRAY, ColumnElement, any_, delete, func, insert, select, update
from sqlmodel import SQLModel

{{ import_from(package_name ~ ".data.bulk", ["REFUSALS", "Insertion", "RefusedRowError", "StillReferredError", "deletion", "fits", "naming"]) }}
from {{ package_name }}.data.includes import columns_of, load_includes
from {{ package_name }}.data.pages import Page, PageQuery
from {{ package_name }}.data.references import (
    Criterion,
    Link,
    NotFoundError,
{% if soft_delete %}
    live_reference,
{% endif %}
    not_deleted,
    table_of,
)
from {{ package_name }}.data.selection import Selection
{{ import_from(package_name ~ ".data.statements", ["Clause", "Row", "Statement", "parameter"]) }}
{{ import_from(package_name ~ ".data.versions", ["ANY_VERSION", "XMIN", "RowVersion", "VersionMismatchError", "version_column"]) }}
from {{ package_name }}.db.session import DatabaseSession, Mode
from {{ package_name }}.models.base import Identifier

ReadT = TypeVar("ReadT", bound=SQLModel)

# Which columns are written and which filters are sent makes a shape; clients can make up many.
MOST_SHAPES = 1000


class Repository(Generic[ReadT]):
    """The rows of one table, as clients see them."""

    def __init__(
        self,
        model: type[SQLModel],
        read: type[ReadT],
        *,
        links: Mapping[str, Link] | None = None,
        where: Sequence[ColumnElement[bool]] = (),
    ) -> None:
        """Serve the table of `model` as instances of `read`.

        `links` are the fields of the Create and Update models that hold identifiers to link to.
        The criteria in `where` hold for whatever is read, changed and deleted.

        Raises TypeError if a field of `read` is no column and has no default: code of your own
        fills it later.
        """
        self.name = model.__name__
        self.read = read
        self.table = table_of(model)
        self.links = links or {}
        self._where = list(where)
        # The criteria of all rows that clients see.
        self._listed = [*not_deleted(self.table), *self._where]
        for name, info in read.model_fields.items():
            if name not in self.table.c and info.is_required():
                raise TypeError(f"{read.__name__}.{name} is no column: give it a default")
        self._columns = columns_of(read, self.table)
        self._versioned = [*self._columns, version_column()]
        # SQLModel's own validation goes through Python.
        self._instance = TypeAdapter(read)
        self._page: type[Page[ReadT]] = _parametrized(Page, read)
        self._statements: dict[Hashable, Statement] = {}
        self._insertions: dict[Hashable, Insertion] = {}

    {{ c.async_ }}def get(
        self,
        session: DatabaseSession,
        identifier: Identifier,
        version: RowVersion | None = None,
        *,
        include: Sequence[str] = (),
    ) -> ReadT:
        """Return one row, with the relations in `include`.

        Raises NotFoundError, and what `RowVersion.read` does.
        """
        expected = version or ANY_VERSION
        statement = self._statement("get", lambda: select(*self._versioned).where(*self._one()))
        row = self._exists({{ c.await_ }}statement.row(session, {"id": identifier}))
        xmin = row.pop(XMIN)
        if include:
            {{ c.await_ }}load_includes(session, self.read, [row], include)
            found = self._instance.validate_python(row)
            expected.read(xmin, self._instance.dump_json(found))
            return found
        expected.read(xmin)
        return self._instance.validate_python(row)

    {{ c.async_ }}def page(
        self,
        session: DatabaseSession,
        query: PageQuery,
        *criteria: Criterion | ColumnElement[bool],
    ) -> Page[ReadT]:
        """Return a page of the rows that match the filters of `query` and all `criteria`.

        With expressions of SQLAlchemy among the criteria the statement is compiled each time; a
        Criterion is built once. Raises QueryError if there is no such order or cursor.
        """
        selection = Selection(self.table, self._columns, self._listed, query, criteria)
        statement = self._selected(selection, "page", selection.page)
        rows = {{ c.await_ }}statement.rows(session, selection.values)
        items = rows[: query.limit]
        {{ c.await_ }}load_includes(session, self.read, items, getattr(query, "include", ()))
        has_more = len(rows) > query.limit
{% if pagination == "cursor" %}
        next_cursor = selection.cursor_behind(items[-1]) if has_more else None
        return self._page.model_validate({"items": items, "next_cursor": next_cursor})
{% else %}
        total = None
        if query.with_total:
            statement = self._selected(selection, "count", selection.count)
            counted = {{ c.await_ }}statement.rows(session, selection.values)
            total = counted[0]["total"]
        return self._page.model_validate({"items": items, "has_more": has_more, "total": total})
{% endif %}

    {{ c.async_ }}def create(
        self,
        session: DatabaseSession,
        data: SQLModel,
        version: RowVersion | None = None,
    ) -> ReadT:
        """Insert a row, with its links, and return it with what the database made."""
        values, links = self._split(data.model_dump())
        links = {name: identifiers for name, identifiers in links.items() if identifiers}

        def build() -> Clause:
            row = insert(self.table).values(self._parameters(values)).returning(*self._versioned)
            if not links:
                return row
            new = row.cte("new")
            statement = select(*new.c)
            for name in links:
                targets = parameter(name, self.links[name].array)
                statement = statement.add_cte(self.links[name].linking(new.c.id, targets).cte())
            return statement

        statement = self._statement(("create", *values, *links), build, writes=True)
        row = {{ c.await_ }}statement.row(session, _renamed(values) | links)
        return self._written(row, version)

    {{ c.async_ }}def create_many(
        self,
        session: DatabaseSession,
        data: Sequence[SQLModel],
    ) -> list[ReadT]:
        """Insert rows, with their links, all or none; return them in the same order.

        The statements do not become more with the rows. Raises RefusedRowError.
        """
        if not data:
            return []
        {{ c.await_ }}session.widen(Mode.TRANSACTION)
        rows = [each.model_dump() for each in data]
        names = [name for name in rows[0] if name not in self.links]
        if not fits(self.table, names):
            return {{ c.await_ }}self._create_each(session, data)
        links = [name for name in self.links if any(row.get(name) for row in rows)]
        shape = (*names, *links)
        insertion = self._insertions.get(shape)
        if insertion is None:
            used = {name: self.links[name] for name in links}
            insertion = Insertion(self.table, names, self._columns, used)
            self._insertions[shape] = insertion
        inserted = {{ c.await_ }}insertion.run(session, rows)
        return [self._instance.validate_python(row) for row in inserted]

    {{ c.async_ }}def update(
        self,
        session: DatabaseSession,
        identifier: Identifier,
        data: SQLModel,
        version: RowVersion | None = None,
    ) -> ReadT:
        """Change the fields that were set in `data` and return the row.

        Raises NotFoundError, and VersionMismatchError if it is not of this version.
        """
        values, links = self._split(data.model_dump(exclude_unset=True))
        if links:
            {{ c.await_ }}session.widen(Mode.TRANSACTION)
        if values or links:
            row = {{ c.await_ }}self._change(session, identifier, values, version)
        else:
            # What an override of `get` sends besides belongs to reads.
            row = {{ c.await_ }}Repository.get(self, session, identifier, version)
        # From here on, others who change the links of the row wait: one of them wins, whole.
        for name, identifiers in links.items():
            {{ c.await_ }}self.links[name].replace(session, identifier, identifiers)
        return row

    {{ c.async_ }}def delete(
        self,
        session: DatabaseSession,
        identifier: Identifier,
        version: RowVersion | None = None,
    ) -> None:
        """Delete a row, or mark it as deleted where the table can.

        Raises NotFoundError, and VersionMismatchError if it is not of this version.
        """
        expected = version or ANY_VERSION

        def build() -> Clause:
            identifier = self.table.c.id
            criteria = [*self._one(), *expected.criteria]
            if "deleted_at" not in self.table.c:
                return delete(self.table).where(*criteria).returning(identifier)
{% if soft_delete %}
            # UPDATE alone would let others refer to the row meanwhile; DELETE would not.
            live = select(identifier).where(*criteria).with_for_update()
            deletion = update(self.table).values(deleted_at=func.now()).returning(identifier)
            return deletion.where(identifier == live.correlate(None).scalar_subquery())
{% else %}
            deletion = update(self.table).values(deleted_at=func.now()).returning(identifier)
            return deletion.where(*criteria)
{% endif %}

        statement = self._statement(("delete", expected.shape), build, writes=True)
        row = {{ c.await_ }}statement.row(session, {"id": identifier} | expected.values)
        if row is None:
            {{ c.await_ }}self._refuse(session, identifier, expected)

    {{ c.async_ }}def delete_many(
        self,
        session: DatabaseSession,
        identifiers: Sequence[Identifier],
    ) -> None:
        """Delete rows, or mark them as deleted where the table can; all or none, in one statement.

        Raises NotFoundError, which names those that do not exist, and StillReferredError.
        """
        {{ c.await_ }}session.widen(Mode.TRANSACTION)
        ids = self.table.c.id

        def build() -> Clause:
            wanted = ids == any_(parameter("ids", ARRAY(ids.type)))
            return deletion(self.table, [wanted, *self._listed])

        statement = self._statement("delete many", build, writes=True)
        try:
            rows = {{ c.await_ }}statement.rows(session, {"ids": list(identifiers)})
        except (ForeignKeyViolation, RestrictViolation) as error:
            raise StillReferredError(error.diag.constraint_name) from error
        deleted = {row["id"] for row in rows}
        missing = [identifier for identifier in identifiers if identifier not in deleted]
        if missing:
            raise NotFoundError(f"{self.name} not found: {naming(missing)}")

    {{ c.async_ }}def restore(
        self,
        session: DatabaseSession,
        identifier: Identifier,
        version: RowVersion | None = None,
    ) -> ReadT:
        """Take back a soft delete; on a row that is not deleted, change nothing.

        Raises NotFoundError.
        """

        def build() -> Clause:
            restoration = update(self.table).values(deleted_at=None).returning(*self._versioned)
            return restoration.where(self.table.c.id == parameter("id"), *self._where)

        statement = self._statement("restore", build, writes=True)
        return self._written({{ c.await_ }}statement.row(session, {"id": identifier}), version)

    {{ c.async_ }}def _create_each(
        self,
        session: DatabaseSession,
        data: Sequence[SQLModel],
    ) -> list[ReadT]:
        created = []
        for number, each in enumerate(data):
            try:
                created.append({{ c.await_ }}Repository.create(self, session, each))
            except REFUSALS as error:
                raise RefusedRowError(number, error) from error
        return created

    {{ c.async_ }}def _change(
        self,
        session: DatabaseSession,
        identifier: Identifier,
        values: Row,
        version: RowVersion | None,
    ) -> ReadT:
        expected = version or ANY_VERSION

        def build() -> Clause:
            changes = self._parameters(values)
            if not changes:  # but links will: that makes another version of the row
                name = "updated_at" if "updated_at" in self.table.c else "id"
                changes[name] = func.now() if name == "updated_at" else self.table.c.id
            change = update(self.table).where(*self._one(), *expected.criteria).values(changes)
            return change.returning(*self._versioned)

        statement = self._statement(("update", expected.shape, *values), build, writes=True)
        bound = _renamed(values) | expected.values | {"id": identifier}
        row = {{ c.await_ }}statement.row(session, bound)
        if row is None:
            {{ c.await_ }}self._refuse(session, identifier, expected)
        return self._written(row, version)

    {{ c.async_ }}def _refuse(
        self,
        session: DatabaseSession,
        identifier: Identifier,
        expected: RowVersion,
    ) -> NoReturn:
        """Say why no row was changed. Raises NotFoundError or VersionMismatchError."""
        if expected.has_conditions:
            {{ c.await_ }}Repository.get(self, session, identifier)
            raise VersionMismatchError
        raise self._not_found()

    def _statement(
        self,
        shape: Hashable,
        build: Callable[[], Clause],
        *,
        writes: bool = False,
        planned_each_time: bool = False,
    ) -> Statement:
        """Return the statement of this shape, which is compiled the first time; None is no shape."""
        options = {"writes": writes, "planned_each_time": planned_each_time}
        if shape is None:
            return Statement(build(), **options)
        statement = self._statements.get(shape)
        if statement is None:
            if len(self._statements) >= MOST_SHAPES:
                self._statements.clear()
            statement = self._statements[shape] = Statement(build(), **options)
        return statement

    def _selected(self, selection: Selection, kind: str, build: Callable[[], Clause]) -> Statement:
        """Return the statement of a selection."""
        shape = None if selection.shape is None else (kind, *selection.shape)
        # How many rows have a value, or lie in a range, decides how to find them.
        return self._statement(shape, build, planned_each_time=selection.is_filtered)

    def _one(self) -> list[ColumnElement[bool]]:
        return [self.table.c.id == parameter("id"), *self._listed]

    def _exists(self, row: Row | None) -> Row:
        if row is None:
            raise self._not_found()
        return row

    def _not_found(self) -> NotFoundError:
        return NotFoundError(f"{self.name} not found")

    def _written(self, row: Row | None, version: RowVersion | None) -> ReadT:
        written = self._exists(row)
        (version or ANY_VERSION).written(written.pop(XMIN))
        return self._instance.validate_python(written)

    def _split(self, data: Row) -> tuple[Row, Row]:
        """Tell values of columns from identifiers to link to."""
        links = {name: data.pop(name) for name in self.links if name in data}
        return data, links

    def _parameters(self, values: Row) -> dict[str, Any]:
{% if soft_delete %}
        """Return what to write to columns; references to rows that are deleted are refused."""
        return {
            name: live_reference(column, parameter(f"new_{name}", column.type))
            for name, column in self.table.c.items()
            if name in values
        }
{% else %}
        """Return what to write to columns."""
        return {name: parameter(f"new_{name}", self.table.c[name].type) for name in values}
{% endif %}


def _parametrized(generic: Any, argument: type) -> Any:
    """Return a generic class of what is known at run time."""
    return generic[argument]


def _renamed(values: Row) -> Row:
    """Return values by the names of parameters: SQLAlchemy keeps the names of columns to itself."""
    return {f"new_{name}": value for name, value in values.items()}
