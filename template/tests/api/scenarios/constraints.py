{% from "includes/python.jinja" import sorted_imports with context %}
"""Names of constraints, as answers state them."""

from collections.abc import Sequence

from sqlalchemy import CheckConstraint, Constraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlmodel import SQLModel

{{ sorted_imports([
  [package_name ~ ".data.references", ["table_of"]],
  [package_name ~ ".models.base", ["LIVE"]],
]) }}

preparer = PGDialect().identifier_preparer  # type: ignore[no-untyped-call]


def unique_constraint(model: type[SQLModel], columns: Sequence[str]) -> str:
    """Return the name of the constraint, or index, that makes columns unique together.

    Not of an index of some rows only, but for those that are not marked as deleted.
    """
    table = table_of(model)
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint) and constraint.columns.keys() == [*columns]:
            return name(constraint)
    for index in table.indexes:
        if expressions(index) == [*columns] and condition(index) in ("", LIVE) and index.unique:
            return name(index)
    raise LookupError(f"{model.__name__} has nothing that makes {columns} unique")


def partial_unique_index(model: type[SQLModel], columns: Sequence[str], where: str) -> str:
    """Return the name of the index that makes columns unique in the rows of a condition."""
    for index in table_of(model).indexes:
        is_it = condition(index) in (where, f"{LIVE} AND {where}")
        if is_it and expressions(index) == [*columns] and index.unique:
            return name(index)
    raise LookupError(f"{model.__name__} has nothing that makes {columns} unique where {where}")


def expressions(index: Index) -> list[str]:
    """Return what an index is of: columns, or SQL such as `lower("email")`."""
    return [str(getattr(each, "name", each)).replace('"', "") for each in index.expressions]


def condition(index: Index) -> str:
    """Return which rows are in an index, as SQL; all, where that is empty."""
    where = index.dialect_options["postgresql"]["where"]
    return "" if where is None else str(where)


def reference_constraints(model: type[SQLModel], column: str) -> list[str]:
    """Return the names of the foreign keys of a column."""
    return [
        name(constraint)
        for constraint in table_of(model).constraints
        if isinstance(constraint, ForeignKeyConstraint) and column in constraint.column_keys
    ]


def check_constraint(model: type[SQLModel], sql: str) -> str:
    """Return the name of the CHECK constraint with this SQL."""
    for constraint in table_of(model).constraints:
        if isinstance(constraint, CheckConstraint) and str(constraint.sqltext) == sql:
            return name(constraint)
    raise LookupError(f"{model.__name__} has no CHECK {sql}")


def name(constraint: Constraint | Index) -> str:
    """Return the name in the database, where a long one is cut."""
    if isinstance(constraint, Index):
        return str(preparer.format_index(constraint))
    return str(preparer.format_constraint(constraint))
