{% from "includes/python.jinja" import import_from with context %}
{% set searched = schema | selectattr("search") | list %}
{% set imported = ["CheckConstraint", "Enum", "Index", "Table", "column", "func"] %}
{% set imported = imported + (["text"] if primary_key == "uuid7" else ["BigInteger", "Identity"]) %}
{% set imported = imported + (["Computed"] if searched else []) %}
"""What tables share: constraint names, identifier, timestamps, soft delete, types of fields."""

import datetime as dt
import enum
import re
{% if primary_key == "uuid7" %}
import uuid
{% endif %}
{% if searched %}
from itertools import zip_longest
{% endif %}
from typing import TYPE_CHECKING, Annotated, Any, Self, get_args

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    HttpUrl,
    StringConstraints,
    TypeAdapter,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic import Field as Constraint
from pydantic_core import SchemaError, to_json
{{ import_from("sqlalchemy", imported | sort(case_sensitive=true)) }}
{% if searched %}
from sqlalchemy.dialects.postgresql import TSVECTOR
{% endif %}
from sqlmodel import Field, SQLModel

# What is unique where rows are marked as deleted is so among the others. Names do not say it.
LIVE = "deleted_at IS NULL"


def index_columns(index: Index, table: Table) -> str:
    """Say what an index is of; SQLAlchemy's own token knows nothing but the names of columns."""
    options = index.dialect_options["postgresql"]
    words = [_name_of(each) for each in index.expressions]
    if options["using"]:
        words.append(options["using"])
    if any(each.endswith("_pattern_ops") for each in options["ops"].values()):
        words.append("pattern")
    if options["include"]:
        words += ["include", *map(_name_of, options["include"])]
    condition = "" if options["where"] is None else str(options["where"])
    if condition := condition.removeprefix(LIVE).removeprefix(" AND "):
        words += ["where", *re.findall("[a-z0-9]+", condition.lower())]
    return "_".join(words)


def _name_of(item: Any) -> str:
    """Return a word for a column, or for SQL such as `"name" DESC` and `lower("name")`."""
    name = str(getattr(item, "name", item)).replace('"', "")
    return name.replace(" DESC", "_desc").replace("(", "_").replace(")", "")


