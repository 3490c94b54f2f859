"""Values that look real, by the names of columns.

Faker makes some names, places and words, from which values are then drawn, in a tenth of the time.
What breaks a rule of its field is made in another way, in the end at random within the rules.
"""

import datetime as dt
import enum
import math
import random
import string
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from faker import Faker
from pydantic import AwareDatetime, EmailStr

from seeding.rules import ColumnField
from seeding.values import JSON, LONGEST, value_for

# The newest row is of this moment, the oldest of two years before. It is fixed, so that the same
# seed makes the same rows on every day.
UNTIL = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
SPAN = dt.timedelta(days=730)

SAMPLES = 20  # values by which a way to make them is judged
ENOUGH = 5  # of them, which are valid
TRIES = 20  # until a value is valid
POOL = 1000  # of each kind, from which values are drawn
LINE = 255  # characters: a text that may have more has sentences
FEW = 10_000  # numbers between bounds: none is rarer than others
QUARTER = 15  # minutes


@dataclass(slots=True)
class Row:
    """What values of a row have in common."""

    number: int  # from 1
    moment: dt.datetime  # when it was made
    attempt: int = 0  # the first one may take a value that another row has


Make = Callable[[Row], Any]


class Pools:
    """Names, places and words, some of each kind."""

    def __init__(self, seed: int) -> None:
        """Make them from a seed."""
        self._seed = seed
        self._faker = Faker("en_US", use_weighting=False)
        self._pools: dict[str, list[str]] = {}

    def words(self, kind: str) -> list[str]:
        """Return all words of a kind: noun, adjective, verb or adverb."""
        if kind not in self._pools:
            self._pools[kind] = list(self._faker.get_words_list(part_of_speech=kind))
        return self._pools[kind]

    def drawing(self, kind: str) -> "Make":
        """Return a way to draw from what a method of Faker makes."""
        if kind not in self._pools:
            self._faker.seed_instance(f"{self._seed} {kind}")
            make = getattr(self._faker, kind)
            self._pools[kind] = [str(make()) for _ in range(POOL)]
        pool = self._pools[kind]
        return lambda row: random.choice(pool)


