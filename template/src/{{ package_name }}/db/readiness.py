{% from "includes/python.jinja" import import_from with context %}
"""Readiness: whether the database can serve this code, asked aside from the requests."""

import asyncio
import logging
from concurrent.futures import Future
from threading import Thread
from typing import Any, Literal

import psycopg
from psycopg.errors import ConnectionTimeout, InsufficientPrivilege
from sqlalchemy import URL
from sqlmodel import SQLModel

{{ import_from(package_name ~ ".db.revisions", ["MigrationsMissingError", "code_revisions"]) }}
from {{ package_name }}.db.urls import conninfo
from {{ package_name }}.settings import Settings

logger = logging.getLogger(__name__)

Status = Literal[
    "ready",
    "database unreachable",
    "database timed out",
    "database read-only",
    "rights missing",
    "schema not at head",
    "migrations missing",
]
Finding = tuple[Status, str]  # and what else there is to say, for the log

# Connections whose other end is gone end within seconds, so that the next question can be asked.
CONNECTION: dict[str, Any] = {
    "connect_timeout": 2,
    "tcp_user_timeout": 2000,
    "keepalives_idle": 1,
    "keepalives_interval": 1,
    "keepalives_count": 2,
}

STATE = """
    SELECT
        current_setting('transaction_read_only')::boolean,
        current_schema() IS NOT NULL,
        to_regclass('alembic_version') IS NOT NULL
"""
# Tables that are not there, as before and after some migrations, are no matter of rights.
TABLES_WITHOUT_RIGHTS = """
    SELECT name
    FROM
        unnest(%s::text[], %s::text[]) AS tables (schema, name),
        to_regclass(concat_ws('.', quote_ident(schema), quote_ident(name))) AS id
    WHERE NOT (
        has_table_privilege(id, 'SELECT')
        AND has_table_privilege(id, 'INSERT')
        AND has_table_privilege(id, 'UPDATE')
        AND has_table_privilege(id, 'DELETE')
    )
"""


class Readiness:
    """Asks the database one question at a time: who comes meanwhile waits for the same answer.

    A thread and a connection of its own do that, so it needs no free one of the requests, and a
    database that is frozen holds one of each, however often it is asked.
    """

    def __init__(self, url: URL, settings: Settings) -> None:
        """Take the database at `url`, which is that of the requests."""
        self._conninfo = conninfo(url)
        self._timeout = settings.readiness_timeout
        self._application_name = settings.application_name
        self._asked: Future[Finding] | None = None
        self._last: Status = "ready"

    async def status(self) -> Status:
        """Return within `readiness_timeout` seconds what stands against serving requests, if any."""
        if self._asked is None or self._asked.done():
            self._asked = Future()
            Thread(target=self._ask, args=(self._asked,), daemon=True).start()
        asked = self._asked
        await asyncio.wait({asyncio.wrap_future(asked)}, timeout=self._timeout)
        if asked.done():
            status, detail = asked.result()
        else:
            status, detail = "database timed out", f"no answer in {self._timeout} s"
        if status != self._last:
            logger.warning("Readiness: %s%s", status, detail and f": {detail}")
            self._last = status
        return status

    def _ask(self, asked: Future[Finding]) -> None:
        try:
            asked.set_result(self._find())
        except BaseException as error:
            asked.set_exception(error)

    def _find(self) -> Finding:
        try:
            # Before anything else: the first time, it takes a while.
            code_revisions()
            with psycopg.connect(
                self._conninfo,
                autocommit=True,
                application_name=self._application_name,
                **CONNECTION,
            ) as connection:
                return find(connection)
        except MigrationsMissingError as error:
            return "migrations missing", str(error)
        except InsufficientPrivilege as error:
            return "rights missing", str(error)
        except ConnectionTimeout as error:
            return "database timed out", str(error)
        except psycopg.OperationalError as error:
            return "database unreachable", str(error)


def find(connection: psycopg.Connection[tuple[Any, ...]]) -> Finding:
    """Return what stands against serving this code. Raises psycopg.Error."""
    ((is_read_only, has_schema, is_migrated),) = connection.execute(STATE)
    if is_read_only:
        return "database read-only", "transaction_read_only is on"
    if not has_schema:
        return "rights missing", "there is no schema that the role may use"
    tables = SQLModel.metadata.tables.values()
    names = [[table.schema for table in tables], [table.name for table in tables]]
    if without_rights := connection.execute(TABLES_WITHOUT_RIGHTS, names).fetchall():
        listed = ", ".join(sorted(name for (name,) in without_rights))
        return "rights missing", f"the role may not read, add, change and delete rows of {listed}"
    versions: set[str] = set()
    if is_migrated:
        rows = connection.execute("SELECT version_num FROM alembic_version")
        versions = {version for (version,) in rows}
    if not code_revisions().reached_by(versions):
        heads = ", ".join(sorted(code_revisions().heads))
        found = ", ".join(sorted(versions)) or "never migrated"
        return "schema not at head", f"the database is {found}, the code needs {heads}"
    return "ready", ""
