"""Filters: what the query parameters of a list mean in SQL."""

import datetime as dt
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Self

from pydantic import BaseModel
from sqlalchemy import ARRAY, Column, ColumnElement, Float, any_, cast, func, select, type_coerce
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import col

from {{ package_name }}.data.references import column_of
from {{ package_name }}.data.statements import Row, parameter

Criterion = Callable[[Any], ColumnElement[bool]]


@dataclass(frozen=True)
class Sent:
    """A filter that a client sent."""

    filter: "Filter"
    # Filters of one shape differ by values only.
    shape: Hashable
    criterion: Callable[[], ColumnElement[bool]]
    values: Row
    # The column that has one value in all rows.
    equal: Column[Any] | None = None


@dataclass(frozen=True)
class Filter:
    """The criterion of a query parameter, which holds if the parameter is sent.

    `Annotated[str | None, Filter(lambda text: col(Post.title).icontains(text))]`: what the function
    gets stands for the value in SQL. It is called once, not for each request.
    """

    criterion: Criterion

    def sent(self, name: str, value: Any) -> Sent:
        """Return the filter with the value of its parameter."""
        return Sent(self, name, lambda: self.criterion(parameter(name)), {name: value})

    @classmethod
    def equals(cls, column: Any) -> "Filter":
        """Return the filter for rows whose column is the value."""
        return _Equals(lambda value: col(column) == value, column)

    @classmethod
    def one_of(cls, column: Any, *, ignore_case: bool = False) -> "Filter":
        """Return the filter for rows whose column is one of the values of a list.

        `in_` would be a statement for each number of values. An index is read in order for a single
        value only, so that has a statement of its own. With `ignore_case`, the index is one of
        `lower(…)`.
        """
        array = ARRAY(column.type)
        if not ignore_case:
            return _OneOf(
                lambda values: col(column) == any_(type_coerce(values, array)),
                lambda value: col(column) == value,
                column,
            )

        def lowered(values: Any) -> ColumnElement[bool]:
            each = func.unnest(type_coerce(values, array)).column_valued("each")
            return func.lower(column).in_(select(func.lower(each)))

        return _OneOf(
            lowered,
            lambda value: func.lower(column) == func.lower(type_coerce(value, column.type)),
            column,
        )

    @classmethod
    def at_least(cls, column: Any) -> Self:
        """Return the filter for rows whose column is the value or more."""
        return cls(lambda value: col(column) >= value)

    @classmethod
    def at_most(cls, column: Any) -> Self:
        """Return the filter for rows whose column is the value or less."""
        return cls(lambda value: col(column) <= value)

    @classmethod
    def starts_with(cls, column: Any) -> Self:
        """Return the filter for rows whose text starts with the value.

        An index serves it if it has the operators of patterns, such as `varchar_pattern_ops`:
        https://www.postgresql.org/docs/current/indexes-opclass.html
        """
        return cls(lambda value: col(column).op("^@")(type_coerce(value, column.type)))

    @classmethod
    def is_null(cls, column: Any) -> "Filter":
        """Return the filter for rows that have no value in a column, or, with `false`, have one."""
        return _Choice(
            lambda is_null: col(column).is_(None) if is_null else col(column).is_not(None)
        )

    @classmethod
    def contains(cls, column: Any) -> Self:
        """Return the filter for rows whose JSON contains the value. A GIN index serves it.

        https://www.postgresql.org/docs/current/datatype-json.html#JSON-CONTAINMENT
        """
        return cls(lambda value: col(column).op("@>")(type_coerce(value, JSONB)))

    @classmethod
    def search(cls, column: Any, language: str) -> "Search":
        """Return the filter for rows that have the words of a query, as web searches know them.

        `column` is a `tsvector`. `sort=-relevance` brings first what fits best:
        https://www.postgresql.org/docs/current/textsearch-controls.html
        """

        def words(value: Any) -> ColumnElement[Any]:
            return func.websearch_to_tsquery(language, value)

        return Search(
            lambda value: col(column).op("@@")(words(value)),
            # The result is a `real`, of which the driver would make another number.
            lambda value: cast(func.ts_rank(column, words(value)), Float(53)),
        )


@dataclass(frozen=True)
class Search(Filter):
    """A filter whose rows match more or less well."""

    relevance: Callable[[Any], ColumnElement[Any]]


@dataclass(frozen=True)
class _Equals(Filter):
    column: Any

    def sent(self, name: str, value: Any) -> Sent:
        return replace(super().sent(name, value), equal=column_of(self.column))


@dataclass(frozen=True)
class _OneOf(Filter):
    single: Criterion
    column: Any

    def sent(self, name: str, value: Any) -> Sent:
        if len(value) != 1:
            return super().sent(name, [_in_utc(each) for each in value])
        return Sent(
            self,
            (name, "single"),
            lambda: self.single(parameter(name)),
            {name: value[0]},
            column_of(self.column),
        )


def _in_utc(value: Any) -> Any:
    """Return a point in time as lists are sent: in text, which has no offset of 16 hours or more."""
    is_aware = isinstance(value, dt.datetime) and value.tzinfo is not None
    return value.astimezone(dt.UTC) if is_aware else value


@dataclass(frozen=True)
class _Choice(Filter):
    """A filter that has a statement for each value."""

    def sent(self, name: str, value: Any) -> Sent:
        return Sent(self, (name, value), lambda: self.criterion(value), {})


@cache
def filters_of(query: type[BaseModel]) -> dict[str, Filter]:
    """Return the filters of a model of query parameters; fields without one are for your own code."""
    return {
        name: each
        for name, field in query.model_fields.items()
        for each in field.metadata
        if isinstance(each, Filter)
    }


def sent_filters(query: BaseModel) -> dict[str, Sent]:
    """Return the filters that were sent, by parameter."""
    return {
        name: each.sent(name, value)
        for name, each in filters_of(type(query)).items()
        if (value := getattr(query, name)) is not None
    }
