{% from "includes/python.jinja" import import_from with context %}
"""Generated columns in migrations, such as those of `search`: changes of them are seen.

PostgreSQL has no other way to change one than to drop it and to add it anew. It also has to be gone
while the type of a column changes that it is made of, or that column goes.
"""

import re
from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import (
    AddColumnOp,
    AlterColumnOp,
    CreateIndexOp,
    DropColumnOp,
    DropIndexOp,
    ModifyTableOps,
)
from alembic.runtime.plugins import Plugin
from alembic.util import DispatchPriority, PriorityDispatchResult
from sqlalchemy import Column, Computed, Connection, Index, Table, inspect, literal_column, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.schema import CreateColumn

{{ import_from(package_name ~ "_alembic.dialect", ["as_text", "index_name", "temporary_copy"]) }}

# For `autogenerate_plugins`.
GENERATED_PLUGIN = __name__


def leave_default(
    context: AutogenContext,
    change: AlterColumnOp,
    schema: str | None,
    table_name: str,
    column_name: str,
    column: Column[Any],
    model: Column[Any],
) -> PriorityDispatchResult:
    """Keep Alembic from comparing what a column is made of: it can but warn that it changed."""
    if column.computed is None and model.computed is None:
        return PriorityDispatchResult.CONTINUE
    change.existing_server_default = column.computed or column.server_default
    return PriorityDispatchResult.STOP


def compare_generated(
    context: AutogenContext,
    changes: ModifyTableOps,
    schema: str | None,
    table_name: str,
    table: Table | None,
    model: Table | None,
) -> PriorityDispatchResult:
    """Drop the generated columns that change, and add them anew, with their indexes."""
    connection = context.connection
    if connection is None or table is None or model is None:
        return PriorityDispatchResult.CONTINUE
    retyped = {
        step.column_name
        for step in changes.ops
        if isinstance(step, AlterColumnOp) and step.modify_type is not None
    }
    names = set(table.columns.keys())
    gone = names - set(model.columns.keys())
    for name in sorted(names - gone):
        old, new = table.columns[name], model.columns[name]
        if old.computed is None and new.computed is None:
            continue
        touched = {name, *words_in(old.computed)} & (retyped | gone)
        if touched or not is_same(connection, old, new):
            renew(changes, old, new)
            renew_indexes(connection, changes, table, model, {name})
    # An index with SQL is not understood any more where a column has another type.
    renew_indexes(connection, changes, table, model, retyped, only_sql=True)
    return PriorityDispatchResult.CONTINUE


def words_in(sql: object) -> set[str]:
    """Return the words of SQL, among which are the names of columns."""
    sqltext = getattr(sql, "sqltext", sql)
    return set(re.findall(r"\w+", str(sqltext))) if sqltext is not None else set()


def is_same(connection: Connection, old: Column[Any], new: Column[Any]) -> bool:
    """Tell whether a column is made of the same in the database and in the model."""
    if old.computed is None or new.computed is None:
        return False
    present = str(old.computed.sqltext)
    wanted = understood(connection, old.table, new)
    if wanted is None or wanted == present:
        return wanted is not None
    # Told its own words, by a dump or a downgrade, it can choose others once more.
    again = Column(new.name, new.type, Computed(literal_column(wanted), persisted=True))
    return understood(connection, old.table, again) == present


def understood(connection: Connection, table: Table, column: Column[Any]) -> str | None:
    """Return what a column is made of in the words of PostgreSQL, or None if it cannot be yet."""
    dialect = connection.dialect
    name = dialect.identifier_preparer.quote(column.name)
    definition = CreateColumn(column).compile(dialect=dialect)
    try:
        with temporary_copy(connection, table) as copy:
            change = f"ALTER TABLE {copy} DROP COLUMN {name}, ADD COLUMN {definition}"
            connection.execute(text(as_text(change)))
            columns = inspect(connection).get_columns(table.name)
    except ProgrammingError:  # it needs a column that a migration is still to create
        return None
    (found,) = [each for each in columns if each["name"] == column.name]
    sqltext: str = found["computed"]["sqltext"]
    return sqltext


def renew(changes: ModifyTableOps, old: Column[Any], new: Column[Any]) -> None:
    """Drop a column and add it; nothing else is to change of it."""
    changes.ops[:] = [
        step
        for step in changes.ops
        if not (isinstance(step, AlterColumnOp) and step.column_name == old.name)
    ]
    place = changes.schema, changes.table_name
    changes.ops.append(DropColumnOp.from_column_and_tablename(*place, old))
    changes.ops.append(AddColumnOp.from_column_and_tablename(*place, new))


def renew_indexes(
    connection: Connection,
    changes: ModifyTableOps,
    table: Table,
    model: Table,
    columns: set[str],
    *,
    only_sql: bool = False,
) -> None:
    """Drop the indexes of columns, and create them anew."""
    dropped = {step.index_name for step in changes.ops if isinstance(step, DropIndexOp)}
    wanted = {index_name(connection, index): index for index in model.indexes}
    # Alembic reflects an index twice, once without options that are empty.
    for old in sorted(table.indexes, key=lambda index: (str(index.name), len(index.kwargs))):
        if old.name in dropped or old.name not in wanted:
            continue
        sql, plain = parts_of(old)
        if (sql if only_sql else sql | plain) & columns:
            changes.ops.append(DropIndexOp.from_index(old))
            changes.ops.append(CreateIndexOp.from_index(wanted[old.name]))
            dropped.add(old.name)


def parts_of(index: Index) -> tuple[set[str], set[str]]:
    """Return the words in the SQL of an index, and the names of its other columns."""
    options = index.dialect_options["postgresql"]
    sql, plain = words_in(options["where"]), set(options["include"] or ())
    for each in index.expressions:
        if isinstance(each, Column):
            plain.add(each.name)
        else:
            sql |= words_in(each)
    return sql, plain


plugin = Plugin(GENERATED_PLUGIN)
plugin.add_autogenerate_comparator(
    leave_default, "column", "server_default", priority=DispatchPriority.FIRST
)
plugin.add_autogenerate_comparator(
    compare_generated, "table", "generated", priority=DispatchPriority.LAST
)
