"""Numbers that the tests of a project send fit the rules of their fields, whatever these are."""

import json
import operator
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from tests.validation import ENVIRONMENT, problems

SCHEMA = ENVIRONMENT.get_template("includes/schema.jinja")

ROWS = 500  # that have to differ

BOUNDS = st.sampled_from([-100, -1, 0, 1, 3, 10, 500, 998, 999, 1000, 1001, 2**31 - 1, -(2**31)])
FRACTIONS = BOUNDS | st.sampled_from([-0.5, 0.01, 0.1, 0.2, 0.25, 9.99, 10.01, 99.5, 0.07, 1e-3])
COMPARISONS = {"ge": operator.ge, "gt": operator.gt, "le": operator.le, "lt": operator.lt}


@st.composite
def fields(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a field of numbers; not all are valid."""
    kind = draw(st.sampled_from(["int", "float", "decimal"]))
    field: dict[str, Any] = {"type": kind}
    for keys in (["ge", "gt"], ["le", "lt"]):
        if draw(st.booleans()):
            field[draw(st.sampled_from(keys))] = draw(BOUNDS if kind == "int" else FRACTIONS)
    if kind == "decimal" and draw(st.booleans()):
        field["precision"] = draw(st.sampled_from([1, 2, 3, 4, 6, 12]))
        if draw(st.booleans()):
            field["scale"] = draw(st.integers(0, field["precision"]))
    if draw(st.booleans()):
        field["unique"] = True
    return field


@settings(
    max_examples=200, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck)
)
@given(fields())
@example({"type": "decimal", "precision": 1000, "scale": 1000, "ge": 0.01})
@example({"type": "decimal", "precision": 1000, "scale": 1000, "gt": -0.6, "unique": True})
@example({"type": "decimal", "precision": 40, "scale": 30, "gt": 5.5, "unique": True})
@example({"type": "decimal", "le": 0.5, "ge": -(10**400)})
@example({"type": "decimal", "precision": 4, "scale": 2, "ge": 0.01, "le": 10.01, "unique": True})
@example({"type": "decimal", "precision": 3, "scale": 2, "ge": 9.99})
@example({"type": "decimal", "precision": 400, "scale": 2, "le": 10**300})
@example({"type": "float", "ge": -1e15, "le": 1e15})
@example({"type": "float", "ge": 0.1, "le": 0.1})
def test_numbers_fit(field: dict[str, Any]) -> None:
    entities = {"post": {"fields": {"size": field}}}
    assume(problems(entities) == [])
    rendered = SCHEMA.render(entities=entities, primary_key="uuid7")
    (column,) = json.loads(rendered)[0]["columns"]

    first, other = map(flat, column["examples"])
    values = [*evaluated(first, ROWS), *evaluated(other, 1)]
    assert all(fits(field, number) for number in values)
    if field.get("unique"):
        assert len(set(values)) == len(values)
    for text in column["invalid"]:
        if text not in ("None", '"many"', '"NaN"', "2**31", "-(2**31) - 1"):
            assert not any(fits(field, number) for number in evaluated(text, 1))


def flat(piece: Any) -> str:
    """Return a piece of includes/python.jinja as text."""
    if isinstance(piece, str):
        return piece
    inner = flat(piece["items"][0])
    return f"{piece['open']}{inner}{piece['close']}"


def evaluated(text: str, rows: int) -> list[Decimal]:
    """Return what a piece of Python makes of the numbers of rows, exactly."""
    function = eval(f"lambda number: {text}", {"Decimal": Decimal})
    return [Decimal(function(number)) for number in range(rows)]


def fits(field: dict[str, Any], number: Decimal) -> bool:
    """Tell whether a number is one of a field."""
    # What a bound says: 0.1 of a decimal is the fraction, not the float next to it.
    exact = Decimal if field["type"] == "float" else lambda bound: Decimal(str(bound))
    limits = {key: exact(field[key]) for key in COMPARISONS if key in field}
    if not all(COMPARISONS[key](number, limit) for key, limit in limits.items()):
        return False
    if field["type"] == "int":
        return -(2**31) <= number < 2**31
    if "precision" in field:
        scale = field.get("scale", 0)
        places = -int(number.as_tuple().exponent)
        limit = Decimal(10) ** int(field["precision"] - scale)
        return places <= scale and abs(number) < limit
    return True
