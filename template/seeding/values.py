"""Values of fields, made from what the models say of them: their types and their rules.

They are random, by Python's `random`: who seeds it gets the same values in every run.
"""

import datetime as dt
import enum
import random
import string
import sys
import types
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from functools import cache
from math import ceil, floor
from typing import Annotated, Any, Union, get_args, get_origin
from uuid import UUID

from pydantic import AwareDatetime, EmailStr, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from rstr.xeger import Xeger
from sqlmodel import SQLModel

# Rules that values are made by, as Pydantic and annotated-types name them.
BOUNDS = ("ge", "gt", "le", "lt")
RULES = (*BOUNDS, "min_length", "max_length", "pattern", "max_digits", "decimal_places")

ATTEMPTS = 1000  # until a value is valid
NEAR = 10**9  # units of numbers without bounds
DIGITS = 2000  # of the longest numbers
LARGEST = sys.float_info.max
LONGEST = 100_000  # characters of a text


class Field:
    """What a field takes: its type, without None, and its rules by name."""

    def __init__(self, info: FieldInfo) -> None:
        """Take a field of a model."""
        self.type, metadata = unwrapped(info.annotation, [info])
        self.rules = rules_in(metadata)
        self.is_optional = type(None) in get_args(info.annotation)
        # Annotated takes one thing that is said at least.
        annotated: Any = Annotated[info.annotation, None, *info.metadata]
        self._adapter: TypeAdapter[Any] = TypeAdapter(annotated)

    def takes(self, value: object) -> bool:
        """Tell whether a value is valid."""
        try:
            self._adapter.validate_python(value)
        except ValidationError:
            return False
        return True


@cache
def field(model: type[SQLModel], name: str) -> Field:
    """Return a field of a model."""
    return Field(model.model_fields[name])


def unwrapped(annotation: Any, metadata: list[Any]) -> tuple[Any, list[Any]]:
    """Return a type without `| None` and `Annotated`, and all that is said of it."""
    if get_origin(annotation) in (Union, types.UnionType):
        return unwrapped(get_args(annotation)[0], metadata)
    if get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        return unwrapped(inner, more + metadata)
    return annotation, metadata


def rules_in(metadata: list[Any]) -> dict[str, Any]:
    """Return the rules in what is said of a type."""
    rules: dict[str, Any] = {}
    for each in metadata:
        if isinstance(each, FieldInfo):
            rules |= rules_in(each.metadata)
            rules |= each.json_schema_extra if isinstance(each.json_schema_extra, dict) else {}
        else:
            found = {name: getattr(each, name, None) for name in RULES}
            rules |= {name: rule for name, rule in found.items() if rule is not None}
    return rules


def value_of(model: type[SQLModel], name: str) -> Any:
    """Return a random valid value of a field, which is not None. Raises LookupError."""
    try:
        return value_for(field(model, name))
    except LookupError as error:
        raise LookupError(f"{model.__name__}.{name}: {error}") from None


def value_for(wanted: Field) -> Any:
    """Return a random valid value, which is not None. Raises LookupError."""
    is_enum = isinstance(wanted.type, type) and issubclass(wanted.type, enum.Enum)
    make = member if is_enum else MAKERS.get(wanted.type)
    if make is None:
        raise LookupError(f"add {wanted.type} to MAKERS in {__name__}")
    for _ in range(ATTEMPTS):
        value = make(wanted)
        if wanted.takes(value):
            return value
    raise LookupError(f"{make.__name__} in {__name__} finds no value")


# ---- Makers: what they make may break a rule of the field, and is then made anew ----


def member(wanted: Field) -> Any:
    """Return a member of an enum."""
    return random.choice(list(wanted.type))


def boolean(wanted: Field) -> bool:
    """Return True or False."""
    return random.random() < 0.5


def word(length: int = 8) -> str:
    """Return letters."""
    return "".join(random.choices(string.ascii_lowercase, k=length))


def text(wanted: Field) -> str:
    """Return text: a URL, what matches the pattern, or letters."""
    rules = wanted.rules
    if "pattern" in rules:
        return matching(rules["pattern"], rules.get("min_length", 0))
    if rules.get("format") == "uri":
        return f"https://example.com/{word()}"
    return word(min(max(rules.get("min_length", 0), 8), rules.get("max_length", LONGEST)))


