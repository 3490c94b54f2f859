"""Health endpoints for the platform that runs the service."""

from typing import Literal

from fastapi import APIRouter, Request, Response, status
from pydantic import BaseModel

from {{ package_name }}.db import readiness

router = APIRouter(prefix="/health", tags=["health"])


class Liveness(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """Whether requests can be served and, if not, what stands against it."""

    status: readiness.Status


# Monitors ask with HEAD as well.
@router.head("/live", include_in_schema=False)
@router.get("/live")
async def live() -> Liveness:
    """Answer as long as the process runs, whatever the database does."""
    return Liveness()


@router.head("/ready", include_in_schema=False)
@router.get(
    "/ready",
    responses={status.HTTP_503_SERVICE_UNAVAILABLE: {"model": Readiness}},
)
async def ready(request: Request, response: Response) -> Readiness:
    """Answer 200 if the database can serve this code: its schema is that of the code, or newer.

    Else 503, with the reason. No answer takes longer than `READINESS_TIMEOUT` seconds.
    """
    found = await request.app.state.readiness.status()
    if found != "ready":
        response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    return Readiness(status=found)
