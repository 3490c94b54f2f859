"""Runs in a rendered project: values for tests fit their fields, and wrong values do not.

It knows the rules from schema.yml. What is wrong is printed, and the exit code is 1.
"""

import json
import math
import operator
import random
import re
import sys
from collections.abc import Iterator
from decimal import Decimal, localcontext
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic_core import to_jsonable_python
from seeding.values import value_of

from tests.resources.item import ITEM
from tests.values import wrong_values

DRAWN = 50  # values of each field
FEW = 5  # that have to differ, where there is room
COMPARISONS = {"ge": operator.ge, "gt": operator.gt, "le": operator.le, "lt": operator.lt}

Rules = dict[str, Any]


def problems(name: str, rules: Rules) -> Iterator[str]:
    """Yield what is wrong with the values of a field."""
    try:
        values = {value_of(ITEM.model, name) for _ in range(DRAWN)}
    except LookupError as error:
        yield str(error)
        return
    for value in values:
        if not fits(rules, value):
            yield f"{value!r} does not fit"
        if not takes(name, to_jsonable_python(value)):
            yield f"{value!r} is refused"
    if len(values) < max(room_beside(rules, value) for value in values):
        yield f"there are {len(values)} values only"
    for wrong in wrong_values(ITEM.model, name):
        if takes(name, wrong):
            yield f"{wrong!r} is not refused"


def takes(name: str, value: object) -> bool:
    """Tell whether a client may send a value."""
    try:
        ITEM.update.model_validate_json(json.dumps({name: value}, allow_nan=False))
    except ValidationError:
        return False
    return True


def room_beside(rules: Rules, value: Any) -> int:
    """Return how many values there are in a row, one of them being this one; FEW are enough."""
    if rules["type"] in ("str", "text"):
        return 1 if "pattern" in rules else FEW
    found = 1
    for direction in (-1, 1):
        beside = value
        while found < FEW and fits(rules, beside := next_to(rules, beside, direction)):
            found += 1
    return found


def next_to(rules: Rules, value: Any, direction: int) -> Any:
    """Return the next larger number, or the next smaller one."""
    if rules["type"] == "int":
        return value + direction
    if rules["type"] == "float":
        return math.nextafter(value, direction * math.inf)
    places = rules.get("scale", 0) if "precision" in rules else 20
    with localcontext(prec=3000):
        return value + direction * Decimal(1).scaleb(-places)


def fits(rules: Rules, value: Any) -> bool:
    """Tell whether a value is one of a field."""
    if rules["type"] in ("str", "text"):
        is_long_enough = len(value) >= rules.get("min_length", 0)
        is_short_enough = len(value) <= rules.get("max_length", math.inf)
        matches = re.search(rules.get("pattern", ""), value) is not None
        return is_long_enough and is_short_enough and matches
    # 0.1 of a decimal is the fraction, not the float next to it.
    exact = Decimal if rules["type"] == "float" else lambda bound: Decimal(str(bound))
    bounds = {key: exact(rules[key]) for key in COMPARISONS if key in rules}
    number = Decimal(value)
    if not all(COMPARISONS[key](number, bound) for key, bound in bounds.items()):
        return False
    if rules["type"] == "int":
        return -(2**31) <= number < 2**31
    if "precision" in rules:
        scale = rules.get("scale", 0)
        limit = Decimal(10) ** int(rules["precision"] - scale)
        return -int(number.as_tuple().exponent) <= scale and abs(number) < limit
    return number.is_finite()


if __name__ == "__main__":
    random.seed(1)
    with open("schema.yml", encoding="utf-8") as file:
        fields: dict[str, Rules] = yaml.safe_load(file)["entities"]["item"]["fields"]
    found = [
        (rules, problem) for name, rules in fields.items() for problem in problems(name, rules)
    ]
    for rules, problem in found:
        print(rules, problem)
    sys.exit(1 if found else 0)
