"""Many rows at once, as clients send them."""

from typing import Annotated, TypeVar

from pydantic import AfterValidator
from pydantic import Field as Constraint

from {{ package_name }}.models.base import Identifier, Strict

ItemT = TypeVar("ItemT")

# More would make a request that others wait for; what is sent together is done together.
MOST_ROWS = 500

Many = Annotated[list[ItemT], Constraint(min_length=1, max_length=MOST_ROWS)]


def _distinct(identifiers: list[Identifier]) -> list[Identifier]:
    if len(set(identifiers)) < len(identifiers):
        raise ValueError("an identifier is there twice")
    return identifiers


class Identifiers(Strict):
    """Which rows."""

    ids: Annotated[
        Many[Identifier],
        AfterValidator(_distinct),
        Constraint(json_schema_extra={"uniqueItems": True}),
    ]
