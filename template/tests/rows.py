{% from "includes/python.jinja" import sorted_imports with context %}
"""Rows for tests, made in the database and not through the API."""

import datetime as dt
import random
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

import pytest
from psycopg.errors import UniqueViolation
from pydantic_core import to_jsonable_python
from sqlalchemy import Column, Engine, Table, delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel

{{ sorted_imports([
  [package_name ~ ".data.references", ["referred_table", "table_of"]],
  [package_name ~ ".models.base", ["Identified", "SoftDeleted", "Timestamped"]],
  ["tests.resources", ["Resource", "identifier_of"]],
  ["seeding.values", ["value_of"]],
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
        self._making: set[type[SQLModel]] = set()

    def make(self, model: type[Row], /, **given: Any) -> Row:
        """Make a row with the values given; the others are random.

        What it has to refer to is made, too; references that may be null are null, if possible.
        Where unique columns leave no room for another row, the test is skipped.
        """
        row = self.make_if_possible(model, **given)
        if row is None:
            pytest.skip(f"{model.__name__} has no room for such a row")
        return row

    def make_if_possible(self, model: type[Row], /, **given: Any) -> Row | None:
        """Make a row as `make` does, or return None if there is no room for one."""
        for values in self._drafts(model, given):
            row, _ = self._insert(model, values)
            if row is not None:
                return row
        return None

    def make_some(self, model: type[Row], most: int, /, **given: Any) -> list[Row]:
        """Make as many rows as unique columns leave room for, one at least."""
        rows = [self.make(model, **given)]
        while len(rows) < most and (row := self.make_if_possible(model, **given)):
            rows.append(row)
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
        for values in self._drafts(resource.model, given):
            sent = {name: values[name] for name in values if name in resource.create.model_fields}
            _, constraint = self._insert(resource.model, sent, keep=False)
            if constraint == refused_by:
                return dict(to_jsonable_python(sent))
        pytest.skip(f"{resource.model.__name__} has no room for such a row")

    def bodies(self, resource: Resource, most: int) -> list[dict[str, Any]]:
        """Return what a client sends to create several rows, one at least, which the database takes.

        They are as many as unique columns leave room for.
        """
        fields = resource.create.model_fields
        # Rows that are made at once have the same moments.
        now = dt.datetime.now(dt.UTC)
        names = Timestamped.model_fields.keys() & table_of(resource.model).c.keys()
        moments = dict.fromkeys(names, now)
        made: list[SQLModel] = []
        bodies: list[dict[str, Any]] = []
        for _ in range(most):
            # No others: with references that may be null, they could refer to each other.
            for values in islice(self._drafts(resource.model, {}), ATTEMPTS):
                sent = {name: values[name] for name in values if name in fields}
                row, _constraint = self._insert(resource.model, sent | moments)
                if row is not None:
                    made.append(row)
                    bodies.append(dict(to_jsonable_python(sent)))
                    break
            else:
                break
        table = table_of(resource.model)
        with self._engine.begin() as connection:
            wanted = table.c.id.in_([identifier_of(row) for row in made])
            connection.execute(delete(table).where(wanted))
        if not bodies:
            pytest.skip(f"{resource.model.__name__} has no room for such a row")
        return bodies

    def value(self, model: type[SQLModel], name: str) -> Any:
        """Return a value for a column; if it refers to another row, such a row is made."""
        column = table_of(model).c[name]
        if not column.foreign_keys:
            return value_of(model, name)
        return random.choice(self._identifiers(column))

    def _drafts(self, model: type[SQLModel], given: Values) -> Iterator[Values]:
        """Yield values for a row: at first without references that may be null, then with them."""
        missing = [name for name in model.model_fields if name not in {*given, *GIVEN_BY_SERVER}]
        columns = [table_of(model).c[name] for name in missing if name in table_of(model).c]
        columns = [column for column in columns if column.computed is None]
        plain = [column.name for column in columns if not column.foreign_keys]
        required = [column for column in columns if column.foreign_keys and not column.nullable]
        optional = [column for column in columns if column.foreign_keys and column.nullable]
        references: dict[str, list[Any]] = {}
        for referring in (required, optional) if optional else (required,):
            references |= self._references(model, referring)
            if not all(references.values()):
                return
            for _ in range(ATTEMPTS):
                values = {name: value_of(model, name) for name in plain}
                values |= {name: random.choice(found) for name, found in references.items()}
                values |= given
                if model in AGREEMENTS:
                    AGREEMENTS[model](self, values)
                yield values

    def _references(
        self, model: type[SQLModel], columns: Iterable[Column[Any]]
    ) -> dict[str, list[Any]]:
        """Return what columns may have, without making other rows of their own table for it."""
        self._making.add(model)
        found = {column.name: self._identifiers(column) for column in columns}
        self._making.discard(model)
        return found

    def _identifiers(self, column: Column[Any]) -> list[Any]:
        """Return what a column can refer to: a new row, or, without room for one, all there are."""
        table = referred_table(column)
        model = model_of(table)
        row = None if model in self._making else self.make_if_possible(model)
        if row is not None:
            return [identifier_of(row)]
        statement = select(table.c.id)
        if "deleted_at" in table.c:
            statement = statement.where(table.c.deleted_at.is_(None))
        with self._engine.connect() as connection:
            return list(connection.scalars(statement))

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
