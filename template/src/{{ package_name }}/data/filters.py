"""Filters: what the query parameters of a list mean in SQL."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Self

from pydantic import BaseModel
from sqlalchemy import ARRAY, ColumnElement, any_, type_coerce
from sqlmodel import col


@dataclass(frozen=True)
class Filter:
    """The criterion of a query parameter, which holds if the parameter is sent.

    `Annotated[str | None, Filter(lambda text: col(Post.title).icontains(text))]`: what the function
    gets stands for the value in SQL. It is called once, not for each request.
    """

    criterion: Callable[[Any], ColumnElement[bool]]

    @classmethod
    def equals(cls, column: Any) -> Self:
        """Return the filter for rows whose column is the value."""
        return cls(lambda value: col(column) == value)

    @classmethod
    def one_of(cls, column: Any) -> Self:
        """Return the filter for rows whose column is one of the values of a list.

        `in_` would be a statement for each number of values.
        """
        array = ARRAY(column.type)
        return cls(lambda values: col(column) == any_(type_coerce(values, array)))

    @classmethod
    def at_least(cls, column: Any) -> Self:
        """Return the filter for rows whose column is the value or more."""
        return cls(lambda value: col(column) >= value)

    @classmethod
    def at_most(cls, column: Any) -> Self:
        """Return the filter for rows whose column is the value or less."""
        return cls(lambda value: col(column) <= value)


@cache
def filters_of(query: type[BaseModel]) -> dict[str, Filter]:
    """Return the filters of a model of query parameters; fields without one are for your own code."""
    return {
        name: each
        for name, field in query.model_fields.items()
        for each in field.metadata
        if isinstance(each, Filter)
    }
