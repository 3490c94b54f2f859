"""Errors as answers: what the database refuses is the client's to mend, not a failure of ours."""

from typing import Any

from fastapi import FastAPI, Request, status
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy.exc import DataError, IntegrityError

from {{ package_name }}.db.repository import NotFoundError


class ErrorMessage(BaseModel):
    """The body of a 404."""

    detail: str


class ConflictMessage(BaseModel):
    """The body of a 409."""

    detail: str
    constraint: str | None


Responses = dict[int | str, dict[str, Any]]

NOT_FOUND: Responses = {status.HTTP_404_NOT_FOUND: {"model": ErrorMessage}}
CONFLICT: Responses = {status.HTTP_409_CONFLICT: {"model": ConflictMessage}}

# https://www.postgresql.org/docs/current/errcodes-appendix.html
RESTRICT_VIOLATION = "23001"
FOREIGN_KEY_VIOLATION = "23503"
UNIQUE_VIOLATION = "23505"
EXCLUSION_VIOLATION = "23P01"


def add_error_handlers(app: FastAPI) -> None:
    """Answer errors of data access with 404, 409 or 422."""
    app.exception_handler(NotFoundError)(_not_found)
    app.exception_handler(IntegrityError)(_integrity_error)
    app.exception_handler(DataError)(_data_error)


def _not_found(request: Request, error: NotFoundError) -> JSONResponse:
    return JSONResponse({"detail": str(error)}, status.HTTP_404_NOT_FOUND)


def _integrity_error(request: Request, error: IntegrityError) -> JSONResponse:
    """Answer 409 where other rows stand against the request, 422 where the request is wrong."""
    state = getattr(error.orig, "sqlstate", None)
    diagnostic = getattr(error.orig, "diag", None)
    constraint = getattr(diagnostic, "constraint_name", None)
    # Before PostgreSQL 18, a row that is still referenced was a foreign key violation as well.
    referenced = state == RESTRICT_VIOLATION or (
        state == FOREIGN_KEY_VIOLATION and request.method == "DELETE"
    )
    if referenced:
        detail = "Other rows still refer to this one"
    elif state in (UNIQUE_VIOLATION, EXCLUSION_VIOLATION):
        detail = "A row with these values exists"
    else:
        column = getattr(diagnostic, "column_name", None)
        missing = state == FOREIGN_KEY_VIOLATION
        message = "The row that is referred to does not exist" if missing else "Not allowed"
        return _unprocessable(message, "constraint_violation", constraint or column)
    return JSONResponse(
        {"detail": detail, "constraint": constraint},
        status.HTTP_409_CONFLICT,
    )


def _data_error(request: Request, error: DataError) -> JSONResponse:
    """Answer 422 to a value that no column can hold: a number out of range, a NUL character."""
    return _unprocessable("A value is not representable in the database", "data_error", None)


def _unprocessable(message: str, kind: str, constraint: str | None) -> JSONResponse:
    """Answer in the shape of FastAPI's own validation errors."""
    problem: dict[str, Any] = {"loc": ["body"], "msg": message, "type": kind}
    if constraint is not None:
        problem["ctx"] = {"constraint": constraint}
    return JSONResponse({"detail": [problem]}, status.HTTP_422_UNPROCESSABLE_CONTENT)
