{% import "includes/concurrency.jinja" as c with context %}
"""Health endpoints for the platform that runs the service."""

from functools import cache
from pathlib import Path
from typing import Literal

from fastapi import APIRouter, Response, status
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.exc import OperationalError, ProgrammingError

from {{ package_name }}.db.session import ReadSession

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"

router = APIRouter(prefix="/health", tags=["health"])


class Liveness(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """Whether requests can be served and, where not, what stands against it."""

    status: Literal["ready", "database unreachable", "schema not at head"]


@router.get("/live")
async def live() -> Liveness:
    """Answer as long as the process runs, whatever the database does."""
    return Liveness()


@router.get(
    "/ready",
    responses={status.HTTP_503_SERVICE_UNAVAILABLE: {"model": Readiness}},
)
{{ c.async_ }}def ready(session: ReadSession, response: Response) -> Readiness:
    """Answer 200 where the database is reachable and its schema is that of the code, else 503."""
    try:
        connection = {{ c.await_ }}session.connection()
        statement = text("SELECT version_num FROM alembic_version")
        versions = set({{ c.await_ }}connection.scalars(statement))
    except ProgrammingError:  # the table does not exist: nothing was ever migrated
        versions = set()
    except OperationalError:
        response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
        return Readiness(status="database unreachable")
    if versions != schema_heads():
        response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
        return Readiness(status="schema not at head")
    return Readiness(status="ready")


@cache
def schema_heads() -> set[str]:
    """Return the revisions up to which a database must be migrated for this code."""
    # Imported here to keep the start of the service fast: only this endpoint needs it.
    from alembic.script import ScriptDirectory

    return set(ScriptDirectory(str(MIGRATIONS)).get_heads())
