"""Sorting: the order of a list, which an index has to serve."""

from collections.abc import Iterable, Iterator, Mapping
{% if pagination == "cursor" %}
from dataclasses import dataclass, replace
{% else %}
from dataclasses import dataclass
{% endif %}
from functools import cache
from typing import Any

{% if pagination == "cursor" %}
from sqlalchemy import Column, ColumnElement, Index, Table, UniqueConstraint, and_, tuple_
{% else %}
from sqlalchemy import Column, ColumnElement, Index, Table, UniqueConstraint
{% endif %}

from {{ package_name }}.data.filters import Search, Sent
from {{ package_name }}.data.pages import QueryError
from {{ package_name }}.data.statements import parameter
from {{ package_name }}.models.base import LIVE

# What `sort=-relevance` sorts by, in the rows of a statement.
RELEVANCE = "_relevance"


@dataclass(frozen=True)
class Order:
    """By what rows are sorted. Ties are broken by the identifier, in the same direction.

    Null counts as more than any value, as in the indexes of PostgreSQL: it is last, or first if the
    order is descending. So one index serves both directions.
    """

    value: ColumnElement[Any]
    # The name of the value in the rows of a statement.
    name: str
    identifier: Column[Any]
    is_descending: bool
    may_be_null: bool = False

    @property
    def is_by_identifier(self) -> bool:
        """Return whether rows are sorted by the identifier alone."""
        return self.value is self.identifier

    @property
    def clauses(self) -> list[ColumnElement[Any]]:
        """Return what to order by."""
        columns = [self.identifier] if self.is_by_identifier else [self.value, self.identifier]
        return [each.desc() if self.is_descending else each.asc() for each in columns]
{% if pagination == "cursor" %}

    def on(self, columns: Any) -> "Order":
        """Return this order for columns of the same names."""
        return replace(self, value=columns[self.name], identifier=columns["id"])

    def behind(self, *, is_null: bool) -> list[ColumnElement[bool]]:
        """Return the criteria of the rows behind a cursor, in the order in which these rows come.

        An index leads to what each of them says; to one criterion for all it would not. `is_null`
        says whether the row of the cursor has no value.
        """
        identifier = self.identifier
        cursor = parameter("cursor", identifier.type)
        behind = identifier < cursor if self.is_descending else identifier > cursor
        if self.is_by_identifier:
            return [behind]
        if is_null:
            rest = and_(self.value.is_(None), behind)
            return [rest, self.value.is_not(None)] if self.is_descending else [rest]
        row = tuple_(self.value, identifier)
        cursor_row = tuple_(parameter("cursor_value", self.value.type), cursor)
        if self.is_descending:
            return [row < cursor_row]
        return [row > cursor_row, self.value.is_(None)] if self.may_be_null else [row > cursor_row]
{% endif %}


def order_of(table: Table, sort: str, filters: Mapping[str, Sent], fixed: Iterable[str]) -> Order:
    """Return the order that a client asks for.

    `fixed` are the columns that have one value in all rows. Raises QueryError if no index serves the
    order.
    """
    name = sort.removeprefix("-")
    is_descending = sort != name
    if name == "relevance" and name not in table.c:
        return _by_relevance(table, filters)
    column = table.c[name]
    if column.primary_key:
        return Order(column, name, column, is_descending)
    served = served_with(table, name)
    if not any(needed.issubset(fixed) for needed in served):
        needed = " or ".join(" and ".join(sorted(each)) for each in served)
        message = f"Needs a filter for one value of {needed}" if needed else "No index serves it"
        raise QueryError("sort", message)
    return Order(column, name, table.c.id, is_descending, bool(column.nullable))


def _by_relevance(table: Table, filters: Mapping[str, Sent]) -> Order:
    for name, sent in filters.items():
        if isinstance(sent.filter, Search):
            value = sent.filter.relevance(parameter(name)).label(RELEVANCE)
            return Order(value, RELEVANCE, table.c.id, is_descending=True)
    raise QueryError("sort", "Needs words to search for")


@cache
def served_with(table: Table, name: str) -> list[frozenset[str]]:
    """Return which columns have to be fixed so that rows come sorted by a column: for each index."""
    found = []
    for columns in _sorted_columns(table):
        if name in columns:
            found.append(frozenset(columns[: columns.index(name)]))
    return found


def _sorted_columns(table: Table) -> Iterator[list[str]]:
    """Yield the columns of each index that has all rows which a list shows, in order."""
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            yield list(constraint.columns.keys())
    for index in table.indexes:
        options = index.dialect_options["postgresql"]
        where = options["where"]
        has_all = where is None or str(where) == LIVE
        if has_all and not options["using"] and not options["ops"]:
            yield indexed_columns(index)


def indexed_columns(index: Index) -> list[str]:
    """Return the columns of an index, in order, or the SQL of what is none."""
    names = [str(getattr(each, "name", each)) for each in index.expressions]
    return [name.removesuffix(" DESC").strip('"') for name in names]
