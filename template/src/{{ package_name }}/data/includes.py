{% import "includes/concurrency.jinja" as c with context %}
"""Includes: related rows that are shown with a row if a client asks for them.

Each takes one statement for all rows of a page, as `selectinload` of SQLAlchemy does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Annotated, Any, Generic, Self, TypedDict, TypeVar, Unpack, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from sqlalchemy import ARRAY, Column, ColumnElement, Select, Table, any_, func, select, true
from sqlmodel import SQLModel

{% if pagination == "cursor" %}
from {{ package_name }}.data.cursors import Cursor, ListName
{% endif %}
from {{ package_name }}.data.pages import Page
from {{ package_name }}.data.references import (
    Link,
    Reference,
    column_of,
    not_deleted,
    referred_table,
)
from {{ package_name }}.data.statements import Row, Statement, parameter
from {{ package_name }}.db.session import DatabaseSession

NameT = TypeVar("NameT", bound=str)

# The most rows of a collection that are shown with one row.
MOST_INCLUDED = 20

_ABSENT = object()


def _is_absent(value: object) -> bool:
    return value is _ABSENT


# The value of a field for related rows that the client did not ask for: the answer leaves it out.
NOT_INCLUDED: Any = Field(default_factory=lambda: _ABSENT, exclude_if=_is_absent)


def _separate(names: Any) -> Any:
    """Take `a,b` for `a` and `b`."""
    return ",".join(names).split(",") if names and isinstance(names, list) else names


class IncludeQuery(BaseModel, Generic[NameT]):
    """The query parameter that asks for related rows. Unknown parameters are refused."""

    model_config = ConfigDict(extra="forbid")

    include: Annotated[list[NameT], BeforeValidator(_separate)] = Field(
        default=[],
        description=(
            "Relations to show with each item, separated by commas. "
            f"Of a collection, the first {MOST_INCLUDED} are shown."
        ),
    )


class Options(TypedDict, total=False):
    """What an include may say besides: see Include."""

    include: Sequence[str]
    where: Sequence[ColumnElement[bool]]


@dataclass(frozen=True)
class Include:
    """How the related rows of a field are found, as a part of its annotation.

    `author: Annotated[UserRead | None, Include.one(Post.author_id)] = NOT_INCLUDED`: the columns are
    those of the Read model in the annotation. If that has includes itself, `include` names those
    which are always shown. Related rows also have to meet the criteria in `where`: those of another
    repository do not hold here.
    """

    # The column of the row whose value is looked up, and the one where it is found.
    own: Column[Any]
    other: Column[Any]
    by: "Reference | Link | None" = None
    include: Sequence[str] = ()
    where: Sequence[ColumnElement[bool]] = ()

    @classmethod
    def one(cls, foreign_key: Any, **options: Unpack[Options]) -> Self:
        """Return the include of the row that this one refers to, such as `Post.author_id`."""
        own = column_of(foreign_key)
        return cls(own, referred_table(own).c.id, **options)

    @classmethod
    def one_referring(cls, foreign_key: Any, **options: Unpack[Options]) -> Self:
        """Return the include of the only row that refers to this one, by a unique key."""
        other = column_of(foreign_key)
        return cls(referred_table(other).c.id, other, **options)

    @classmethod
    def many(cls, foreign_key: Any, **options: Unpack[Options]) -> Self:
        """Return the include of the rows that refer to this one, such as `Comment.post_id`."""
        other = column_of(foreign_key)
        own = referred_table(other).c.id
        return cls(own, other, Reference(foreign_key), **options)

    @classmethod
    def linked(cls, source: Any, target: Any, **options: Unpack[Options]) -> Self:
        """Return the include of linked rows, by the columns of the table of links."""
        link = Link(source, target)
        own = referred_table(link.source).c.id
        return cls(own, link.target, link, **options)


class Loader:
    """Loads what an include finds."""

    def __init__(self, name: str, annotation: Any, include: Include) -> None:
        self.own = include.own
        self._name = name
        self._include = include
        self._read = read_model(annotation)
        if isinstance(include.by, Link):
            self._table = referred_table(include.other)
        else:
            self._table = include.other.table

    {{ c.async_ }}def load(self, session: DatabaseSession, rows: list[Row]) -> None:
        """Add what is related to each of the rows."""
        keys = {row[self.own.name] for row in rows} - {None}
        found = {{ c.await_ }}self._statement.rows(session, {"keys": [*keys]}) if keys else []
        {{ c.await_ }}load_includes(session, self._read, found, self._include.include)
        if self._include.by is None:
            by_key = {related.pop("_key"): related for related in found}
            for row in rows:
                row[self._name] = by_key.get(row[self.own.name])
            return
        collections: dict[Any, list[Row]] = {}
        for related in found:
            collections.setdefault(related.pop("_key"), []).append(related)
        for row in rows:
            key = row[self.own.name]
            row[self._name] = self._page(key, collections.get(key, []))

    def _page(self, key: Any, rows: list[Row]) -> Row:
        """Return what is the first page of the list of the collection, too."""
        has_more = len(rows) > MOST_INCLUDED
        items = rows[:MOST_INCLUDED]
{% if pagination == "cursor" %}
        cursor = None
        if has_more and self._include.by is not None:
            name = ListName(self._table.name, "-id", {}, self._include.by.rows_of(key).values)
            cursor = Cursor(items[-1]["id"]).written(name)
        return {"items": items, "next_cursor": cursor}
{% else %}
        return {"items": items, "has_more": has_more, "total": None}
{% endif %}

    @property
    def _criteria(self) -> list[ColumnElement[bool]]:
        return [*not_deleted(self._table), *self._include.where]

    @cached_property
    def _columns(self) -> list[Column[Any]]:
        return columns_of(self._read, self._table)

    @cached_property
    def _statement(self) -> Statement:
        statement = self._one() if self._include.by is None else self._several()
        return Statement(statement, writes=False)

    def _one(self) -> Select[*tuple[Any, ...]]:
        other = self._include.other
        statement = select(other.label("_key"), *self._columns)
        return statement.where(
            other == any_(parameter("keys", ARRAY(other.type))),
            *self._criteria,
        )

    def _several(self) -> Select[*tuple[Any, ...]]:
        keys = func.unnest(parameter("keys", ARRAY(self.own.type))).alias("keys")
        related = select(*self._columns).where(*self._criteria)
        order: ColumnElement[Any] = self._table.c.id
        link = self._include.by
        if isinstance(link, Link):
            # In the order of the index of the links.
            order = link.target
            related = related.join(link.table, self._table.c.id == link.target)
            related = related.where(link.source == keys.column)
        else:
            related = related.where(self._include.other == keys.column)
        first = related.order_by(order.desc()).limit(MOST_INCLUDED + 1).lateral("related")
        rows = keys.join(first, true())
        statement = select(keys.column.label("_key"), *first.c).select_from(rows)
        return statement.order_by(first.c.id.desc())


{{ c.async_ }}def load_includes(
    session: DatabaseSession,
    read: type[BaseModel],
    rows: list[Row],
    names: Sequence[str],
) -> None:
    """Add related rows to rows of a Read model. Raises KeyError if it has no such include."""
    loaders = loaders_of(read)
    for name in dict.fromkeys(names):
        {{ c.await_ }}loaders[name].load(session, rows)


@cache
def loaders_of(read: type[BaseModel]) -> dict[str, Loader]:
    """Return what loads the includes of a Read model, by field."""
    return {
        name: Loader(name, field.annotation, each)
        for name, field in read.model_fields.items()
        for each in field.metadata
        if isinstance(each, Include)
    }


def columns_of(read: type[BaseModel], table: Table) -> list[Column[Any]]:
    """Return the columns that a Read model shows, and those which lists and includes go by."""
    names = {"id", *read.model_fields, *(each.own.name for each in loaders_of(read).values())}
    return [column for column in table.c if column.name in names]


def read_model(annotation: Any) -> type[SQLModel]:
    """Return the Read model in an annotation such as `UserRead | None` or `Page[UserRead]`."""
    for each in (annotation, *get_args(annotation)):
        if isinstance(each, type) and issubclass(each, Page):
            (argument,) = each.__pydantic_generic_metadata__["args"]
            return read_model(argument)
        if isinstance(each, type) and issubclass(each, SQLModel):
            return each
    raise TypeError(f"{annotation} has no model to show")
