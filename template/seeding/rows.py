"""The rows of a table, one after the other, so that any number of them takes little memory."""

import datetime as dt
import math
import random
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Column, DateTime, Enum, Table, Uuid

from seeding.realistic import SPAN, UNTIL, Maker, Pools, Realistic, Row
from seeding.rules import Unique, plain_type
from seeding.tables import CREATED, DELETED, UPDATED, Plan, Reference

Values = dict[str, Any]
# The values of a row, and the numbers of the rows that it refers to, by column.
Made = tuple[Values, dict[str, int]]

ATTEMPTS = 200  # until a row differs from all others in what is unique
FEW_ATTEMPTS = 20  # with the same combination of few values
# Where there are so many times more combinations of values than rows, random ones will do.
SPARSE = 4

# Shares of rows.
IS_NULL = 0.2  # where a column may be null
IS_ROOT = 0.3  # in a tree
IS_DELETED = 0.03
IS_CHANGED = 0.5
HAS_DEFAULT = 0.5  # where a column has one

# How many rows are linked with one, from few to many.
LINKS = (0, 1, 1, 2, 2, 3, 3, 4, 6)

NO_ROW = -1

# Of the oldest row, and the same in milliseconds of Unix.
START = UNTIL - SPAN
EPOCH = int(START.timestamp()) * 1000


class Identifiers:
    """The identifiers of rows, which follow from their numbers."""

    def __init__(self, table: str, seed: int, count: int, *, is_uuid: bool) -> None:
        """Make identifiers, UUIDs or numbers, of so many rows."""
        self._key = blake2b(f"{seed} {table}".encode()).digest()
        self._step = SPAN / dt.timedelta(milliseconds=1) / max(count, 1)
        self._is_uuid = is_uuid

    def moment(self, index: int) -> dt.datetime:
        """Return when a row was made: later than the one before it, to the millisecond."""
        return START + dt.timedelta(milliseconds=self._milliseconds(index, self._digest(index)))

    def __getitem__(self, index: int) -> Any:
        """Return the identifier of a row, counted from 0."""
        if not self._is_uuid:
            return index + 1
        digest = self._digest(index)
        milliseconds = EPOCH + self._milliseconds(index, digest)
        # RFC 9562: 48 bits of time, the version, 12 random bits, the variant, 62 random bits.
        version, variant = 7 << 76, 2 << 62
        few, many = digest & (2**12 - 1) << 64, digest & (2**62 - 1)
        return UUID(int=milliseconds << 80 | version | few | variant | many)

    def _digest(self, index: int) -> int:
        digest = blake2b(index.to_bytes(8), digest_size=16, key=self._key).digest()
        return int.from_bytes(digest)

    def _milliseconds(self, index: int, digest: int) -> int:
        share = (digest >> 96) / 2**32
        return int((index + share) * self._step)


