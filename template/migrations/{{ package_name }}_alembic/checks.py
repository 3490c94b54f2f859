"""CHECK constraints in migrations: changes of them are seen, and patterns are tried."""

from alembic.autogenerate.api import AutogenContext
from alembic.ddl.impl import DefaultImpl
from alembic.operations.ops import AddConstraintOp, DropConstraintOp, ModifyTableOps
from alembic.runtime.plugins import Plugin
from alembic.util import CommandError, PriorityDispatchResult
from psycopg.errors import UndefinedObject
from sqlalchemy import (
    CheckConstraint,
    ClauseElement,
    Connection,
    Table,
    inspect,
    literal,
    literal_column,
    select,
    text,
)
from sqlalchemy.exc import DataError, ProgrammingError
from sqlalchemy.schema import conv

from {{ package_name }}.models.base import PATTERNS

# For `autogenerate_plugins`, in place of Alembic's own, which compares constraints by name only.
CHECKS_PLUGIN = __name__


def compare_checks(
    context: AutogenContext,
    changes: ModifyTableOps,
    schema: str | None,
    table_name: str,
    table: Table | None,
    model: Table | None,
) -> PriorityDispatchResult:
    """Drop the CHECK constraints that a table has and its model has not, and add the others."""
    connection = context.connection
    # New tables come with their constraints, and old ones take theirs with them.
    if connection is None or table is None or model is None:
        return PriorityDispatchResult.CONTINUE
    items = model.constraints.union(*(column.constraints for column in model.columns))
    wanted = {
        name_in_database(connection, item): item
        for item in items
        if isinstance(item, CheckConstraint)
    }
    present = checks(connection, table_name, schema)
    same = unchanged(context.migration_context.impl, connection, model, wanted, present)
    for name in sorted(present.keys() - same):
        old = CheckConstraint(literal_column(present[name]), name=conv(name), table=table)
        changes.ops.append(DropConstraintOp.from_constraint(old))
    for name in sorted(wanted.keys() - same):
        changes.ops.append(AddConstraintOp.from_constraint(wanted[name]))
    return PriorityDispatchResult.CONTINUE


def unchanged(
    implementation: DefaultImpl,
    connection: Connection,
    model: Table,
    wanted: dict[str, CheckConstraint],
    present: dict[str, str],
) -> set[str]:
    """Return the names of the constraints that mean the same in the model and in the database.

    PostgreSQL keeps what it understood, not what it was told: `status IN ('a')` is returned as
    `status::text = 'a'::text`. So it is told what the model wants, too, and its words are
    compared. Told those words in turn, by a dump or a downgrade, it can choose others once more.
    """
    common = wanted.keys() & present.keys()
    told: dict[str, ClauseElement] = {name: wanted[name].sqltext for name in common}
    same: set[str] = set()
    for _ in range(2 if common else 0):
        sql = {name: implementation.render_ddl_sql_expr(told[name]) for name in told}
        try:
            words = understood(connection, model, sql)
        except ProgrammingError as error:
            if isinstance(error.orig, UndefinedObject):
                return common  # a type of the model is still to be created: names have to do
            raise
        same |= {name for name in words if words[name] == present[name]}
        told = {name: literal_column(words[name]) for name in words}
    return same


def understood(connection: Connection, model: Table, conditions: dict[str, str]) -> dict[str, str]:
    """Return the conditions of constraints, by name, in the words of PostgreSQL.

    They are those of an empty temporary table with the columns of the model, which does not last.
    """
    quote = connection.dialect.identifier_preparer.quote
    items = [
        f"{quote(column.name)} {column.type.compile(connection.dialect)}"
        for column in model.columns
    ]
    items += [f"CONSTRAINT {quote(name)} CHECK ({sql})" for name, sql in conditions.items()]
    with connection.begin_nested() as savepoint:
        connection.execute(text(f"CREATE TEMPORARY TABLE {quote(model.name)} ({', '.join(items)})"))
        words = checks(connection, model.name)
        savepoint.rollback()
    return words


def checks(connection: Connection, table_name: str, schema: str | None = None) -> dict[str, str]:
    """Return the conditions of the CHECK constraints of a table, by name.

    Without a schema, a temporary table hides another one of the same name.
    """
    found = inspect(connection).get_check_constraints(table_name, schema=schema)
    return {str(check["name"]): check["sqltext"] for check in found}


def name_in_database(connection: Connection, constraint: CheckConstraint) -> str:
    """Return the name of a constraint, cut to what PostgreSQL takes and without quotes."""
    preparer = connection.dialect.identifier_preparer
    (name,) = preparer.unformat_identifiers(str(preparer.format_constraint(constraint)))
    return name


def try_patterns(connection: Connection) -> None:
    """Let PostgreSQL compile the patterns of the models, which it does not before it uses one.

    Raises CommandError, which names the field, where it cannot.
    """
    for field, pattern in PATTERNS.items():
        try:
            connection.execute(select(literal("").regexp_match(pattern)))
        except DataError as error:
            problem = f"{field}: the pattern {pattern!r} is not valid in PostgreSQL: {error.orig}"
            raise CommandError(problem) from error


Plugin(CHECKS_PLUGIN).add_autogenerate_comparator(compare_checks, "table", "checks")
