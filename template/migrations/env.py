{% from "includes/python.jinja" import import_from with context %}
"""Alembic's environment: connects past the pooler, one migrating process at a time."""

import io
import site
import sys
import time
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

from alembic import context
from alembic.runtime.migration import MigrationInfo
from alembic.util import CommandError
from psycopg.errors import LockNotAvailable
from sqlalchemy import URL, Connection, create_engine, event, text
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import NullPool
from sqlmodel import SQLModel

import {{ package_name }}.data.tables
import {{ package_name }}.models  # noqa: F401  (both register tables)
from {{ package_name }}.db.embedded import EmbeddedError
from {{ package_name }}.db.retry import delays
from {{ package_name }}.db.urls import direct_url, is_pooled
from {{ package_name }}.settings import load_settings

# Alembic runs this file by its path, so there is no package to import from. The folder goes to the
# end of sys.path, and just once, however often this runs.
site.addsitedir(str(Path(__file__).parent))

{{ import_from(package_name ~ "_alembic.autogenerate", ["Ownership", "arrange", "render_item"]) }}
from {{ package_name }}_alembic.checks import CHECKS_PLUGIN, try_patterns
from {{ package_name }}_alembic.generated import GENERATED_PLUGIN

# Any number will do, as long as every migration of the database takes the same lock.
MIGRATION_LOCK = 8_615_243_709
LOCK_POLL = 0.5  # seconds

# Settings of the session: they hold in autocommit blocks, too.
SESSION = {
    # Rather fail than queue for a table lock, and every request behind it.
    "lock_timeout": "10s",
    # What a role has for requests: an index takes its time.
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
}
if sys.platform != "win32":  # for the embedded server: Windows cannot do this
    # If the process is killed, what it runs ends soon, and its lock with it.
    SESSION["client_connection_check_interval"] = "2s"

# Indexes that cost writes and serve no query.
INVALID_INDEXES = """
    SELECT indexrelid::regclass::text, indrelid::regclass::text
    FROM pg_index
    WHERE NOT indisvalid
    ORDER BY 1
"""

# Of a transaction. In a new database it always has: the table is new.
HAS_CHANGES = """
    SELECT pg_current_xact_id_if_assigned() IS NOT NULL
    AND EXISTS (SELECT FROM alembic_version)
"""

# What Alembic says, and what to do then.
HINTS = {
    "not up to date": "First: uv run alembic upgrade head",
    "Multiple head": 'Two branches added migrations. Join them: uv run alembic merge heads -m "…"',
    "Can't locate revision": "If it is the database's: newer code, or another branch, migrated it.",
}

# What a migration did, by whether it is a stamp, and upwards.
VERBS = {
    (False, True): "Applied",
    (False, False): "Undid",
    (True, True): "Stamped",
    (True, False): "Unstamped",
}

function, *_ = getattr(context.config.cmd_opts, "cmd", (None,))
command = function.__name__ if function else None
try:
    revisions = list(context.script.walk_revisions())
except KeyError as error:
    message = f"migrations/versions lacks {error}, which another revision follows"
    raise CommandError(message) from error


@contextmanager
def explained() -> Iterator[None]:
    """Say in a sentence what went wrong; `alembic --raiseerr` shows the traceback as well."""
    try:
        yield
    except DBAPIError as error:
        raise CommandError(explanation(error)) from error
    except SQLAlchemyError as error:  # the models do not fit together
        raise CommandError(str(error)) from error
    except CommandError as error:
        for words, hint in HINTS.items():
            if words in str(error):
                raise CommandError(f"{error}\n{hint}") from error
        raise


def explanation(error: DBAPIError) -> str:
    """Return where a statement failed, what the database says, and the statement."""
    files = {Path(revision.path).resolve() for revision in revisions}
    steps = [
        f"{Path(frame.filename).name}, line {frame.lineno}: "
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).resolve() in files
    ]
    lines = [f"{''.join(steps[-1:])}{error.orig}".strip()]
    if error.statement:
        lines.append(f"SQL: {error.statement}")
    if isinstance(error.orig, LockNotAvailable):
        lines.append("Another transaction holds what this needs: run it again later")
    return "\n".join(lines)


def connect() -> Connection:
    """Connect past the pooler. If the compute is suspended, wait for it to wake up.

    Raises CommandError if there is no connection, or one to a pooler.
    """
    settings = load_settings()
    try:
        url = direct_url(settings)
    except EmbeddedError as error:
        raise CommandError(str(error)) from error
    if is_pooled(url):
        raise CommandError("DATABASE_URL_UNPOOLED leads to the pooler: leave out `-pooler`")
    engine = create_engine(
        url,
        poolclass=NullPool,
        connect_args={
            "connect_timeout": settings.connect_timeout,
            "options": session_options(url),
        },
    )
    waits = delays(settings.retry_timeout)
    is_said = False
    while True:
        try:
            return engine.connect()
        except OperationalError as error:
            problem = str(error.orig).strip()
            wait = next(waits, None)
            if "startup parameter" in problem:
                hint = "Migrations cannot go through a pooler: set DATABASE_URL_UNPOOLED"
                raise CommandError(f"{hint}\n{problem}") from error
            if wait is None:
                raise CommandError(f"Cannot connect to {url!r}: {problem}") from error
            if not is_said:
                note(f"Trying for {settings.retry_timeout:g} s to connect to {url!r}: {problem}")
                is_said = True
            time.sleep(wait)