class Taken:
    """Values that rows have, in eight bytes each.

    It may take a new value for one that is there: then the row gets another one.
    """

    def __init__(self, count: int) -> None:
        """Make room for so many values."""
        self._size = max(1 << 20, 1 << (count * 64).bit_length())
        self._bits = bytearray(self._size // 8)

    def place(self, value: tuple[Any, ...]) -> int:
        """Return where a value is kept."""
        digest = blake2b(repr(value).encode(errors="replace"), digest_size=8).digest()
        return int.from_bytes(digest) % self._size

    def has(self, place: int) -> bool:
        """Tell whether there is such a value."""
        return bool(self._bits[place >> 3] & 1 << (place & 7))

    def add(self, place: int) -> None:
        """Keep a value."""
        self._bits[place >> 3] |= 1 << (place & 7)


class Combinations:
    """Goes through all combinations of few values, each once, in an order that looks random."""

    def __init__(self, choices: Mapping[str, Any], rows: int) -> None:
        """Take the choices of each column, for so many rows."""
        self._choices = choices
        self._size = math.prod(len(each) for each in choices.values())
        # References of one column: old rows with old ones.
        is_ordered = len(choices) == 1 and rows <= self._size
        self._places = self._spread(rows) if is_ordered else self._mixed()

    def next(self) -> Values | None:
        """Return the next combination; None if there is none."""
        place = next(self._places, None)
        if place is None:
            return None
        values = {}
        for name, choices in self._choices.items():
            place, rest = divmod(place, len(choices))
            values[name] = choices[rest]
        return values

    def _spread(self, rows: int) -> Iterator[int]:
        """Yield places at the same distance, then those between them."""
        yield from (row * self._size // rows for row in range(rows))
        for place in range(self._size):
            row = -(-place * rows // self._size)
            if row >= rows or row * self._size // rows != place:
                yield place

    def _mixed(self) -> Iterator[int]:
        """Yield all places, each once."""
        start = random.randrange(max(self._size, 1))
        step = max(int(self._size * 0.618), 1)
        while math.gcd(step, self._size) > 1:
            step += 1
        for number in range(self._size):
            yield (start + number * step) % self._size


@dataclass(frozen=True)
class Choice:
    """How a column gets its values."""

    name: str
    maker: Maker
    is_optional: bool
    # What it often has.
    default: Any


def default_of(plan: Plan, name: str) -> Any:
    """Return the default of a column with few values; None of any other one."""
    wanted, info = plan.fields[name], plan.model.model_fields.get(name)
    if info is not None and isinstance(plan.table.c[name].type, Boolean | Enum):
        default = info.get_default()
        if default is not None and wanted.takes(default):
            return default
    return None


def is_given(column: Column[Any]) -> bool:
    """Tell whether a column says when a row was made, changed or deleted."""
    is_known = column.name in (CREATED, UPDATED) or (column.name == DELETED and column.nullable)
    return bool(is_known) and isinstance(plain_type(column), DateTime)


class TableRows:
    """The rows of a table, and what others need to refer to them."""

    def __init__(
        self, plan: Plan, others: Mapping[Table, "TableRows"], pools: Pools, seed: int, count: int
    ) -> None:
        """Make so many rows, or as many as fit, with references to rows of `others`."""
        self._pools = pools
        self.plan = plan
        self.count = 0  # of the rows that there are
        self.wanted = count
        self._others = others
        self._seed = f"{seed} {plan.name}"
        name = plan.identifier
        is_uuid = name is not None and isinstance(plan.table.c[name].type, Uuid)
        self.identifiers = Identifiers(plan.name, seed, count, is_uuid=is_uuid)
        self._kept: dict[str, list[Any]] = {}
        self._picked: dict[str, array[int]] = {}
        for column in sorted(plan.kept):
            if self._plain_reference(column):
                self._picked[column] = array("q")
            else:
                self._kept[column] = []
        self._choices: list[Choice] = []
        self._moments = [column.name for column in plan.table.columns if is_given(column)]
        self._uniques: list[tuple[Unique, Taken]] = []
        self._combinations: list[Combinations] = []
        self._full: list[Unique] = []
        self._ranges = ranges(plan)
        # The row above comes first: others may follow from it.
        self._references = sorted(
            (each for each in plan.references if not each.is_deferred),
            key=lambda each: (-len(each.columns), not each.is_to_itself),
        )
        self._deferred = {
            name for each in plan.references if each.is_deferred for name in each.names
        }

    # ---- What others ask ----

    def value(self, column: str, index: int) -> Any:
        """Return what a row has in a column that is referred to."""
        if column == self.plan.identifier:
            return self.identifiers[index]
        if column in self._picked:
            reference = self._plain_reference(column)
            picked = self._picked[column][index]
            if reference is None or picked == NO_ROW:
                return None
            return self.rows_of(reference).value(reference.targets[0].name, picked)
        return self._kept[column][index]

    def picked(self, column: str, index: int) -> int | None:
        """Return the number of the row to which a row refers by a column, if it is known."""
        return self._picked[column][index] if column in self._picked else None

    def rows_of(self, reference: Reference) -> "TableRows":
        """Return the rows that a reference leads to."""
        return self if reference.is_to_itself else self._others[reference.target]

    # ---- Making rows ----

    def prepare(self) -> None:
        """Begin: from here on, what is random follows from the seed and the table."""
        random.seed(self._seed)
        plan = self.plan
        if not all(
            each.is_optional or self.rows_of(each).count
            for each in self._references
            if not each.is_to_itself
        ):
            self.wanted = 0
        has_person = bool(PERSONAL & {*plan.table.c.keys()})
        realistic = Realistic(self._pools, plan.name, has_person=has_person)
        counts = {table: rows.count for table, rows in self._others.items()}
        relevant = [each for each in plan.uniques if plan.identifier not in each.columns]
        shared = {name for unique in relevant for name in unique.columns}
        for name, wanted in plan.fields.items():
            column = plan.table.c[name]
            if name in self._moments:
                continue
            try:
                maker = Maker(realistic, name, wanted, distinct=name in shared)
            except LookupError as error:
                if not (column.nullable or column.server_default is not None):
                    raise LookupError(f"{plan.name}.{name}: {error}") from None
            else:
                self._choices.append(
                    Choice(name, maker, bool(column.nullable), default_of(plan, name))
                )
        enumerated: set[str] = set()
        for unique in relevant:
            size = plan.combinations(unique, counts)
            is_dense = size is not None and size < SPARSE * self.wanted
            if is_dense and not enumerated & {*unique.columns}:
                choices: dict[str, Any] = {}
                for name in unique.columns:
                    values = list(plan.choices(name, counts) or [])
                    choices[name] = [*values, None] if plan.table.c[name].nullable else values
                self._combinations.append(Combinations(choices, self.wanted))
                enumerated |= {*unique.columns}
            else:
                self._uniques.append((unique, Taken(self.wanted)))

    def __iter__(self) -> Iterator[Values]:
        """Yield the rows; each counts as soon as the next one is asked for."""
        while self.count < self.wanted and (made := self.another(self.count)):
            values, picks = made
            yield values
            self.add(values, picks)

    def another(self, index: int, first_attempt: int = 0) -> Made | None:
        """Return a row that differs from all others in what is unique; None if none is found."""
        row = Row(index + 1, self.identifiers.moment(index))
        forced: Values = {}
        for attempt in range(first_attempt, ATTEMPTS):
            row.attempt = attempt
            is_next = (attempt - first_attempt) % FEW_ATTEMPTS == 0
            for combinations in self._combinations if is_next else ():
                combination = combinations.next()
                if combination is None:
                    return None
                forced |= combination
            values, picks = self._draft(row, forced)
            conflict = self._conflict(values)
            if conflict is None:
                return values, picks
            if attempt == ATTEMPTS // 2 and self._nullable(conflict):
                self._full.append(conflict)
        return None

    def add(self, values: Values, picks: Mapping[str, int]) -> None:
        """Count a row, and keep of it what others need."""
        for name, kept in self._kept.items():
            kept.append(values[name])
        for name, picked in self._picked.items():
            picked.append(picks.get(name, NO_ROW))
        self.count += 1

    def _draft(self, row: Row, forced: Values) -> Made:
        """Return values for a row, and the numbers of the rows that it refers to."""
        plan = self.plan
        index = row.number - 1
        values: Values = {}
        picks: dict[str, int] = {}
        if plan.identifier is not None:
            values[plan.identifier] = self.identifiers[index]
        for reference in self._references:
            self._refer(reference, row, forced, values, picks)
        for name in self._deferred:
            values.setdefault(name, None)
        for choice in self._choices:
            name = choice.name
            if name in forced:
                values[name] = forced[name]
            elif choice.is_optional and random.random() < IS_NULL:
                values[name] = None
            elif choice.default is not None and not row.attempt and random.random() < HAS_DEFAULT:
                values[name] = choice.default
            else:
                values[name] = choice.maker.make(row)
        for first, last in self._ranges:
            if None not in (values[first], values[last]) and values[first] > values[last]:
                values[first], values[last] = values[last], values[first]
        self._set_moments(row, values)
        for unique in self._full:
            values |= dict.fromkeys(self._nullable(unique))
        return values, picks

    def _refer(
        self,
        reference: Reference,
        row: Row,
        forced: Values,
        values: Values,
        picks: dict[str, int],
    ) -> None:
        """Let a row refer to another one, unless what is set already says to which."""
        names = reference.names
        if all(name in values for name in names):
            return
        target = self.rows_of(reference)
        is_forced = names[0] in forced
        picked = forced[names[0]] if is_forced else self._pick(reference, row, target)
        if picked is None:
            optional = [column.name for column in reference.columns if column.nullable]
            values |= dict.fromkeys(optional)
            return
        for column, referred in zip(reference.columns, reference.targets, strict=True):
            values[column.name] = target.value(referred.name, picked)
            below = target.picked(referred.name, picked) if len(names) > 1 else picked
            # Of the row above, only the first column has the number; others say their own.
            picks[column.name] = picked if below is None else below
        if reference.is_to_itself:
            self._share(picked, forced, values, picks)

    def _share(self, above: int, forced: Values, values: Values, picks: dict[str, int]) -> None:
        """Let a row belong to what the row above it belongs to."""
        for reference in self._references:
            name = reference.names[0]
            is_free = name not in values and name not in forced
            if reference.is_shared and is_free and above < self.count:
                values[name] = self.value(name, above)
                picks[name] = self._picked[name][above]

    def _pick(self, reference: Reference, row: Row, target: "TableRows") -> int | None:
        """Return the number of a row to refer to: one that was there before, old ones more often.

        Where what is unique leaves none of them, it may be any one.
        """
        share = IS_ROOT if reference.is_to_itself else IS_NULL
        is_empty = not target.count and not reference.is_to_itself
        if reference.is_optional and (is_empty or random.random() < share):
            return None
        if reference.is_to_itself:
            if not self.count:
                return None if reference.is_optional else row.number - 1
            return random.randrange(self.count)
        if row.attempt:
            return random.randrange(target.count)
        there = min(target.count, math.ceil(target.count * row.number / self.wanted))
        return int(there * random.random() ** 2)

    def _set_moments(self, row: Row, values: Values) -> None:
        """Set when a row was made, changed and deleted."""
        changed = row.moment
        if random.random() < IS_CHANGED:
            changed = min(UNTIL, changed + dt.timedelta(days=random.expovariate(0.05)))
        for name in self._moments:
            if name == DELETED:
                values[name] = changed if random.random() < IS_DELETED else None
            else:
                values[name] = row.moment if name == CREATED else changed

    def _conflict(self, values: Values) -> Unique | None:
        """Return what another row has already, or else keep what is unique in this one."""
        places = []
        for unique, taken in self._uniques:
            key = tuple(values.get(name) for name in unique.columns)
            if None in key and not unique.nulls_are_equal:
                continue
            if unique.ignores_case:
                key = tuple(each.lower() if isinstance(each, str) else each for each in key)
            place = taken.place(key)
            if taken.has(place):
                return unique
            places.append((taken, place))
        for taken, place in places:
            taken.add(place)
        return None

    def _nullable(self, unique: Unique) -> list[str]:
        """Return the columns with which a row may be without a unique value."""
        if unique.nulls_are_equal:
            return []
        return [name for name in unique.columns if self.plan.table.c[name].nullable][:1]

    def _plain_reference(self, column: str) -> Reference | None:
        """Return the reference of one column that a column is."""
        for each in self.plan.references:
            if each.names == [column] and not each.is_deferred:
                return each
        return None

    # ---- What is set when all rows are there ----

    def updates(self) -> Iterator[Values]:
        """Yield the references that had to wait, and the keys of their rows."""
        deferred = [each for each in self.plan.references if each.is_deferred]
        keys = [column.name for column in self.plan.table.primary_key]
        random.seed(f"{self._seed} references")
        # Where no two rows may refer to the same one.
        chosen: dict[Reference, Combinations] = {}
        for each in deferred:
            columns = tuple(each.names)
            if any(unique.columns == columns for unique in self.plan.uniques):
                choices = {columns[0]: range(self._others[each.target].count)}
                chosen[each] = Combinations(choices, self.count)
        for index in range(self.count):
            values: Values = {}
            for reference in deferred:
                target = self._others[reference.target]
                name = reference.names[0]
                picked: int | None = None
                if reference in chosen:
                    picked = (chosen[reference].next() or {}).get(name)
                elif random.random() >= IS_NULL and target.count:
                    picked = int(target.count * random.random() ** 2)
                if picked is not None:
                    for column, referred in zip(reference.columns, reference.targets, strict=True):
                        if column.nullable:
                            values[column.name] = target.value(referred.name, picked)
            if values:
                names = [name for each in deferred for name in each.names]
                key = {name: self.value(name, index) for name in keys}
                yield {name: values.get(name) for name in names} | key


# Columns that only persons have.
PERSONAL = {"email", "phone", "mobile", "first_name", "last_name", "born_on", "birthday"}


def ranges(plan: Plan) -> list[tuple[str, str]]:
    """Return pairs of columns that begin and end something."""
    found = []
    for first, last in (("start", "end"), ("begin", "end"), ("from", "until"), ("from", "to")):
        for name, wanted in plan.fields.items():
            other = plan.fields.get(name.replace(first, last))
            if other is not None and other is not wanted and other.type is wanted.type:
                found.append((name, name.replace(first, last)))
    return found


def links(
    plan: Plan, sides: list[Reference], others: Mapping[Table, TableRows], seed: int
) -> Iterator[Values]:
    """Yield the rows of a table of links: a few for each row of its first side, none twice."""
    random.seed(f"{seed} {plan.name}")
    left, right = (others[side.target] for side in sides)
    names = [side.names[0] for side in sides]
    targets = [side.targets[0].name for side in sides]
    for index in range(left.count):
        wanted = min(random.choice(LINKS), right.count // 2 + 1)
        picks = {int(right.count * random.random() ** 1.5) for _ in range(wanted)}
        if left is right:
            picks.discard(index)
        for pick in sorted(picks):
            yield {
                names[0]: left.value(targets[0], index),
                names[1]: right.value(targets[1], pick),
            }
