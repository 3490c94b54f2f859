"""Errors as answers: what the database refuses is the client's to mend, not a failure of ours."""

from typing import Any

from fastapi import FastAPI, Request, Response, status
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, TimeoutError

from {{ package_name }}.db.idempotency import AnsweredError, KeyReusedError
from {{ package_name }}.db.repository import NotFoundError
from {{ package_name }}.db.retry import is_transient
from {{ package_name }}.db.session import OutcomeUnknownError


class ErrorMessage(BaseModel):
    """The body of a 400, a 404 and a 503."""

    detail: str


class ConflictMessage(BaseModel):
    """The body of a 409."""

    detail: str
    constraint: str | None


Responses = dict[int | str, dict[str, Any]]

# FastAPI's answer to a body that cannot be decoded; one that is no JSON gets a 422.
BAD_REQUEST: Responses = {status.HTTP_400_BAD_REQUEST: {"model": ErrorMessage}}
NOT_FOUND: Responses = {status.HTTP_404_NOT_FOUND: {"model": ErrorMessage}}
CONFLICT: Responses = {status.HTTP_409_CONFLICT: {"model": ConflictMessage}}
UNAVAILABLE: Responses = {status.HTTP_503_SERVICE_UNAVAILABLE: {"model": ErrorMessage}}

RETRY_AFTER = 5  # seconds; a compute of Neon wakes up in less

# https://www.postgresql.org/docs/current/errcodes-appendix.html
RESTRICT_VIOLATION = "23001"
FOREIGN_KEY_VIOLATION = "23503"
UNIQUE_VIOLATION = "23505"
EXCLUSION_VIOLATION = "23P01"
PROGRAM_LIMIT_EXCEEDED = "54000"
INVALID_REGULAR_EXPRESSION = "2201B"


def add_error_handlers(app: FastAPI) -> None:
    """Answer errors of validation and of data access with 404, 409, 422 or 503."""
    app.exception_handler(RequestValidationError)(_validation_error)
    app.exception_handler(NotFoundError)(_not_found)
    app.exception_handler(IntegrityError)(_integrity_error)
    app.exception_handler(DataError)(_data_error)
    app.exception_handler(DBAPIError)(_database_error)
    app.exception_handler(TimeoutError)(_timeout)
    app.exception_handler(OutcomeUnknownError)(_outcome_unknown)
    app.exception_handler(AnsweredError)(_answered)
    app.exception_handler(KeyReusedError)(_key_reused)


def _validation_error(request: Request, error: RequestValidationError) -> JSONResponse:
    """Answer 422 without what was sent: it may be secret, or such that JSON cannot express it."""
    problems = [
        {name: value for name, value in problem.items() if name != "input"}
        for problem in error.errors()
    ]
    return _unprocessable(problems)


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
        return _refused(request, message, "constraint_violation", constraint or column)
    return JSONResponse(
        {"detail": detail, "constraint": constraint},
        status.HTTP_409_CONFLICT,
    )


def _data_error(request: Request, error: DataError) -> JSONResponse:
    """Answer 422 to a value that no column can hold: a number out of range, a NUL character."""
    if getattr(error.orig, "sqlstate", None) == INVALID_REGULAR_EXPRESSION:
        raise error  # the pattern of a CHECK constraint, which no client can mend
    return _refused(request, "A value is not representable in the database", "data_error", None)


def _database_error(request: Request, error: DBAPIError) -> JSONResponse:
    """Answer 422 to text that is too long for the index of its column, 503 without a database."""
    if getattr(error.orig, "sqlstate", None) == PROGRAM_LIMIT_EXCEEDED:
        return _refused(request, "A value is too long for the database", "data_error", None)
    if is_transient(error):
        return _unavailable("The database is not reachable", {"Retry-After": str(RETRY_AFTER)})
    raise error


def _timeout(request: Request, error: TimeoutError) -> JSONResponse:
    """Answer 503 where no connection became free in time."""
    return _unavailable("Too many requests at once", {"Retry-After": str(RETRY_AFTER)})


def _outcome_unknown(request: Request, error: OutcomeUnknownError) -> JSONResponse:
    """Answer 503 and do not ask to try again: that could do a thing twice."""
    return _unavailable(
        "The connection to the database was lost at the end: the request was carried out, or it "
        "was not. With the header Idempotency-Key, requests can be sent again"
    )


def _answered(request: Request, error: AnsweredError) -> Response:
    return error.response


def _key_reused(request: Request, error: KeyReusedError) -> JSONResponse:
    where = ["header", "Idempotency-Key"]
    message = "The Idempotency-Key was used for another request"
    return _unprocessable([{"loc": where, "msg": message, "type": "key_reused"}])


def _unavailable(detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"detail": detail}, status.HTTP_503_SERVICE_UNAVAILABLE, headers)


def _refused(request: Request, message: str, kind: str, constraint: str | None) -> JSONResponse:
    where = "query" if request.method == "GET" else "body"
    problem: dict[str, Any] = {"loc": [where], "msg": message, "type": kind}
    if constraint is not None:
        problem["ctx"] = {"constraint": constraint}
    return _unprocessable([problem])


def _unprocessable(problems: list[dict[str, Any]]) -> JSONResponse:
    """Answer in the shape of FastAPI's own validation errors."""
    return JSONResponse(
        {"detail": jsonable_encoder(problems)},
        status.HTTP_422_UNPROCESSABLE_CONTENT,
    )