def session_options(url: URL) -> str:
    """Return the settings of the session, after those of the URL, as the server is told them.

    A pooler, where they would be left to the next client, refuses the connection.
    """
    own = url.query.get("options", "")
    settings = [f"-c {name}={value}" for name, value in SESSION.items()]
    return " ".join([own if isinstance(own, str) else " ".join(own), *settings]).strip()


@contextmanager
def locked(connection: Connection, is_outer: bool) -> Iterator[None]:
    """Hold the lock of migrations; wait for others that do.

    It belongs to the session, so it outlives the transaction of a migration; or to the transaction
    that the caller began. A statement that waits has a snapshot, for which CREATE INDEX CONCURRENTLY
    of the one that holds the lock waits in turn; so this asks again and again.
    """
    function = "pg_try_advisory_xact_lock" if is_outer else "pg_try_advisory_lock"
    is_said = False
    while not ask(connection, function, is_outer):
        if not is_said:
            note("Waiting for another process that migrates this database")
            is_said = True
        time.sleep(LOCK_POLL)
    try:
        yield
    finally:
        if not is_outer:
            with suppress(DBAPIError):  # without the connection, there is no lock either
                connection.rollback()
                ask(connection, "pg_advisory_unlock", is_outer)


def ask(connection: Connection, function: str, is_outer: bool) -> bool:
    """Call a function of the migration lock; return its answer."""
    answer = connection.scalar(text(f"SELECT {function}(:key)"), {"key": MIGRATION_LOCK})
    if not is_outer:
        connection.rollback()  # advisory locks of a session are no part of a transaction
    return bool(answer)


class Progress:
    """Follows the migrations of a connection, which have a transaction each."""

    done = 0
    is_recorded = False

    def record(self, *, step: MigrationInfo, **_: Any) -> None:
        """Say what was done; Alembic calls this at the end of a migration."""
        self.done += 1
        self.is_recorded = True
        verb = VERBS[step.is_stamp, step.is_upgrade]
        for revision in context.script.get_revisions(step.up_revision_ids):
            if revision is not None:
                say(f"{verb} {revision.revision}: {revision.doc}")

    def before_commit(self, connection: Connection) -> None:
        """Refuse to commit half a migration, as an autocommit block does: it could not run again."""
        is_whole, self.is_recorded = self.is_recorded, False
        if not is_whole and connection.scalar(text(HAS_CHANGES)):
            raise CommandError(
                "An `autocommit_block` commits what its migration did before, which could then not"
                " run again. Move those steps behind the block, or into a migration of their own."
                " Nothing was changed."
            )


def note_invalid_indexes(connection: Connection) -> None:
    """Tell of indexes that were not finished: they cost writes and serve no query."""
    with suppress(DBAPIError):  # without a connection, there is something else to tell
        for index, table in connection.execute(text(INVALID_INDEXES)):
            if table in SQLModel.metadata.tables:
                note(
                    f"The index {index} of {table} is not valid: CREATE INDEX CONCURRENTLY failed or"
                    " is still at it. `op.create_index` with `postgresql_concurrently=True` replaces"
                    f" it when it runs again; else: DROP INDEX CONCURRENTLY {index}"
                )


def configure(**options: Any) -> None:
    """Configure Alembic alike for all ways to run."""
    own = Ownership(SQLModel.metadata, (revision.path for revision in revisions))
    context.configure(
        target_metadata=SQLModel.metadata,
        include_schemas=True,
        include_name=own.include_name,
        include_object=own.include_object,
        render_item=render_item,
        process_revision_directives=arrange,
        compare_server_default=True,
        autogenerate_plugins=["alembic.autogenerate.*", CHECKS_PLUGIN, GENERATED_PLUGIN],
        # What is done stays done. The next process goes on from there.
        transaction_per_migration=True,
        **options,
    )


def migrate(connection: Connection) -> None:
    """Run the command on a connection."""
    # A caller that began a transaction decides what becomes of it.
    is_outer = connection.in_transaction()
    progress = Progress()
    # arrange deals with what this warns of.
    warnings.filterwarnings("ignore", message="Cannot correctly sort tables")
    lock = nullcontext() if command == "current" else locked(connection, is_outer)
    with explained(), lock:
        try_patterns(connection)
        if not is_outer:
            connection.rollback()
            event.listen(connection, "commit", progress.before_commit)
        configure(connection=connection, on_version_apply=progress.record)
        try:
            context.run_migrations()
        finally:
            if not is_outer:
                event.remove(connection, "commit", progress.before_commit)
    if command == "upgrade" and not progress.done:
        heads = ", ".join(context.get_context().get_current_heads())
        say(f"Nothing to do: the database is at {heads or 'base'}")


def say(message: str) -> None:
    """Print a result, on the command line."""
    if command:
        context.config.print_stdout("%s", message)


def note(message: str) -> None:
    """Print what is not a result."""
    print(message, file=sys.stderr, flush=True)


if command in ("upgrade", "downgrade") and not revisions:
    create = 'uv run alembic revision --autogenerate -m "initial schema"'
    raise CommandError(f"There is no migration yet. Create the first one: {create}")
if context.is_offline_mode():  # alembic upgrade A:B --sql
    # SQL is UTF-8, whatever the terminal takes.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    # Named parameters: for those of psycopg, percent signs would be doubled.
    configure(
        dialect_name="postgresql",
        dialect_opts={"paramstyle": "named"},
        literal_binds=True,
    )
    context.run_migrations()
elif (given := context.config.attributes.get("connection")) is not None:  # tests
    migrate(given)
else:
    with connect() as connection:
        try:
            migrate(connection)
        finally:
            note_invalid_indexes(connection)
