{% from "includes/python.jinja" import sorted_imports with context %}
"""Rows for tests, made in the database and not through the API."""

from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from psycopg.errors import UniqueViolation
from pydantic_core import to_jsonable_python
from sqlalchemy import Engine, Table, insert, select
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel

{{ sorted_imports([
  [package_name ~ ".data.references", ["referred_table", "table_of"]],
  [package_name ~ ".models.base", ["Identified", "SoftDeleted", "Timestamped"]],
  ["tests.resources", ["Resource", "identifier_of"]],
  ["tests.values", ["value_of"]],
]) }}

Row = TypeVar("Row", bound=SQLModel)
Values = dict[str, Any]

# What the server gives a row by itself.
GIVEN_BY_SERVER = {
    name for mixin in (Identified, Timestamped, SoftDeleted) for name in mixin.model_fields
}

# Rows whose values have to agree: a function, by table, that changes the values of a new row.
AGREEMENTS: dict[type[SQLModel], Callable[["Rows", Values], None]] = {}

# Random rows that are tried until the database takes one: few values may be left that are unique.
ATTEMPTS = 100


class Rows:
    """Makes rows, and bodies of requests, from the models."""

    def __init__(self, engine: Engine) -> None:
        """Make rows in the database of `engine`."""
        self._engine = engine

    def make(self, model: type[Row], /, **given: Any) -> Row:
        """Make a row with the values given; the others are random.

        What it has to refer to is made, too; references that may be null are null. Where unique
        columns leave no room for another row, the test is skipped.
        """
        for _ in range(ATTEMPTS):
            row, _ = self._insert(model, self._values(model, given))
            if row is not None:
                return row
        pytest.skip(f"{model.__name__} has no room for another row")

    def make_some(self, model: type[Row], most: int, /, **given: Any) -> list[Row]:
        """Make as many rows as unique columns leave room for, one at least."""
        rows = [self.make(model, **given)]
        try:
            while len(rows) < most:
                rows.append(self.make(model, **given))
        except pytest.skip.Exception:
            pass
        return rows

    def get(self, model: type[Row], identifier: Any) -> Row:
        """Return the row with an identifier, for rows that have to agree with it."""
        table = table_of(model)
        with self._engine.connect() as connection:
            row = connection.execute(select(table).where(table.c.id == identifier)).one()
        return model(**row._mapping)

    def body(
        self, resource: Resource, refused_by: str | None = None, /, **given: Any
    ) -> dict[str, Any]:
        """Return what a client sends to create a row, with the values given.

        The database takes it; with `refused_by` it does not, because of this constraint.
        """
        for _ in range(ATTEMPTS):
            values = self._values(resource.model, given)
            sent = {name: values[name] for name in values if name in resource.create.model_fields}
            _, constraint = self._insert(resource.model, sent, keep=False)
            if constraint == refused_by:
                return dict(to_jsonable_python(sent))
        pytest.skip(f"{resource.model.__name__} has no room for such a row")

    def value(self, model: type[SQLModel], name: str) -> Any:
        """Return a value for a column; if it refers to another row, such a row is made."""
        column = table_of(model).c[name]
        if column.foreign_keys:
            return identifier_of(self.make(model_of(referred_table(column))))
        return value_of(model, name)

    def _values(self, model: type[SQLModel], given: Values) -> Values:
        values = {}
        for name in model.model_fields:
            column = table_of(model).c.get(name)
            if name in given or name in GIVEN_BY_SERVER or column is None:
                continue
            if not column.foreign_keys or not column.nullable:
                values[name] = self.value(model, name)
        values |= given
        if model in AGREEMENTS:
            AGREEMENTS[model](self, values)
        return values

    def _insert(
        self, model: type[Row], values: Values, *, keep: bool = True
    ) -> tuple[Row | None, str | None]:
        """Insert a row and return it, or the constraint by which another one has its values."""
        columns = table_of(model).c
        defaults = vars(model(**values)).items()
        values = {name: value for name, value in defaults if value is not None} | values
        stored = {name: value for name, value in values.items() if name in columns}
        with self._engine.connect() as connection:
            try:
                row = connection.execute(insert(model).values(stored).returning(*columns)).one()
            except IntegrityError as error:
                if not isinstance(error.orig, UniqueViolation):
                    raise
                return None, error.orig.diag.constraint_name
            if keep:
                connection.commit()
        return model(**row._mapping), None


def model_of(table: Table) -> type[SQLModel]:
    """Return the model of a table."""
    for mapper in SQLModel._sa_registry.mappers:
        if mapper.local_table is table:
            model: type[SQLModel] = mapper.class_
            return model
    raise LookupError(f"no model has the table {table.name}")