class Matching(Xeger):
    """Makes text that matches a pattern, with few repetitions, or with enough for its length."""

    def __init__(self, min_length: int) -> None:
        """Make text of this length, or of another one."""
        super().__init__()
        self._min_length = min_length

    def _handle_in(self, value: Any) -> Any:
        if value[0][0].name != "NEGATE":
            return super()._handle_in(value)
        # In an order that does not differ between runs, as that of a set does.
        excluded = {each for state in value[1:] for each in self._handle_state(state)}
        return random.choice([each for each in string.printable if each not in excluded])

    def _handle_repeat(self, start_range: int, end_range: int, value: str) -> str:
        few = random.randint(start_range, start_range + random.choice([0, 1, 3, 10, 30]))
        times = random.choice([few, self._min_length, random.randint(0, self._min_length)])
        times = min(max(times, start_range), end_range)
        return "".join(self._handle_state(state) for _ in range(times) for state in value)


def matching(pattern: str, min_length: int) -> str:
    """Return text that matches a pattern, if possible of this length or longer."""
    return Matching(min_length).xeger(pattern)


def email(wanted: Field) -> str:
    """Return an address."""
    return f"{word()}@example.com"


def integer(wanted: Field) -> int:
    """Return a number between the bounds."""
    return int(units(wanted.rules, 0))


def decimal(wanted: Field) -> Decimal:
    """Return a number with all decimal places that it may have, or with more than its bounds."""
    rules = wanted.rules
    places = rules.get("decimal_places")
    if places is None:
        bounds = [Decimal(str(rules[bound])) for bound in BOUNDS if bound in rules]
        places = max([0, *(-int(bound.as_tuple().exponent) for bound in bounds)])
        places += random.randint(1, 20)
    return Decimal(f"{units(rules, places)}E-{places}")


def units(rules: dict[str, Any], places: int) -> int:
    """Return a number between the bounds, in units of the last decimal place."""
    limit = 10 ** rules.get("max_digits", DIGITS) - 1
    low, high = -limit, limit
    if (least := rules.get("ge", rules.get("gt"))) is not None:
        low = max(low, ceil(Fraction(str(least)) * 10**places))
    if (most := rules.get("le", rules.get("lt"))) is not None:
        high = min(high, floor(Fraction(str(most)) * 10**places))
    # Of all numbers, those near a bound, or near zero.
    near = min(max(low, 0), high)
    return random.randint(max(low, near - NEAR), min(high, near + NEAR))


def floating(wanted: Field) -> float:
    """Return a number between the bounds."""
    rules = wanted.rules
    low = rules.get("ge", rules.get("gt"))
    high = rules.get("le", rules.get("lt"))
    if low is None:
        low = -1000.0 if high is None else max(high - max(1000.0, abs(high)), -LARGEST)
    if high is None:
        high = min(low + max(1000.0, abs(low)), LARGEST)
    share = random.random()
    return float(low * (1 - share) + high * share)


def date(wanted: Field) -> dt.date:
    """Return a day of this century."""
    return dt.date(2000, 1, 1) + dt.timedelta(days=random.randrange(36_500))


def moment(wanted: Field) -> dt.datetime:
    """Return a point in time, to the microsecond."""
    return dt.datetime.combine(date(wanted), time_of_day(wanted), dt.UTC)


def time_of_day(wanted: Field) -> dt.time:
    """Return a time of day, to the microsecond."""
    hour, minute, second = random.randrange(24), random.randrange(60), random.randrange(60)
    return dt.time(hour, minute, second, random.randrange(1_000_000))


def uuid(wanted: Field) -> UUID:
    """Return a UUID."""
    return UUID(int=random.getrandbits(128), version=4)


def json(wanted: Field) -> dict[str, Any]:
    """Return an object."""
    return {word(): [random.randrange(1000), None, word()]}


JSON = dict[str, Any]
NUMBERS = (int, float, Decimal)
MAKERS: dict[Any, Callable[[Field], Any]] = {
    bool: boolean,
    int: integer,
    float: floating,
    Decimal: decimal,
    str: text,
    EmailStr: email,
    dt.date: date,
    dt.time: time_of_day,
    dt.datetime: moment,
    AwareDatetime: moment,
    UUID: uuid,
    JSON: json,
}
