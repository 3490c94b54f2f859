"""Selections: the statement of a list, by what a client asks for."""

from collections.abc import Hashable, Sequence
from typing import Any

{% if pagination == "cursor" %}
from sqlalchemy import BigInteger, Column, ColumnElement, Select, Table, select, union_all
{% else %}
from sqlalchemy import BigInteger, Column, ColumnElement, Select, Table, func, select
{% endif %}

{% if pagination == "cursor" %}
from {{ package_name }}.data.cursors import Cursor, ListName
{% endif %}
from {{ package_name }}.data.filters import sent_filters
from {{ package_name }}.data.pages import PageQuery
{% if pagination == "cursor" %}
from {{ package_name }}.data.references import Criterion, Link, Reference
{% else %}
from {{ package_name }}.data.references import Criterion, Reference
{% endif %}
from {{ package_name }}.data.sorting import order_of
from {{ package_name }}.data.statements import Row, parameter


class Selection:
    """The rows of a page: which columns, which rows, in which order."""

    def __init__(
        self,
        table: Table,
        columns: Sequence[Column[Any]],
        where: Sequence[ColumnElement[bool]],
        query: PageQuery,
        criteria: Sequence[Criterion | ColumnElement[bool]],
    ) -> None:
        """Take what is listed anyway (`where`), what a client asks for, and further criteria.

        Raises QueryError if the client asks for an order or a cursor that there is not.
        """
        self._table = table
        self._where = where
        self._filters = sent_filters(query)
        self._known = [each for each in criteria if isinstance(each, Criterion)]
        self._others = [each for each in criteria if not isinstance(each, Criterion)]
        fixed = {each.equal.name for each in self._filters.values() if each.equal is not None}
        for criterion in self._known:
            if isinstance(criterion.by, Reference):
                fixed.add(criterion.by.column.name)
        self._order = order_of(table, query.sort, self._filters, fixed)
        self._columns: list[ColumnElement[Any]] = [*columns]
        if self._order.name not in (column.name for column in columns):
            self._columns.append(self._order.value)
        self.is_filtered = bool(self._filters)
        belonging: Row = {}
        for criterion in self._known:
            belonging |= criterion.values
        # One row more than asked for tells whether there is a next page.
        self.values: Row = belonging | {"limit": query.limit + 1}
        for sent in self._filters.values():
            self.values |= sent.values
{% if pagination == "cursor" %}
        parameters = {name: getattr(query, name) for name in self._filters}
        self._name = ListName(table.name, query.sort, parameters, belonging)
        self._cursor: Cursor | None = None
        if query.cursor is not None:
            order = self._order
            self._cursor = Cursor.read(query.cursor, self._name, order.identifier, order.value)
            self.values["cursor"] = self._cursor.identifier
            self.values["cursor_value"] = self._cursor.value
            position: Hashable = self._cursor.value is None
        else:
            position = "first"
{% else %}
        self.values["offset"] = query.offset
{% endif %}
        # Selections of one shape differ by values only; None is no shape.
        self.shape: tuple[Hashable, ...] | None = None
        if not self._others:
            self.shape = (
                type(query),
                query.sort,
{% if pagination == "cursor" %}
                position,
{% endif %}
                *(sent.shape for sent in self._filters.values()),
                *(criterion.by for criterion in self._known),
            )

    def page(self) -> Select[*tuple[Any, ...]]:
        """Return the statement of the page."""
        order = self._order
        limit = parameter("limit", BigInteger())
{% if pagination == "cursor" %}
        if self._cursor is None:
            return self._matching().order_by(*order.clauses).limit(limit)
        parts = [
            self._matching(behind=True).where(criterion).order_by(*order.clauses).limit(limit)
            for criterion in order.behind(is_null=self._cursor.value is None)
        ]
        if len(parts) == 1:
            return parts[0]
        # Each part is read from an index, and is no longer than a page.
        rows = union_all(*parts).subquery("rows")
        both = order.on(rows.c)
        return select(*rows.c).order_by(*both.clauses).limit(limit)

    def cursor_behind(self, row: Row) -> str:
        """Return the cursor of the page that begins behind a row."""
        order = self._order
        value = None if order.is_by_identifier else row[order.name]
        return Cursor(row["id"], value).written(self._name)

    def _matching(self, *, behind: bool = False) -> Select[*tuple[Any, ...]]:
        order = self._order
        criteria = [
            criterion.by.behind(parameter("cursor"), is_descending=order.is_descending)
            if behind and order.is_by_identifier and isinstance(criterion.by, Link)
            else criterion.by.expression
            for criterion in self._known
        ]
{% else %}
        rows = self._matching().order_by(*order.clauses).limit(limit)
        return rows.offset(parameter("offset", BigInteger()))

    def count(self) -> Select[*tuple[Any, ...]]:
        """Return the statement that counts the rows of all pages."""
        return select(func.count().label("total")).select_from(self._matching().subquery())

    def _matching(self) -> Select[*tuple[Any, ...]]:
        criteria = [criterion.by.expression for criterion in self._known]
{% endif %}
        sent = [each.criterion() for each in self._filters.values()]
        return select(*self._columns).where(*self._where, *sent, *criteria, *self._others)
