"""What a table asks of its rows: rules of its columns, and what is unique.

They are read from the models, so those that were added by hand count as well.
"""

import operator
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pydantic.fields import FieldInfo
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ColumnElement,
    Enum,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    String,
    Table,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import dialect
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.elements import BinaryExpression, BindParameter, TextClause
from sqlalchemy.types import TypeEngine

from seeding.values import LONGEST, Field

# Checks that are rules of one column, as the template and most people write them.
COMPARISON = re.compile(r'"?(\w+)"? (>=|>|<=|<) (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)', re.IGNORECASE)
LENGTH = re.compile(r'(?:char_)?length\("?(\w+)"?\) (>=|<=) (\d+)')
DIFFERENT = re.compile(r'"?(\w+)"? <> "?(\w+)"?')
WORD = re.compile(r"\w+")

BOUNDS = {">=": "ge", ">": "gt", "<=": "le", "<": "lt"}
HOLDS = {"ge": operator.ge, "gt": operator.gt, "le": operator.le, "lt": operator.lt}


class ColumnField(Field):
    """What a column takes: what its field says, and what only the table says."""

    def __init__(self, info: FieldInfo, column: Column[Any]) -> None:
        """Take a field of a model and its column."""
        super().__init__(info)
        self._bounds: list[tuple[str, Any]] = []
        self._patterns: list[re.Pattern[str]] = []
        for rule, value in rules_of_type(column):
            self.add(rule, value)

    def add(self, rule: str, value: Any) -> None:
        """Add a rule, if it asks for more than those that are there."""
        known = self.rules.get(rule)
        if rule in HOLDS:
            self._add_bound(rule, float(value) if self.type is float else value)
        elif rule == "pattern":
            if known != value:
                self._patterns.append(re.compile(value))
            self.rules.setdefault("pattern", value)
        elif known is None or (value > known if rule == "min_length" else value < known):
            self.rules[rule] = value

    def _add_bound(self, rule: str, value: Any) -> None:
        self._bounds.append((rule, value))
        side = ("ge", "gt") if rule in ("ge", "gt") else ("le", "lt")
        for known in side:
            if known in self.rules:
                bound = self.rules[known]
                if bound == value and known != rule and rule in ("ge", "le"):
                    return
                if bound > value if "ge" in side else bound < value:
                    return
                del self.rules[known]
        self.rules[rule] = value

    def takes(self, value: object) -> bool:
        """Tell whether a value is valid."""
        if isinstance(value, str):
            least, most = self.rules.get("min_length", 0), self.rules.get("max_length", LONGEST)
            if not least <= len(value) <= most:
                return False
            if any(pattern.search(value) is None for pattern in self._patterns):
                return False
        elif self._bounds and isinstance(value, int | float | Decimal):
            number = Decimal(value)
            if not all(HOLDS[rule](number, bound) for rule, bound in self._bounds):
                return False
        return super().takes(value)


@dataclass(frozen=True)
class Unique:
    """Columns that are unique together."""

    columns: tuple[str, ...]
    nulls_are_equal: bool = False
    ignores_case: bool = False


@dataclass
class Checks:
    """What CHECK constraints ask for."""

    # Column, rule, value.
    rules: list[tuple[str, str, Any]] = field(default_factory=list)
    # Pairs of columns that differ.
    different: list[tuple[str, str]] = field(default_factory=list)
    # All others, which only the database can tell: in SQL.
    others: list[str] = field(default_factory=list)


def plain_type(column: Column[Any]) -> TypeEngine[Any]:
    """Return the type of a column, without what SQLModel or the project adds to it."""
    type_ = column.type
    return type_.impl_instance if isinstance(type_, TypeDecorator) else type_


