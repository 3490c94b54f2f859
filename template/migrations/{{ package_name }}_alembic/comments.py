"""Comments on indexes in migrations: why there is one, which Alembic does not know."""

from collections.abc import Iterator

from alembic.operations.ops import (
    DowngradeOps,
    DropIndexOp,
    DropTableOp,
    ExecuteSQLOp,
    ModifyTableOps,
    UpgradeOps,
)
from sqlalchemy import Connection, MetaData, text

from {{ package_name }}_alembic.dialect import as_text, index_name, quoted

INDEXES = """
    SELECT relname, obj_description(indexrelid, 'pg_class') AS words
    FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE indrelid = to_regclass(:table)
"""


def comment_indexes(
    connection: Connection,
    metadata: MetaData,
    upgrade: UpgradeOps,
    downgrade: DowngradeOps,
) -> None:
    """Give indexes the comment that is in their `info`, after they are created."""
    dropped = dict(dropped_indexes(upgrade))
    for table in metadata.sorted_tables:
        place = table.schema, table.name
        wanted = {index_name(connection, each): each.info.get("why") for each in table.indexes}
        present = comments(connection, *place)
        gone = dropped.get(place, set())
        for name in sorted(wanted.keys() | (present.keys() & gone)):
            why, was = wanted.get(name), present.get(name)
            if why != (None if name in gone else was):
                upgrade.ops.append(comment(connection, table.schema, name, why))
            if name in present and was != (None if name in gone else why):
                downgrade.ops.append(comment(connection, table.schema, name, was))
    for step in upgrade.ops:
        if isinstance(step, DropTableOp):
            for name, was in comments(connection, step.schema, step.table_name).items():
                if was is not None:
                    downgrade.ops.append(comment(connection, step.schema, name, was))


def dropped_indexes(
    upgrade: UpgradeOps,
) -> Iterator[tuple[tuple[str | None, str], set[str]]]:
    """Yield tables that stay, and the names of their indexes that are dropped."""
    for step in upgrade.ops:
        if isinstance(step, ModifyTableOps):
            names = {str(each.index_name) for each in step.ops if isinstance(each, DropIndexOp)}
            yield (step.schema, step.table_name), names


def comments(connection: Connection, schema: str | None, table: str) -> dict[str, str | None]:
    """Return the comments on the indexes of a table, by name."""
    quote = connection.dialect.identifier_preparer.quote
    place = f"{quote(schema)}.{quote(table)}" if schema else quote(table)
    found = connection.execute(text(INDEXES), {"table": place})
    return {row.relname: row.words for row in found}


def comment(
    connection: Connection, schema: str | None, name: str, words: str | None
) -> ExecuteSQLOp:
    """Return the step that sets the comment on an index, or takes it away."""
    quote = connection.dialect.identifier_preparer.quote
    index = f"{quote(schema)}.{quote(name)}" if schema else quote(name)
    value = "NULL" if words is None else quoted(connection, words)
    return ExecuteSQLOp(as_text(f"COMMENT ON INDEX {index} IS {value}"))
