{% import "includes/concurrency.jinja" as c with context %}
"""Statements: built and compiled once by SQLAlchemy, run many times by the driver.

To build and compile a statement costs several times what it costs to run it. So it is done once for
each shape of a statement (which columns, which filters), and a request only binds values.
"""

import re
from collections.abc import Callable
from typing import Any

import psycopg
from sqlalchemy import URL, BindParameter, Dialect, Select, Table, bindparam
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.types import NullType, TypeEngine

from {{ package_name }}.data.values import RefusedValueError, refusal
from {{ package_name }}.db.session import DatabaseSession
from {{ package_name }}.db.urls import DRIVER

_new_dialect: Callable[..., Dialect] = URL.create(DRIVER).get_dialect()
# As for the engine: hstore is text on its way to the driver and back.
DIALECT = _new_dialect(use_native_hstore=False)

# What psycopg can read in binary form, which is faster than text. The rest it would leave as bytes,
# and of a `real` it would add digits that nobody wrote.
BINARY_TYPES = {
    "bigint",
    "boolean",
    "bytea",
    "date",
    "double precision",
    "integer",
    "json",
    "jsonb",
    "numeric",
    "smallint",
    "text",
    "time without time zone",
    "timestamp with time zone",
    "timestamp without time zone",
    "uuid",
    "varchar",
}

# The value of a parameter until the statement is run.
UNBOUND = object()

Clause = Select[*tuple[Any, ...]] | UpdateBase
Row = dict[str, Any]
Convert = Callable[[Any], Any]
Make = Callable[[], Any]


def parameter(name: str, type_: TypeEngine[Any] | None = None) -> BindParameter[Any]:
    """Return what stands in a statement for a value that is given when it is run.

    Without `type_`, it has the type of what it is compared with.
    """
    return bindparam(name, UNBOUND, type_=type_)


def python_defaults(table: Table) -> dict[str, BindParameter[Any]]:
    """Return what stands for the defaults of a table that Python makes, for each run anew.

    An INSERT has them by itself. Where one is a part of another statement, SQLAlchemy forgets them,
    or takes those of two tables for the same.
    """
    return {
        name: bindparam(None, callable_=make, type_=table.c[name].type)
        for name, make in python_makers(table).items()
    }


def python_makers(table: Table) -> dict[str, Make]:
    """Return what makes the defaults of a table that Python makes, by the names of columns."""
    return {
        column.name: _maker(column.default)
        for column in table.c
        if column.default is not None and (column.default.is_callable or column.default.is_scalar)
    }


class Statement:
    """A compiled statement."""

    def __init__(self, clause: Clause, *, writes: bool, planned_each_time: bool = False) -> None:
        """Compile `clause`; values in it that are no `parameter` belong to it.

        Raises TypeError if a `parameter` is what `in_` looks in: it stands for one value.

        Values of columns that Python makes, by `default` and `onupdate`, are made for each run.

        PostgreSQL plans a statement with its values each time if it is not prepared.

        `writes` says whether it changes rows, as a SELECT can, too: in a CTE.
        """
        compiled = clause.compile(dialect=DIALECT)
        for bind in compiled.binds.values():
            if bind.expanding and bind.value is UNBOUND:
                raise TypeError(f"in_ cannot take the parameter {bind.key!r}: use Filter.one_of")
        # Each value of an `IN` gets a name of its own.
        expanded = compiled.construct_expanded_state()
        self._sql = expanded.statement.encode()
        self._writes = writes
        self._prepare = False if planned_each_time else None
        # What has to be converted, to the database and from it.
        self._writers: dict[str, Convert] = {}
        self._readers: dict[str, Convert] = {}
        self._constants: Row = {}
        self._makers: dict[str, Make] = {}
        made = _made(compiled)
        names = {written: name for name, written in compiled.escaped_bind_names.items()}
        for written, value in expanded.parameters.items():
            name = names.get(written, written)
            if name in compiled.binds:
                type_ = compiled.binds[name].type.dialect_impl(DIALECT)
                writer = type_.bind_processor(DIALECT)
            else:
                writer = expanded.processors.get(written)
            if name in made:
                self._makers[written] = made[name]
                if writer is not None:
                    self._writers[written] = writer
            elif value is not UNBOUND:
                self._constants[written] = value if writer is None else writer(value)
            elif writer is not None:
                self._writers[written] = writer
        self._returns = len(clause.exported_columns) > 0
        self._is_binary = True
        for column in clause.exported_columns:
            sql_type = _name_of(column.type)
            self._is_binary = self._is_binary and sql_type in BINARY_TYPES
            type_ = column.type.dialect_impl(DIALECT)
            reader = type_.result_processor(DIALECT, _oid_of(sql_type))
            if reader is not None:
                self._readers[column.name] = reader

    {{ c.async_ }}def rows(self, session: DatabaseSession, values: Row) -> list[Row]:
        """Run the statement with the values of its parameters, and return its rows.

        Raises RefusedValueError if the database cannot hold a value, and what `DatabaseSession.run`
        does.
        """
        bound = self._constants | values
        for name, make in self._makers.items():
            bound[name] = make()
        for name, writer in self._writers.items():
            bound[name] = writer(bound[name])
        try:
            rows = {{ c.await_ }}session.run(
                self._sql,
                bound,
                binary=self._is_binary,
                returns=self._returns,
                writes=self._writes,
                prepare=self._prepare,
            )
        except (psycopg.Error, UnicodeEncodeError) as error:
            if (message := refusal(error)) is not None:
                raise RefusedValueError(message) from error
            raise
        for name, reader in self._readers.items():
            for row in rows:
                row[name] = reader(row[name])
        return rows

    {{ c.async_ }}def row(self, session: DatabaseSession, values: Row) -> Row | None:
        """Run the statement and return its only row, or None."""
        rows = {{ c.await_ }}self.rows(session, values)
        return rows[0] if rows else None


def _name_of(type_: TypeEngine[Any]) -> str | None:
    """Return the name of a type as PostgreSQL shows it, without its length; None is any type."""
    if isinstance(type_, NullType):
        return None
    sql_type = type_.compile(DIALECT).lower()
    if sql_type.startswith("float"):
        # With few digits, it is a `real`.
        return "double precision" if sql_type == "float" else "real"
    return re.sub(r"^decimal\b", "numeric", re.sub(r"\(.*?\)", "", sql_type))


def _oid_of(sql_type: str | None) -> int | None:
    """Return the number of a type; None if psycopg does not know it."""
    try:
        return psycopg.adapters.types.get_oid(sql_type or "")
    except KeyError:
        return None


def _made(compiled: SQLCompiler) -> dict[str, Make]:
    """Return what makes values in Python, by parameter: SQLAlchemy writes the rest as SQL."""
    made = {name: bind.callable for name, bind in compiled.binds.items() if bind.callable}
    made |= {column.key: _maker(column.default) for column in compiled.insert_prefetch}
    return made | {column.key: _maker(column.onupdate) for column in compiled.update_prefetch}


def _maker(generator: Any) -> Make:
    """Return what makes the values of a `default` or an `onupdate`."""
    return lambda: generator.arg(None) if generator.is_callable else generator.arg