class Realistic:
    """Makes values of a table by the names of its columns, at random by Python's `random`."""

    def __init__(self, pools: Pools, table: str, *, has_person: bool) -> None:
        """Make values for a table, each of whose rows is a person or something else."""
        self._pools = pools
        self._table = table
        self._has_person = has_person
        self._nouns = pools.words("noun")
        self._adjectives = pools.words("adjective")
        self._verbs = pools.words("verb")
        self._first_name = pools.drawing("first_name")
        self._last_name = pools.drawing("last_name")

    def ways(self, column: str, wanted: ColumnField) -> Iterator[Make]:
        """Yield ways to make values of a column, the best first."""
        words = column.lower().rstrip("_").split("_")
        type_ = wanted.type
        if isinstance(type_, type) and issubclass(type_, enum.Enum):
            yield skewed(list(type_))
        elif type_ is str and wanted.rules.get("format") == "uri":
            yield self._url
        elif type_ is EmailStr:
            yield self._email
        elif type_ is str:
            yield from self._texts(words, wanted)
        elif type_ in (int, float, Decimal):
            yield from self._numbers(words, wanted)
        elif type_ is bool:
            yield lambda row: random.random() < 0.3
        elif type_ is dt.date:
            yield self._days(words)
        elif type_ in (dt.datetime, AwareDatetime):
            yield self._moments(words)
        elif type_ is dt.time:
            yield self._time
        elif type_ == JSON:
            yield self._object

    # ---- Text ----

    def _texts(self, words: list[str], wanted: ColumnField) -> Iterator[Make]:
        # "billing_city" is a city, "city_code" is a code.
        for word in ("_".join(words), *reversed(words)):
            yield from (make for names, make in self._by_name() if word in names.split())
            for names, kind in FAKED.items():
                if word in names.split():
                    yield self._pools.drawing(kind)
        if "pattern" in wanted.rules:
            return
        is_long = wanted.rules.get("max_length", LONGEST) > LINE
        yield fitted(self._paragraph if is_long else self._title, wanted)
        yield fitted(self._word, wanted)

    def _by_name(self) -> Iterator[tuple[str, Make]]:
        is_word = any(word in self._table for word in ("tag", "label", "categor", "topic", "genre"))
        yield "name", self._name if self._has_person else self._word if is_word else self._thing
        yield "full_name display_name recipient author sender contact owner nickname", self._name
        yield "username handle login nick user", self._handle
        yield "email mail", self._email
        yield "phone mobile telephone fax tel", self._phone
        yield "title subject headline heading caption", self._title
        yield "text body content description details note notes remark comment", self._paragraph
        yield "message summary bio about goals abstract excerpt reason answer", self._paragraph
        yield "word keyword", self._word
        yield "slug path", self._slug
        yield "colour color", lambda row: f"#{random.randrange(1 << 24):06x}"
        yield "url link website homepage image photo picture avatar", self._url
        yield "code sku number reference serial", self._code
        yield "hash password digest checksum token secret key", self._digest
        yield "room", lambda row: f"{random.choice('ABCD')}{random.randrange(100, 500)}"
        yield "version", lambda row: f"{random.randrange(9)}.{random.randrange(20)}.0"

    def _word(self, row: Row) -> str:
        return random.choice(self._nouns)

    def _thing(self, row: Row) -> str:
        return f"{random.choice(self._adjectives).capitalize()} {random.choice(self._nouns)}"

    def _title(self, row: Row) -> str:
        form = random.randrange(3)
        thing = f"{random.choice(self._adjectives)} {random.choice(self._nouns)}"
        if form == 0:
            return f"The {thing}"
        if form == 1:
            return f"{random.choice(self._verbs).capitalize()} the {thing}"
        return f"{random.choice(self._nouns).capitalize()} and {thing}"

    def _sentence(self) -> str:
        first, second = random.choices(self._nouns, k=2)
        adjective, verb = random.choice(self._adjectives), random.choice(self._verbs)
        form = random.randrange(3)
        if form == 0:
            return f"The {first} may {verb} each {adjective} {second}."
        if form == 1:
            return f"Without the {adjective} {first}, they {verb} a {second}."
        return f"A {first} is rather {adjective} where you {verb} the {second}."

    def _paragraph(self, row: Row) -> str:
        return " ".join(self._sentence() for _ in range(random.randint(1, 5)))

    def _name(self, row: Row) -> str:
        return f"{self._first_name(row)} {self._last_name(row)}"

    def _handle(self, row: Row) -> str:
        return f"{self._first_name(row)}-{self._last_name(row)}".lower()

    def _email(self, row: Row) -> str:
        host = random.choice(("example.com", "example.net", "example.org"))
        return f"{self._first_name(row)}.{self._last_name(row)}@{host}".lower()

    def _phone(self, row: Row) -> str:
        # Of numbers that nobody has.
        return f"+1{random.randrange(200, 990)}55501{random.randrange(100):02}"

    def _slug(self, row: Row) -> str:
        return "-".join(random.choices(self._nouns, k=random.randint(1, 3)))

    def _url(self, row: Row) -> str:
        return f"https://www.example.com/{self._slug(row)}"

    def _code(self, row: Row) -> str:
        return "".join(random.choices(string.ascii_uppercase + string.digits, k=8))

    def _digest(self, row: Row) -> str:
        return f"{random.getrandbits(160):040x}"

    # ---- Numbers ----

    def _numbers(self, words: list[str], wanted: ColumnField) -> Iterator[Make]:
        for word in reversed(words):
            if word in ("number", "no", "nr") and wanted.type is int:
                yield lambda row: row.number
            if word in NUMBERS:
                yield number_between(*NUMBERS[word], wanted)
        least, most = bounds(wanted)
        if most - least < FEW:
            yield number_between(least, most, wanted, even=True)
        yield number_between(1, 1000, wanted)

    # ---- Times ----

    def _days(self, words: list[str]) -> Make:
        if BORN & {*words}:
            oldest, youngest = (UNTIL.date() - dt.timedelta(days=365 * age) for age in (80, 18))
            days = (youngest - oldest).days
            return lambda row: oldest + dt.timedelta(days=random.randrange(days))
        moment = self._moments(words)
        return lambda row: moment(row).date()

    def _moments(self, words: list[str]) -> Make:
        if LATER & {*words}:
            return lambda row: row.moment + dt.timedelta(seconds=random.randrange(300 * 86400))

        def soon(row: Row) -> dt.datetime:
            if row.attempt:  # any of ten years, where it has to differ
                return UNTIL - dt.timedelta(seconds=random.randrange(3650 * 86400))
            return min(UNTIL, row.moment + dt.timedelta(days=random.expovariate(0.1)))

        return soon

    def _time(self, row: Row) -> dt.time:
        minutes = random.randrange(7 * 60, 20 * 60, QUARTER)
        return dt.time(minutes // 60, minutes % 60)

    def _object(self, row: Row) -> dict[str, Any]:
        return {
            "theme": random.choice(("light", "dark")),
            "notifications": random.random() < 0.5,
            "tags": random.choices(self._nouns, k=random.randrange(4)),
        }


# What Faker makes, by names of columns.
FAKED = {
    "first_name forename given_name": "first_name",
    "last_name surname family_name": "last_name",
    "occupation job profession role": "job",
    "language": "language_name",
    "locale": "locale",
    "city town": "city",
    "country nationality": "country",
    "country country_code": "country_code",
    "state province region": "state",
    "street address line": "street_address",
    "postal_code postcode zip zip_code": "postcode",
    "company organisation organization vendor supplier employer manufacturer brand": "company",
    "currency currency_code": "currency_code",
    "time_zone timezone": "timezone",
    "ip ip_address": "ipv4_public",
    "user_agent agent": "user_agent",
}

# Where numbers lie, by the last word of a name.
NUMBERS: dict[str, tuple[float, float]] = {
    "price": (1, 500),
    "amount": (5, 5000),
    "cost": (5, 5000),
    "total": (5, 5000),
    "fee": (1, 100),
    "salary": (20_000, 150_000),
    "budget": (10_000, 1_000_000),
    "balance": (0, 10_000),
    "quantity": (1, 10),
    "count": (0, 100),
    "stock": (0, 500),
    "views": (0, 10_000),
    "likes": (0, 1000),
    "rate": (0, 1),
    "ratio": (0, 1),
    "percent": (0, 100),
    "rating": (1, 5),
    "score": (0, 100),
    "year": (1990, 2025),
    "age": (18, 80),
    "weight": (0.1, 50),
    "height": (0.1, 200),
    "latitude": (-60, 70),
    "longitude": (-180, 180),
    "position": (0, 20),
    "rank": (1, 100),
    "hours": (10, 40),
    "minutes": (5, 120),
    "duration": (5, 120),
    "estimate": (0.5, 40),
    "capacity": (10, 100),
    "attempts": (0, 3),
    "credits": (1, 10),
}
BORN = {"birth", "birthday", "birthdate", "born"}
LATER = {"due", "until", "expires", "expiry", "expiration", "deadline", "ends", "end", "closes"}


def bounds(wanted: ColumnField) -> tuple[float, float]:
    """Return the bounds of a number, about."""
    rules = wanted.rules
    least = rules.get("ge", rules.get("gt", -math.inf))
    most = rules.get("le", rules.get("lt", math.inf))
    limit = Decimal(sys.float_info.max)
    return float(max(Decimal(least), -limit)), float(min(Decimal(most), limit))


def number_between(low: float, high: float, wanted: ColumnField, *, even: bool = False) -> Make:
    """Return a way to make numbers there, rather small ones, or `even` ones, and within bounds."""
    first, last = bounds(wanted)
    least, most = max(first, low), min(last, high)
    places = min(wanted.rules.get("decimal_places", 2), 2)
    exponent = 1 if even or low < 0 else 2

    def make(row: Row) -> int | float | Decimal:
        number = least + (most - least) * random.random() ** exponent
        if wanted.type is int:
            return math.floor(number + 0.5)
        if wanted.type is float:
            return round(number, 2)
        return Decimal(f"{number:.{places}f}")

    return make


def skewed(values: list[Any]) -> Make:
    """Return a way to choose one of them, the first ones more often."""
    total = 0.0
    weights = [total := total + 1 / (place + 1) for place in range(len(values))]

    def make(row: Row) -> Any:
        if row.attempt:
            return random.choice(values)
        return random.choices(values, cum_weights=weights)[0]

    return make


def fitted(make: Callable[[Row], str], wanted: ColumnField) -> Make:
    """Return a way to make text that is as long as it has to be."""
    least = wanted.rules.get("min_length", 0)
    most = wanted.rules.get("max_length", LONGEST)

    def make_fitting(row: Row) -> str:
        text = make(row)
        while len(text) < least:
            text = f"{text} {make(row)}"
        return text[:most].strip()

    return make_fitting


class Maker:
    """Makes values of one column, which are valid."""

    def __init__(
        self, realistic: Realistic, column: str, wanted: ColumnField, *, distinct: bool
    ) -> None:
        """Make values; `distinct`: those that other rows may not have."""
        self._wanted = wanted
        self._is_distinct = distinct
        self._make: Make | None = None
        for make in realistic.ways(column, wanted):
            samples = [make(Row(number, UNTIL)) for number in range(1, SAMPLES + 1)]
            if sum(map(wanted.takes, samples)) >= ENOUGH:
                self._make = make
                break
        else:
            value_for(wanted)  # or LookupError, before the first row

    def make(self, row: Row) -> Any:
        """Return a value. Raises LookupError."""
        if self._make is not None:
            for _ in range(TRIES):
                value = self._make(row)
                if self._is_distinct and row.attempt:
                    value = self._distinguished(value, row)
                if self._wanted.takes(value):
                    return value
        return value_for(self._wanted)

    def _distinguished(self, value: Any, row: Row) -> Any:
        """Return another value, which hardly any other row has."""
        if isinstance(value, str) and not isinstance(value, enum.Enum):
            number = row.number if row.attempt == 1 else random.randrange(10**9)
            most = self._wanted.rules.get("max_length", LONGEST)
            name, at, host = value.partition("@")
            mark = f" {number}" if " " in value else f"-{number}"
            return f"{name[: max(most - len(mark + at + host), 0)]}{mark}{at}{host}"
        if isinstance(value, int | float | Decimal | dict | UUID) and not isinstance(value, bool):
            return value_for(self._wanted)
        return value
