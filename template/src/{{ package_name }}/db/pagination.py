{% import "includes/concurrency.jinja" as c with context %}
{% if pagination == "cursor" %}
"""Pages of a list, newest first, read by key: page 10,000 costs what page 1 costs."""
{% else %}
"""Pages of a list, newest first, by offset: the rows before the page are read and skipped."""
{% endif %}

from collections.abc import Sequence
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, field_validator
{% if pagination == "cursor" %}
from sqlalchemy import ColumnElement, RowMapping, Select
{% else %}
from sqlalchemy import ColumnElement, RowMapping, Select, func, select
{% endif %}
from {{ c.session_module }} import {{ c.Session }}

from {{ package_name }}.db.values import client_values
{% if pagination == "cursor" %}
from {{ package_name }}.models.base import Identifier, storable
{% else %}
from {{ package_name }}.models.base import storable
{% endif %}

ItemT = TypeVar("ItemT")


class PageQuery(BaseModel):
    """Query parameters of a list. Unknown ones are refused.

    What a subclass adds is a filter: a column that must be equal, or for the columns in `ranges`
    also the two ends `<column>_from` and `<column>_to`, both included.
    """

    model_config = ConfigDict(extra="forbid")

    ranges: ClassVar[tuple[str, ...]] = ()

    limit: int = Field(
        default=50,
        ge=1,
        le=200,
        description="The most items to return.",
    )
{% if pagination == "cursor" %}
    cursor: Identifier | None = Field(
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
        return storable(value)


class Page(BaseModel, Generic[ItemT]):
    """A part of a list."""

    items: Sequence[ItemT]
{% if pagination == "cursor" %}
    next_cursor: Identifier | None = Field(
        description="Send it as `cursor` to get the next page; null on the last page.",
    )
{% else %}
    has_more: bool = Field(description="Whether there are items after these.")
    total: int | None = Field(description="All items that match, where asked for.")
{% endif %}


{{ c.async_ }}def fetch_page(
    session: {{ c.Session }},
    statement: Select[*tuple[Any, ...]],
    identifier: ColumnElement[Any],
    query: PageQuery,
) -> tuple[Sequence[RowMapping], dict[str, Any]]:
    """Return the rows of one page, and what `Page` says of it.

    One row more than the limit is read, to know whether there is a next page.
    """
    connection = {{ c.await_ }}session.connection()
{% if pagination == "cursor" %}
    if query.cursor is not None:
        statement = statement.where(identifier < query.cursor)
    statement = statement.order_by(identifier.desc()).limit(query.limit + 1)
    with client_values():
        rows = ({{ c.await_ }}connection.execute(statement)).mappings().all()
    has_more = len(rows) > query.limit
    rows = rows[: query.limit]
    return rows, {"next_cursor": rows[-1][identifier] if has_more else None}
{% else %}
    page = statement.order_by(identifier.desc()).offset(query.offset).limit(query.limit + 1)
    with client_values():
        rows = ({{ c.await_ }}connection.execute(page)).mappings().all()
    total = None
    if query.with_total:
        count = select(func.count()).select_from(statement.subquery())
        total = {{ c.await_ }}connection.scalar(count)
    has_more = len(rows) > query.limit
    return rows[: query.limit], {"has_more": has_more, "total": total}
{% endif %}
