{% if pagination == "cursor" %}
"""Pages of a list, read by key: page 10,000 costs what page 1 costs."""

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
{% else %}
"""Pages of a list, by offset: the rows before the page are read and skipped."""

{% endif %}
from typing import Any, Generic, TypeVar

{% if pagination == "cursor" %}
import pydantic_core
{% endif %}
{% if pagination == "cursor" %}
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, field_validator
{% else %}
from pydantic import BaseModel, ConfigDict, Field, field_validator
{% endif %}
{% if pagination == "cursor" %}
from sqlalchemy import Column, ColumnElement, DateTime
from sqlalchemy.types import TypeDecorator, TypeEngine
{% endif %}

{% if pagination == "cursor" %}
from {{ package_name }}.data.statements import Row
{% endif %}
from {{ package_name }}.models.base import storable

ItemT = TypeVar("ItemT")

SORT = (
    "What to sort by; with `-`, in descending order. Ties are broken by `id`. "
    "Null counts as more than any value."
)
# The order of a list if a client names none.
NEWEST_FIRST: Any = Field(default="-id", description=SORT)


class QueryError(ValueError):
    """A query parameter asks for what there is not. The answer is a 422."""

    def __init__(self, parameter: str, message: str) -> None:
        """Say what is wrong with a parameter."""
        super().__init__(message)
        self.parameter = parameter


class PageQuery(BaseModel):
    """Query parameters of a list. Unknown ones are refused. Subclasses add filters."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(
        default=50,
        ge=1,
        le=200,
        description="The most items to return.",
    )
    # Subclasses name the columns by which their list is sorted, too: `Literal["-id", "id", …]`.
    sort: str = Field(default="-id", pattern="^-?id$", description=SORT)
{% if pagination == "cursor" %}
    cursor: str | None = Field(
        default=None,
        description="`next_cursor` of the page before; omit it for the first page.",
    )
{% else %}
    # Up to the range of a Postgres bigint.
    offset: int = Field(
        default=0,
        ge=0,
        le=2**63 - 1,
        description="How many items to skip.",
    )
    with_total: bool = Field(
        default=False,
        description="Also count all items that match, which reads all of them.",
    )
{% endif %}

    @field_validator("*")
    @classmethod
    def _storable(cls, value: Any) -> Any:
        if isinstance(value, list):
            return [storable(each) for each in value]
        return storable(value)


class Page(BaseModel, Generic[ItemT]):
    """A part of a list."""

    # Pydantic reads and writes a `list` in compiled code, a `Sequence` in Python.
    items: list[ItemT]
{% if pagination == "cursor" %}
    next_cursor: str | None = Field(
        description="Send it as `cursor` to get the next page; null on the last page.",
    )


@dataclass(frozen=True)
class ListName:
    """What tells one list from another. A cursor is good for one of them."""

    table: str
    sort: str
    filters: Row
    # What all rows belong to.
    criteria: Row

    @property
    def digest(self) -> str:
        """Return a short name."""
        parts = pydantic_core.to_json([self.table, self.sort, self.filters, self.criteria])
        return hashlib.blake2b(parts, digest_size=6).hexdigest()


@dataclass(frozen=True)
class Cursor:
    """The last row of a page: its identifier, and the value that the list is sorted by."""

    identifier: Any
    value: Any = None

    def written(self, name: ListName) -> str:
        """Return the cursor as clients send it back."""
        text = pydantic_core.to_json([name.digest, self.identifier, self.value])
        return base64.urlsafe_b64encode(text).rstrip(b"=").decode()

    @classmethod
    def read(
        cls,
        text: str,
        name: ListName,
        identifier: Column[Any],
        value: ColumnElement[Any],
    ) -> "Cursor":
        """Read a cursor of this list. Raises QueryError if it is none."""
        try:
            padded = text.encode() + b"=" * (-len(text) % 4)
            parts = pydantic_core.from_json(base64.urlsafe_b64decode(padded))
            digest, *rest = parts
            if digest != name.digest:
                raise ValueError
            cursor_identifier, cursor_value = rest
            if cursor_identifier is None:
                raise ValueError
            return cls(_read(identifier, cursor_identifier), _read(value, cursor_value))
        except (ValueError, TypeError):
            message = "Not a cursor of this list, with this order and these filters"
            raise QueryError("cursor", message) from None


def _read(column: ColumnElement[Any], value: Any) -> Any:
    """Return a value of a column that was JSON. Raises ValueError if it cannot be one."""
    if value is None:
        return None
    return _adapter_of(column.type).validate_python(value)


@cache
def _adapter_of(type_: TypeEngine[Any]) -> TypeAdapter[Any]:
    while isinstance(type_, TypeDecorator):
        type_ = type_.impl_instance
    if isinstance(type_, DateTime) and type_.timezone:
        return TypeAdapter(AwareDatetime)
    return TypeAdapter(type_.python_type)
{% else %}
    has_more: bool = Field(description="Whether there are items after these.")
    total: int | None = Field(description="All items that match, where asked for.")
{% endif %}
