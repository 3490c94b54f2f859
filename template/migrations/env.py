"""Alembic's environment: connects past the pooler, one migrating process at a time."""

import sys
import time
import warnings
from collections.abc import Iterable
from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import CreateForeignKeyOp, CreateTableOp, MigrationScript
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Enum, ForeignKeyConstraint, create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool
from sqlmodel import AutoString, SQLModel
from sqlmodel.sql.sqltypes import UTCDateTime

import {{ package_name }}.db.tables
import {{ package_name }}.models  # noqa: F401  (both register tables)
from {{ package_name }}.db.checks import CHECKS_PLUGIN, try_patterns
from {{ package_name }}.db.embedded import EmbeddedError
from {{ package_name }}.db.engine import direct_url
from {{ package_name }}.db.retry import delays
from {{ package_name }}.settings import Settings, load_settings

# Any number will do, as long as every migration of the database takes the same lock.
MIGRATION_LOCK = 8_615_243_709


def render_item(type_: str, item: Any, autogen_context: AutogenContext) -> str | Literal[False]:
    """Write types as plain SQLAlchemy: without imports, and without values of enums, which change."""
    if isinstance(item, AutoString):
        length = getattr(item.impl, "length", None)
        return f"sa.String(length={length})" if length else "sa.String()"
    if isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    if isinstance(item, Enum) and not item.native_enum:
        return f"sa.String(length={item.length})"
    return False


def separate_cycles(
    context: MigrationContext,
    revision: str | Iterable[str | None] | Iterable[str],
    directives: list[MigrationScript],
) -> None:
    """Where new tables refer to each other, create those foreign keys after the tables."""
    for script in directives:
        if script.upgrade_ops is None or script.downgrade_ops is None:
            continue
        tables = [step for step in script.upgrade_ops.ops if isinstance(step, CreateTableOp)]
        to_come = {table.table_name for table in tables}
        for table in tables:
            to_come.discard(table.table_name)
            kept = []
            for item in table.columns:
                if isinstance(item, ForeignKeyConstraint) and item.referred_table.name in to_come:
                    step = CreateForeignKeyOp.from_constraint(item)
                    script.upgrade_ops.ops.append(step)
                    script.downgrade_ops.ops.insert(0, step.reverse())
                else:
                    kept.append(item)
            table.columns = kept


def connect(settings: Settings) -> Connection:
    """Connect past the pooler. Where the compute is suspended, wait for it to wake up."""
    try:
        url = direct_url(settings)
    except EmbeddedError as error:
        sys.exit(str(error))
    engine = create_engine(
        url,
        poolclass=NullPool,
        connect_args={"connect_timeout": settings.connect_timeout},
    )
    waits = delays(settings.retry_timeout)
    while True:
        try:
            return engine.connect()
        except OperationalError:
            wait = next(waits, None)
            if wait is None:
                raise
            time.sleep(wait)


def configure(**options: Any) -> None:
    """Configure Alembic alike for all ways to run."""
    context.configure(
        target_metadata=SQLModel.metadata,
        render_item=render_item,
        process_revision_directives=separate_cycles,
        compare_server_default=True,
        autogenerate_plugins=["alembic.autogenerate.*", CHECKS_PLUGIN],
        **options,
    )


def migrate(connection: Connection) -> None:
    """Run the migrations in one transaction.

    The lock makes simultaneous migrations wait for each other. Both settings end with the
    transaction: a pooler would hand anything else to the next client.
    """
    configure(connection=connection)
    # separate_cycles deals with what this warns of.
    warnings.filterwarnings("ignore", message="Cannot correctly sort tables")
    with context.begin_transaction():
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        # Rather fail than queue for a table lock, and every request behind it.
        connection.execute(text("SET LOCAL lock_timeout = '10s'"))
        try_patterns(connection)
        context.run_migrations()


if context.is_offline_mode():  # alembic upgrade A:B --sql
    # Named parameters: for those of psycopg, percent signs would be doubled.
    configure(
        dialect_name="postgresql",
        dialect_opts={"paramstyle": "named"},
        literal_binds=True,
    )
    with context.begin_transaction():
        context.run_migrations()
elif (given := context.config.attributes.get("connection")) is not None:  # tests
    migrate(given)
else:
    with connect(load_settings()) as connection:
        migrate(connection)
