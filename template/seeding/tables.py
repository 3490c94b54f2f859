"""The tables that get rows: in which order, how many rows, and what refers to what."""

import enum
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pydantic.fields import FieldInfo
from sqlalchemy import Column, ForeignKeyConstraint, Integer, Table, Uuid
from sqlmodel import SQLModel

from seeding.rules import Checks, ColumnField, Unique, checks_of, plain_type, unique_sets

# How many rows a table has for each row of a table that it refers to.
CHILDREN = 3

CREATED, UPDATED, DELETED = "created_at", "updated_at", "deleted_at"


class UnknownTableError(LookupError):
    """There is no such table; the message names those that there are."""


@dataclass(eq=False)
class Reference:
    """A foreign key: its columns, and what they refer to."""

    columns: list[Column[Any]]
    targets: list[Column[Any]]
    # Its rows come later, so it is set when they are there.
    is_deferred: bool = False
    # A row below another one belongs to what that one belongs to.
    is_shared: bool = False

    @cached_property
    def names(self) -> list[str]:
        """Return the names of its columns."""
        return [column.name for column in self.columns]

    @cached_property
    def table(self) -> Table:
        """Return the table that has the foreign key."""
        table: Table = self.columns[0].table
        return table

    @cached_property
    def target(self) -> Table:
        """Return the table that it refers to."""
        table: Table = self.targets[0].table
        return table

    @cached_property
    def is_optional(self) -> bool:
        """Tell whether it may be null."""
        return any(column.nullable for column in self.columns)

    @cached_property
    def is_to_itself(self) -> bool:
        """Tell whether it refers to rows of its own table."""
        return self.target is self.table


@dataclass(eq=False)
class Plan:
    """A table, and what its rows have to be like."""

    model: type[SQLModel]
    table: Table
    references: list[Reference] = field(default_factory=list)
    uniques: list[Unique] = field(default_factory=list)
    checks: Checks = field(default_factory=Checks)
    fields: dict[str, ColumnField] = field(default_factory=dict)
    # Columns that others refer to, or that rows below a row share with it.
    kept: set[str] = field(default_factory=set)
    weight: int = 1

    @property
    def name(self) -> str:
        """Return the name of the table."""
        return self.table.name

    @cached_property
    def identifier(self) -> str | None:
        """Return the column that numbers the rows by itself: a UUID or an integer."""
        columns = list(self.table.primary_key)
        if len(columns) != 1 or columns[0].foreign_keys:
            return None
        is_number = isinstance(columns[0].type, Uuid | Integer)
        return columns[0].name if is_number and columns[0].name not in self.fields else None

    @cached_property
    def sides(self) -> list[Reference] | None:
        """Return the two references of a table of links; None of any other one."""
        columns = list(self.table.primary_key)
        sides = [
            reference
            for column in columns
            for reference in self.references
            if reference.columns == [column] and not reference.is_to_itself
        ]
        is_link = len(columns) == len(sides) == 2 and not self.fields and len(self.uniques) == 1
        return sides if is_link else None

    def room(self, counts: Mapping[Table, int]) -> int | None:
        """Return how many rows have room because of what is unique; None if any number has."""
        rooms = [
            size
            for unique in self.uniques
            if (size := self.combinations(unique, counts)) is not None
        ]
        return min(rooms, default=None)

    def combinations(self, unique: Unique, counts: Mapping[Table, int]) -> int | None:
        """Return how many combinations of values there are; None if they are many."""
        product = 1
        for name in unique.columns:
            size = self._values(name, counts)
            is_nullable = bool(self.table.c[name].nullable)
            if size is None or (is_nullable and not unique.nulls_are_equal):
                return None
            product *= size + is_nullable
        return product

    def _values(self, name: str, counts: Mapping[Table, int]) -> int | None:
        choices = self.choices(name, counts)
        return None if choices is None else len(choices)

    def choices(self, name: str, counts: Mapping[Table, int]) -> range | list[Any] | None:
        """Return what a column can be, if that is not much: values, or numbers of rows."""
        references = [each for each in self.references if name in each.names]
        if references:
            reference = references[0]
            is_plain = len(references) == len(reference.columns) == 1
            if not is_plain or reference.is_to_itself or reference.is_deferred:
                return None
            return range(counts.get(reference.target, 0))
        wanted = self.fields.get(name)
        if wanted is None:
            return None
        if wanted.type is bool:
            return [False, True]
        if isinstance(wanted.type, type) and issubclass(wanted.type, enum.Enum):
            return list(wanted.type)
        if wanted.type is int:
            rules = wanted.rules
            low = rules.get("ge", rules.get("gt", -MANY))
            high = rules.get("le", rules.get("lt", MANY))
            if high - low < MANY:
                numbers = range(int(low), int(high) + 1)
                first = next((n for n in numbers if wanted.takes(n)), numbers.stop)
                last = next((n for n in reversed(numbers) if wanted.takes(n)), numbers.start - 1)
                return range(first, last + 1)
        return None


# So many whole numbers are as good as any number.
MANY = 1_000_000


def plans() -> list[Plan]:
    """Return all tables of models, each after those that it refers to."""
    mappers = sorted(SQLModel._sa_registry.mappers, key=lambda mapper: mapper.class_.__name__)
    found: dict[Table, Plan] = {}
    for mapper in mappers:
        table = mapper.local_table
        if isinstance(table, Table) and table not in found:
            names = {column: mapper.get_property_by_column(column).key for column in table.columns}
            found[table] = read(mapper.class_, table, names)
    ordered = in_order(found)
    for plan in ordered:
        share(plan)
        for reference in plan.references:
            target = found[reference.target]
            if len(reference.targets) > 1 or reference.targets[0].name != target.identifier:
                target.kept |= {column.name for column in reference.targets}
            if reference.is_shared:
                plan.kept |= {*reference.names}
            if reference.is_deferred:
                plan.kept |= {column.name for column in plan.table.primary_key}
    for plan in ordered:
        plan.kept.discard(plan.identifier or "")
        for pair in plan.checks.different:
            if not (plan.sides or is_above(plan, pair)):
                plan.checks.others.append(f'"{pair[0]}" <> "{pair[1]}"')
    return ordered