# Every constraint has a name that follows from its columns, so that migrations can drop it
# and error answers can state it. `ck` adds the name given at the constraint.
SQLModel.metadata.naming_convention = {
    "index_columns": index_columns,
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "ix": "ix_%(table_name)s_%(index_columns)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}

{% if primary_key == "uuid7" %}
Identifier = uuid.UUID
{% else %}
# The range of a Postgres bigint: a larger number is a bad request, not an error of the database.
Identifier = Annotated[int, Constraint(ge=1, le=2**63 - 1)]
{% endif %}


def storable(value: Any) -> Any:
    """Return a value as it is. Raises ValueError if it is text that PostgreSQL cannot hold."""
    if isinstance(value, str):
        if "\0" in value:
            raise ValueError("text cannot contain a NUL character")
        if not value.isascii():
            _encodable(value)
    return value


def _encodable(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("text cannot contain half a surrogate pair") from None


# How many fields that do not exist are reported one by one.
UNKNOWN_FIELDS = 20


class Compiled(SQLModel):
    """A model that Pydantic makes in compiled code. SQLModel's own way is for tables."""

    if not TYPE_CHECKING:
        __init__ = BaseModel.__init__

        def __new__(cls, *arguments: Any, **values: Any) -> Self:
            """Make an instance without values, which `__init__` or Pydantic gives it."""
            return object.__new__(cls)


class Strict(Compiled):
    """What clients send: a field that does not exist is refused, not ignored."""

    model_config = {"extra": "forbid"}

    @model_validator(mode="before")
    @classmethod
    def _few(cls, data: Any) -> Any:
        """Refuse many unknown fields at once: to report each costs far more than to read them."""
        if isinstance(data, dict) and len(data) > len(cls.model_fields) + UNKNOWN_FIELDS:
            raise ValueError(f"{len(data)} fields are more than there are")
        return data

    @field_validator("*")
    @classmethod
    def _storable(cls, value: Any) -> Any:
        return storable(value)


class Identified(SQLModel):
{% if primary_key == "uuid7" %}
    """A key made by the database: UUID version 7 (RFC 9562), ordered by time.

    `uuidv7()` needs PostgreSQL 18.
    """

    id: Identifier = Field(
        default=None,
        primary_key=True,
        sa_column_kwargs={"server_default": text("uuidv7()")},
    )
{% else %}
    """A key made by the database: a 64-bit number, ordered by time."""

    id: Identifier = Field(
        default=None,
        primary_key=True,
        sa_type=BigInteger,
        sa_column_args=(Identity(),),
    )
{% endif %}


class Timestamped(SQLModel):
    """When a row was made and last changed, by the clock of the database."""

    created_at: AwareDatetime = Field(
        default=None,
        sa_column_kwargs={"server_default": func.now()},
    )
    updated_at: AwareDatetime = Field(
        default=None,
        sa_column_kwargs={"server_default": func.now(), "onupdate": func.now()},
    )


class SoftDeleted(SQLModel):
    """Rows that are marked as deleted and can be restored."""

    deleted_at: AwareDatetime | None = Field(default=None)


def enum_type(values: type[enum.Enum]) -> Enum:
    """Return a column type that stores the values of an enum as text; `enum_check` restricts it.

    SQLModel's own choice is a native enum of the member names; text with a CHECK can be changed
    in a transaction like any other column. The length leaves room for longer values.
    """
    return Enum(
        values,
        native_enum=False,
        length=64,
        values_callable=lambda members: [member.value for member in members],
    )


def enum_check(name: str, values: type[enum.Enum]) -> CheckConstraint:
    """Return the CHECK constraint that a column holds one of the values of an enum."""
    return CheckConstraint(column(name).in_([member.value for member in values]), name=name)


{% if searched %}
# What a word counts in a search, by the place of its column: PostgreSQL has these four.
WEIGHTS = "ABCD"


def search_field(*columns: str, language: str) -> Any:
    """Return a field with the words of columns, those of the first weighing most; see `search`.

    The database fills it. `language` is a text search configuration of PostgreSQL.
    """
    parts = [
        f"setweight(to_tsvector('{language}', coalesce(\"{name}\", '')), '{weight}')"
        for name, weight in zip_longest(columns, WEIGHTS[: len(columns)], fillvalue=WEIGHTS[-1])
    ]
    return Field(
        default=None,
        sa_type=TSVECTOR,
        sa_column_args=(Computed(" || ".join(parts), persisted=True),),
        sa_column_kwargs={"comment": f"Words of {', '.join(columns)} ({language})"},
    )


{% endif %}
# Patterns by field, for migrations to try in PostgreSQL.
PATTERNS: dict[str, str] = {}


def matching(field: str, pattern: str) -> StringConstraints:
    """Return the constraint that text matches `pattern`, a regular expression as Rust knows them.

    Raises ValueError, which names `field`, where the pattern is not valid.
    """
    PATTERNS[field] = pattern
    constraint = StringConstraints(pattern=pattern)
    try:
        TypeAdapter(Annotated[str, constraint])
    except SchemaError as error:
        raise ValueError(f"{field}: the pattern {pattern!r} is not valid: {error}") from error
    return constraint


def pattern_check(name: str, type_: object) -> CheckConstraint:
    """Return the CHECK constraint that a column matches the pattern of its type, by `matching`."""
    _, constraint = get_args(type_)
    return CheckConstraint(column(name).regexp_match(constraint.pattern), name=f"{name}_pattern")


def _without_offset(value: dt.time) -> dt.time:
    if value.tzinfo is not None:
        raise ValueError("a time of day has no offset")
    return value


# NUL in JSON, after an even number of backslashes.
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def _serializable(value: Any) -> Any:
    if _NUL.search(to_json(value, inf_nan_mode="constants")):
        raise ValueError("text cannot contain a NUL character")
    return value


def _from_text(value: str) -> Any:
    return TypeAdapter(Json).validate_json(value)


_http_url = TypeAdapter(HttpUrl)


def _valid_url(value: str) -> str:
    _http_url.validate_python(value)
    return value


# The range of a Postgres `integer`: a larger number is a bad request, not an error of the database.
MIN_INT32 = -(2**31)
MAX_INT32 = 2**31 - 1
Int32 = Annotated[int, Constraint(ge=MIN_INT32, le=MAX_INT32)]

# An object or a list; kept as `jsonb`. What Pydantic could not send back, such as one that is nested
# more than 255 levels deep, is refused at once.
Json = Annotated[dict[str, Any] | list[Any], AfterValidator(_serializable)]

# The same, as text in a query.
JsonText = Annotated[str, AfterValidator(_from_text), WithJsonSchema({"type": "string"})]

# A point in time that is within the years 1 to 9999 also in UTC, in which it is read back.
Instant = Annotated[
    AwareDatetime,
    Constraint(
        ge=dt.datetime.min.replace(tzinfo=dt.UTC),
        le=dt.datetime.max.replace(tzinfo=dt.UTC),
    ),
]

# A time of day; the column has no time zone. JSON Schema's own format, "time", requires an offset:
# https://spec.openapis.org/registry/format/time-local
NaiveTime = Annotated[
    dt.time,
    AfterValidator(_without_offset),
    WithJsonSchema({"type": "string", "format": "time-local"}),
]

# An http or https URL, kept as it was sent.
Url = Annotated[
    str,
    AfterValidator(_valid_url),
    Constraint(json_schema_extra={"format": "uri"}),
]
