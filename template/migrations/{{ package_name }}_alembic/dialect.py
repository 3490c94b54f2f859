"""How Alembic speaks to PostgreSQL: SQL in migrations, changes of types and defaults, indexes."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, cast

from alembic.ddl._autogen import ComparisonResult
from alembic.ddl.postgresql import PostgresqlImpl
from sqlalchemy import (
    ClauseElement,
    Column,
    Connection,
    Index,
    MetaData,
    Table,
    TextClause,
    inspect,
    literal,
    literal_column,
    text,
)
from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlalchemy.schema import CreateColumn, CreateIndex
from sqlalchemy.sql.compiler import DDLCompiler

INDEX_IS_VALID = """
    SELECT indisvalid
    FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE indrelid = to_regclass(:table) AND relname = :name
"""
INDEX_DEFINITION = """
    SELECT pg_get_indexdef(indexrelid)
    FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE indrelid = to_regclass(:table) AND relname = :name
"""


def as_text(sql: str) -> str:
    """Return SQL that was compiled for the driver in the form that `text()` takes.

    There, percent signs stand for themselves, and a colon would start a parameter.
    """
    sql = sql.replace("%%", "%")
    if not re.search(r"(?<!:):(?!:)", sql):  # `::`, a cast, starts no parameter
        return sql
    return sql.replace(":", r"\:")


def quoted(connection: Connection, value: str) -> str:
    """Return text as a literal of SQL, compiled for the driver."""
    compiled = literal(value).compile(
        dialect=connection.dialect,
        compile_kwargs={"literal_binds": True},
    )
    return str(compiled)


def index_name(connection: Connection, index: Index) -> str:
    """Return the name of an index, cut to what PostgreSQL takes and without quotes."""
    preparer = connection.dialect.identifier_preparer
    *_, name = preparer.unformat_identifiers(str(preparer.format_index(index)))
    return name


@contextmanager
def temporary_copy(connection: Connection, table: Table) -> Iterator[str]:
    """Yield the name of an empty copy of a table, which hides the table and does not last."""
    preparer = connection.dialect.identifier_preparer
    name = preparer.quote(table.name)
    # In an autocommit block there are no savepoints.
    is_autocommit = connection.get_isolation_level() == "AUTOCOMMIT"
    with nullcontext() if is_autocommit else connection.begin_nested() as savepoint:
        original = preparer.format_table(table)
        connection.execute(text(f"CREATE TEMPORARY TABLE {name} (LIKE {original})"))
        try:
            yield f"pg_temp.{name}"
        finally:
            if is_autocommit:
                connection.execute(text(f"DROP TABLE pg_temp.{name}"))
        if savepoint is not None:
            savepoint.rollback()


class PostgreSQL(PostgresqlImpl):
    """Alembic's own implementation, where that is not enough.

    To define the class is enough: `__dialect__` registers it.
    """

    __dialect__ = "postgresql"

    def render_ddl_sql_expr(
        self,
        expr: ClauseElement,
        is_server_default: bool = False,
        is_index: bool = False,
        **kw: Any,
    ) -> str:
        """Return SQL for `text()`, or for `literal_column()` where it is part of an index."""
        if isinstance(expr, TextClause) and expr.compile().params:  # read from the database
            expr = literal_column(expr.text)
        sql = super().render_ddl_sql_expr(expr, is_server_default, is_index, **kw)
        return sql.replace("%%", "%") if is_index else as_text(sql)

    def compare_server_default(
        self,
        inspector_column: Column[Any],
        metadata_column: Column[Any],
        rendered_metadata_default: str | None,
        rendered_inspector_default: str | None,
    ) -> bool:
        """Return whether the default of the model is another than that of the database.

        Alembic has PostgreSQL compare both values, which fails if their types differ.
        """
        if rendered_metadata_default is None or rendered_inspector_default is None:
            return rendered_metadata_default is not rendered_inspector_default
        if self.compare_type(inspector_column, metadata_column):
            return True  # set again after the type: not every default can be cast
        compiled = CreateColumn(metadata_column).compile(dialect=self.dialect)
        wanted = cast("DDLCompiler", compiled).get_column_default_string(metadata_column)
        without_cast = re.sub(r"::[\w ]+$", "", rendered_inspector_default)
        if wanted == without_cast:
            return False
        return self._understood(metadata_column, str(wanted)) != rendered_inspector_default

    def _understood(self, column: Column[Any], default: str) -> str | None:
        """Return a default in the words of PostgreSQL, or None if it cannot be one yet."""
        connection = cast("Connection", self.connection)
        type_ = column.type.compile(self.dialect)
        sql = f"CREATE TEMPORARY TABLE _default (value {type_} DEFAULT {default})"
        try:
            with connection.begin_nested() as savepoint:
                connection.exec_driver_sql(sql)
                (reflected,) = inspect(connection).get_columns("_default")
                savepoint.rollback()
        except DBAPIError:  # it needs what a migration is still to create
            return None
        return reflected["default"]

    def alter_column(self, table_name: str, column_name: str, **kw: Any) -> None:
        """Change a column. A default that changes with the type goes before it, and comes after."""
        if kw.get("type_") is not None and kw.get("server_default", False) is not False:
            super().alter_column(
                table_name, column_name, schema=kw.get("schema"), server_default=None
            )
        super().alter_column(table_name, column_name, **kw)

    def compare_indexes(self, metadata_index: Index, reflected_index: Index) -> ComparisonResult:
        """Compare indexes, also by what Alembic leaves out: conditions, covered columns and so on.

        PostgreSQL keeps SQL as it understood it, so it is told what the model wants, too; and then
        its own words, as by a dump or a downgrade, for which it can choose others once more.
        """
        table = reflected_index.table
        is_special = _has_options(metadata_index) or _has_options(reflected_index)
        if not is_special or self.connection is None or table is None or table.schema is not None:
            return super().compare_indexes(metadata_index, reflected_index)
        present = _without_name(self._definition(table, str(reflected_index.name)))
        sql = str(CreateIndex(metadata_index).compile(dialect=self.dialect))
        sql = sql.replace(" CONCURRENTLY ", " ", 1).replace("%%", "%")
        name = index_name(self.connection, metadata_index)
        wanted = self._understood_index(table, name, sql)
        again = wanted and self._understood_index(table, name, wanted)
        if present in (_without_name(wanted), _without_name(again)):
            return ComparisonResult.Equal()
        return ComparisonResult.Different(f"{present} to {_without_name(wanted)}")

    def _understood_index(self, table: Table, name: str, sql: str) -> str | None:
        """Return what PostgreSQL makes of an index, or None if it cannot do it yet."""
        connection = cast("Connection", self.connection)
        try:
            with temporary_copy(connection, table):
                connection.execute(text(as_text(sql)))
                return self._definition(table, name)
        except ProgrammingError:  # it needs a column that a migration is still to create
            return None

    def _definition(self, table: Table, name: str) -> str | None:
        """Return what PostgreSQL says of an index, or None if there is none."""
        connection = cast("Connection", self.connection)
        place = self.dialect.identifier_preparer.format_table(table)
        parameters = {"table": place, "name": name}
        definition: str | None = connection.scalar(text(INDEX_DEFINITION), parameters)
        return definition

    def create_index(self, index: Index, **kw: Any) -> None:
        """Create an index. `postgresql_concurrently` can be run again, however far it came."""
        if not (_is_concurrent(index) and self._has(index)):
            super().create_index(index, **kw)

    def drop_index(self, index: Index, **kw: Any) -> None:
        """Drop an index. `postgresql_concurrently` can be run again, however far it came."""
        super().drop_index(index, **(kw | {"if_exists": True} if _is_concurrent(index) else kw))

    def _has(self, index: Index) -> bool:
        """Return whether an earlier attempt created the index, and drop what one left half done."""
        connection, table = self.connection, index.table
        if self.as_sql or connection is None or table is None:
            return False
        preparer = self.dialect.identifier_preparer
        parameters = {"table": preparer.format_table(table), "name": index.name}
        is_valid = connection.scalar(text(INDEX_IS_VALID), parameters)
        if is_valid is None:
            return False
        if not is_valid:
            super().drop_index(index)
            return False
        reflected = Table(
            table.name,
            MetaData(),
            schema=table.schema,
            autoload_with=connection,
            resolve_fks=False,
        )
        (same,) = (other for other in reflected.indexes if other.name == index.name)
        return self.compare_indexes(index, same).is_equal


def _without_name(definition: str | None) -> tuple[bool, str] | None:
    """Return whether an index is unique, and what follows the names of it and its table."""
    if definition is None:
        return None
    return definition.startswith("CREATE UNIQUE "), definition.partition(" USING ")[2]


def _has_options(index: Index) -> bool:
    """Tell whether an index is of more than columns."""
    options = index.dialect_options["postgresql"]
    return (
        any(options[name] for name in ("using", "ops", "include"))
        or options["where"] is not None
        or not all(isinstance(each, Column) for each in index.expressions)
    )


def _is_concurrent(index: Index) -> bool:
    return bool(index.dialect_options["postgresql"]["concurrently"])
