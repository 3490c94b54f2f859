"""Values that a test sends: another one, or one that breaks a rule of its field."""

from collections.abc import Iterator
from decimal import Decimal, localcontext
from math import inf, nextafter
from typing import Any

from pydantic import EmailStr
from sqlmodel import SQLModel

from seeding.values import (
    ATTEMPTS,
    BOUNDS,
    DIGITS,
    JSON,
    LONGEST,
    NUMBERS,
    Field,
    field,
    value_of,
)


def another_value(model: type[SQLModel], name: str, value: Any) -> Any:
    """Return a valid value that differs from this one, or None where none is found."""
    candidates = (value_of(model, name) for _ in range(ATTEMPTS))
    return next((candidate for candidate in candidates if candidate != value), None)


def wrong_values(model: type[SQLModel], name: str) -> Iterator[Any]:
    """Yield values, as a client would send them, each of which breaks a rule of a field."""
    wanted = field(model, name)
    rules = wanted.rules
    yield 1 if wanted.type in (str, EmailStr, JSON) else {"of": "another type"}
    if not wanted.is_optional:
        yield None
    for bound, step in zip(BOUNDS, (-1, 0, 1, 0), strict=True):
        if bound in rules and wanted.type in NUMBERS:
            yield beyond(wanted, rules[bound], step)
    if rules.get("min_length"):
        yield "x" * (rules["min_length"] - 1)
    if rules.get("max_length", LONGEST) < LONGEST:
        yield "x" * (rules["max_length"] + 1)
    if "decimal_places" in rules:
        yield f"0.{'0' * rules['decimal_places']}1"
    if "max_digits" in rules:
        yield f"1{'0' * (rules['max_digits'] - rules.get('decimal_places', 0))}"


def beyond(wanted: Field, bound: Any, step: int) -> Any:
    """Return the bound of a number, or one on its other side, as a client would send it."""
    if wanted.type is float:
        return nextafter(bound, step * inf) if step else bound
    if wanted.type is int:
        return bound + step
    with localcontext(prec=DIGITS):
        return str(Decimal(str(bound)) + step)