def read(model: type[SQLModel], table: Table, names: Mapping[Column[Any], str]) -> Plan:
    """Return what a model and its table say; `names`: of the fields of the columns."""
    plan = Plan(model, table, uniques=unique_sets(table), checks=checks_of(table))
    keys = [each for each in table.constraints if isinstance(each, ForeignKeyConstraint)]
    # Those of several columns first: what they set, the others have to agree with.
    for key in sorted(keys, key=lambda key: (-len(key.elements), key.column_keys)):
        columns = list(key.columns)
        known = [set(reference.columns) for reference in plan.references]
        if not any(set(columns) <= each for each in known if len(each) == len(columns)):
            plan.references.append(Reference(columns, [each.column for each in key.elements]))
    referring = {name for each in plan.references for name in each.names}
    numbered = {
        column.name
        for column in table.primary_key
        if len(table.primary_key) == 1 and is_generated(column)
    }
    for column in table.columns:
        if column.computed is None and column.name not in referring | numbered:
            info = model.model_fields.get(names[column])
            if info is None:
                info = FieldInfo(annotation=plain_type(column).python_type)
            plan.fields[column.name] = ColumnField(info, column)
    for name, rule, value in plan.checks.rules:
        if name in plan.fields:
            plan.fields[name].add(rule, value)
    return plan


def is_generated(column: Column[Any]) -> bool:
    """Tell whether the database makes the values of an identifier."""
    if isinstance(column.type, Integer):
        return column.identity is not None or column.autoincrement in (True, "auto")
    return isinstance(column.type, Uuid)


def share(plan: Plan) -> None:
    """Find what a row below another one has in common with it.

    A row belongs to what it is deleted with: a reply is on the task of the remark above it.
    """
    if any(each.is_to_itself for each in plan.references):
        for reference in plan.references:
            cascades = [key.ondelete == "CASCADE" for key in reference.columns[0].foreign_keys]
            is_plain = len(reference.columns) == 1 and not reference.is_deferred
            if is_plain and all(cascades) and not reference.is_optional:
                reference.is_shared = not reference.is_to_itself


def is_above(plan: Plan, pair: tuple[str, str]) -> bool:
    """Tell whether this is a reference to another row of the table, and the identifier."""
    above = [each.names[0] for each in plan.references if each.is_to_itself]
    return plan.identifier in pair and any(name in above for name in pair)


def in_order(found: dict[Table, Plan]) -> list[Plan]:
    """Put tables after those that they refer to; what goes round in a circle is deferred."""
    waiting = list(found.values())
    referring = Counter(each.target for plan in waiting for each in plan.references)
    ordered: list[Plan] = []
    done: set[Table] = set()
    while waiting:
        free = [plan for plan in waiting if not missing(plan, done)]
        # Else of those that wait for optional references only, the one that most others wait for.
        half_free = [
            plan for plan in waiting if all(each.is_optional for each in missing(plan, done))
        ]
        if not half_free:
            names = ", ".join(plan.name for plan in waiting)
            raise LookupError(f"Each of these refers to another one, in a circle: {names}")
        plan = free[0] if free else max(half_free, key=lambda plan: referring[plan.table])
        for reference in missing(plan, done):
            reference.is_deferred = True
        weights = [
            CHILDREN * found[each.target].weight
            for each in plan.references
            if not each.is_deferred and not each.is_to_itself
        ]
        plan.weight = max(weights, default=1)
        waiting.remove(plan)
        ordered.append(plan)
        done.add(plan.table)
    return ordered


def missing(plan: Plan, done: set[Table]) -> list[Reference]:
    """Return the references to tables that are not there yet."""
    return [each for each in plan.references if not each.is_to_itself and each.target not in done]


def shares(plans: list[Plan], rows: int, fixed: Mapping[str, int]) -> dict[Table, int]:
    """Return how many rows each table gets, links aside; `fixed`: of some, by name.

    A table has some rows for each one that it refers to, one at least, and as many as fit at most.
    """
    plans = [plan for plan in plans if plan.sides is None]
    names = {plan.name for plan in plans}
    if unknown := sorted(fixed.keys() - names):
        raise UnknownTableError(f"No table {', '.join(unknown)}, but {', '.join(sorted(names))}")
    low, high = 0.0, float(rows)
    for _ in range(60):
        middle = (low + high) / 2
        if sum(scaled(plans, middle, fixed).values()) > rows:
            high = middle
        else:
            low = middle
    counts = scaled(plans, low, fixed)
    left = rows - sum(counts.values())
    for plan in sorted(plans, key=lambda plan: -plan.weight):
        if plan.name not in fixed and left > 0 and plan.room(counts) is None:
            counts[plan.table] += left
            break
    return counts


def scaled(plans: list[Plan], scale: float, fixed: Mapping[str, int]) -> dict[Table, int]:
    """Return how many rows tables get if those that refer to nothing get so many."""
    counts: dict[Table, int] = {}
    for plan in plans:
        count = fixed.get(plan.name, max(1, int(scale * plan.weight)))
        room = plan.room(counts)
        counts[plan.table] = count if room is None else min(count, room)
    return counts
