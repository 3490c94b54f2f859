{% from "includes/python.jinja" import import_from with context %}
"""Types of fields: what they refuse, and what the API's documentation says of them."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

{{ import_from(package_name ~ ".models.base", ["Instant", "Int32", "Json", "NaiveTime", "Url"]) }}


def nested(levels: int) -> list[Any]:
    """Return lists in lists."""
    value: list[Any] = []
    for _ in range(levels - 1):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        (Instant, "0001-01-01T00:00:00Z"),
        (Instant, "9999-12-31T23:59:59.999999Z"),
        (Json, nested(255)),
    ],
)
def test_accepted(type_: Any, value: object) -> None:
    adapter = TypeAdapter(type_)
    adapter.dump_json(adapter.validate_python(value))


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        # In UTC these are in the years 0 and 10000.
        (Instant, "0001-01-01T00:00:00+14:00"),
        (Instant, "9999-12-31T23:59:59-14:00"),
        (Instant, "2026-01-02T03:04:05"),  # somewhere
        (NaiveTime, "12:00:00+01:00"),
        (Int32, 2**31),
        (Int32, -(2**31) - 1),
        (Url, "nowhere"),
        (Url, "ftp://example.com"),
        (Json, "text"),
        (Json, nested(256)),
        (Json, {"key": "\ud800"}),
    ],
)
def test_refused(type_: Any, value: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(type_).validate_python(value)


def test_format_of_times() -> None:
    """A time of day has no offset, which the format "time" requires."""
    schema = TypeAdapter(NaiveTime).json_schema()
    assert schema == {"type": "string", "format": "time-local"}
