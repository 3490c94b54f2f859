{% if pagination == "cursor" %}
"""Pages of a list, read by key: page 10,000 costs what page 1 costs."""
{% else %}
"""Pages of a list, by offset: the rows before the page are read and skipped."""
{% endif %}

from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, field_validator

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
{% else %}
    has_more: bool = Field(description="Whether there are items after these.")
    total: int | None = Field(description="All items that match, where asked for.")
{% endif %}
