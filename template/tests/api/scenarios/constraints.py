{% from "includes/python.jinja" import sorted_imports with context %}
"""Names of constraints, as answers state them."""

from collections.abc import Sequence

from sqlalchemy import CheckConstraint, Constraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlmodel import SQLModel

{{ sorted_imports([
  [package_name ~ ".data.references", ["table_of"]],
]) }}

preparer = PGDialect().identifier_preparer  # type: ignore[no-untyped-call]


def unique_constraint(model: type[SQLModel], columns: Sequence[str]) -> str:
    """Return the name of the constraint, or index, that makes columns unique together."""
    table = table_of(model)
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint) and constraint.columns.keys() == [*columns]:
            return name(constraint)
    for index in table.indexes:
        if index.unique and index.columns.keys() == [*columns]:
            return name(index)
    raise LookupError(f"{model.__name__} has nothing that makes {columns} unique")


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