def rules_of_type(column: Column[Any]) -> Iterator[tuple[str, Any]]:
    """Yield the rules that the type of a column makes by itself."""
    type_ = plain_type(column)
    if isinstance(type_, Enum):
        return
    if isinstance(type_, String) and type_.length is not None:
        yield "max_length", type_.length
    elif isinstance(type_, Integer):
        is_big = isinstance(type_, BigInteger)
        bits = 15 if isinstance(type_, SmallInteger) else 63 if is_big else 31
        yield "ge", -(2**bits)
        yield "le", 2**bits - 1
    elif isinstance(type_, Numeric) and type_.asdecimal and type_.precision is not None:
        yield "max_digits", type_.precision
        yield "decimal_places", type_.scale or 0


def checks_of(table: Table) -> Checks:
    """Return what the CHECK constraints of a table ask for."""
    checks = Checks()
    for constraint in table.constraints:
        if isinstance(constraint, CheckConstraint):
            read_check(checks, constraint.sqltext, table)
    checks.others.sort()  # constraints of a table are a set
    checks.rules.sort(key=repr)
    checks.different.sort()
    return checks


def read_check(checks: Checks, criterion: ColumnElement[Any] | TextClause, table: Table) -> None:
    """Add what one CHECK constraint asks for."""
    if isinstance(criterion, BinaryExpression) and isinstance(criterion.right, BindParameter):
        name = str(getattr(criterion.left, "name", ""))
        if criterion.operator is operators.in_op and name in table.c:
            type_ = table.c[name].type
            if isinstance(type_, Enum) and {*type_.enums} == {*(criterion.right.value or ())}:
                return
        if criterion.operator is operators.regexp_match_op and name in table.c:
            checks.rules.append((name, "pattern", criterion.right.value))
            return
    sql = str(
        criterion.compile(
            dialect=dialect(paramstyle="named"),  # type: ignore[no-untyped-call]
            compile_kwargs={"literal_binds": True},
        )
    )
    if (match := COMPARISON.fullmatch(sql)) and match[1] in table.c:
        checks.rules.append((match[1], BOUNDS[match[2]], Decimal(match[3])))
    elif (match := LENGTH.fullmatch(sql)) and match[1] in table.c:
        rule = "min_length" if match[2] == ">=" else "max_length"
        checks.rules.append((match[1], rule, int(match[3])))
    elif (match := DIFFERENT.fullmatch(sql)) and match[1] in table.c and match[2] in table.c:
        checks.different.append((match[1], match[2]))
    else:
        checks.others.append(sql)


def unique_sets(table: Table) -> list[Unique]:
    """Return what is unique in a table.

    An index with a condition, as among rows that are not deleted, is taken for one of all rows.
    """
    sets = []
    if len(table.primary_key.columns):
        sets.append(Unique(tuple(column.name for column in table.primary_key)))
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            columns = tuple(column.name for column in constraint.columns)
            sets.append(Unique(columns, are_nulls_equal(constraint)))
    for index in table.indexes:
        if index.unique:
            names, ignores_case = indexed(index, table)
            sets.append(Unique(names, are_nulls_equal(index), ignores_case))
    # An index on what cannot be chosen, or on nothing known, says nothing here.
    known = [each for each in sets if each.columns and not has_computed(table, each.columns)]
    return sorted(set(known), key=repr)


def indexed(index: Index, table: Table) -> tuple[tuple[str, ...], bool]:
    """Return the columns of an index, and whether they are compared without regard to case."""
    names: list[str] = []
    sql = ""
    for expression in index.expressions:
        sql += str(expression)
        parts = [] if isinstance(expression, str) else visitors.iterate(expression)
        for part in parts:
            if isinstance(part, Column):
                names.append(part.name)
            elif isinstance(part, TextClause):
                names += [word for word in WORD.findall(part.text) if word in table.c]
    return tuple(dict.fromkeys(names)), "lower(" in sql.lower() or "upper(" in sql.lower()


def are_nulls_equal(unique: UniqueConstraint | Index) -> bool:
    """Tell whether a null is equal to a null there."""
    return bool(unique.dialect_options["postgresql"].get("nulls_not_distinct"))


def has_computed(table: Table, names: tuple[str, ...]) -> bool:
    """Tell whether the database computes one of these columns."""
    return any(table.c[name].computed is not None for name in names)
