{% from "includes/python.jinja" import import_from with context %}
"""Errors as answers: what the database refuses is the client's to mend, not a failure of ours."""

import logging
from typing import Any

import psycopg
from fastapi import FastAPI, Request, Response, status
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from psycopg_pool import PoolTimeout
from pydantic import BaseModel, Field
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException
from starlette.routing import Match

{{ import_from(package_name ~ ".data.bulk", ["RefusedRowError", "StillReferredError"]) }}
from {{ package_name }}.data.pages import QueryError
from {{ package_name }}.data.references import NotFoundError
from {{ package_name }}.data.values import RefusedValueError
{{ import_from(package_name ~ ".data.versions", ["NotModifiedError", "VersionMismatchError"]) }}
from {{ package_name }}.db.limits import OutcomeUnknownError, TimeLimitError
from {{ package_name }}.db.retry import driver_error, is_transient
{{ import_from(package_name ~ ".http.idempotency", ["AnsweredError", "KeyInUseError", "KeyReusedError"]) }}
from {{ package_name }}.http.versions import etag

logger = logging.getLogger(__name__)


class ErrorMessage(BaseModel):
    """The body of a 400, a 404, a 412, a 500 and a 503."""

    detail: str


class ConflictMessage(BaseModel):
    """The body of a 409."""

    detail: str
    constraint: str | None
    row: int | None = Field(default=None, description="Which one of several rows, from 0.")


Responses = dict[int | str, dict[str, Any]]

# FastAPI's answers to a body that cannot be decoded, or is too large; one that is no JSON gets a 422.
BAD_REQUEST: Responses = {
    status.HTTP_400_BAD_REQUEST: {"model": ErrorMessage},
    status.HTTP_413_CONTENT_TOO_LARGE: {},
}
NOT_FOUND: Responses = {status.HTTP_404_NOT_FOUND: {"model": ErrorMessage}}
CONFLICT: Responses = {status.HTTP_409_CONFLICT: {"model": ConflictMessage}}
NOT_MODIFIED: Responses = {status.HTTP_304_NOT_MODIFIED: {}}
PRECONDITION_FAILED: Responses = {
    status.HTTP_412_PRECONDITION_FAILED: {"model": ErrorMessage},
}
UNAVAILABLE: Responses = {status.HTTP_503_SERVICE_UNAVAILABLE: {"model": ErrorMessage}}

METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE")

# How much a 422 says: answers do not grow with what is sent.
MOST_PROBLEMS = 50
LONGEST_NAME = 100  # characters

# In seconds; a compute of Neon wakes up in less.
RETRY_LATER = {"Retry-After": "5"}

# https://www.postgresql.org/docs/current/errcodes-appendix.html
RESTRICT_VIOLATION = "23001"
FOREIGN_KEY_VIOLATION = "23503"
NOT_NULL_VIOLATION = "23502"
UNIQUE_VIOLATION = "23505"
EXCLUSION_VIOLATION = "23P01"
READ_ONLY_TRANSACTION = "25006"
INSUFFICIENT_PRIVILEGE = "42501"
# Limits that the operator set, on the role for example, and what the machine has.
LIMITS = (
    "25P03",  # idle_in_transaction_session_timeout
    "25P04",  # transaction_timeout
    "53",  # no memory, no space, no connections
    "55P03",  # lock_timeout
    "57014",  # statement_timeout
)


def add_error_handlers(app: FastAPI) -> None:
    """Answer errors of validation and of data access with 404, 409, 412, 422 or 503."""
    app.exception_handler(RequestValidationError)(_validation_error)
    app.exception_handler(NotFoundError)(_not_found)
    app.exception_handler(status.HTTP_405_METHOD_NOT_ALLOWED)(_method_not_allowed)
    app.exception_handler(NotModifiedError)(_not_modified)
    app.exception_handler(VersionMismatchError)(_version_mismatch)
    app.exception_handler(RefusedRowError)(_refused_row)
    app.exception_handler(StillReferredError)(_still_referred)
    app.exception_handler(RefusedValueError)(_refused_value)
    app.exception_handler(QueryError)(_query_error)
    app.exception_handler(psycopg.Error)(_database_error)
    app.exception_handler(DBAPIError)(_database_error)
    app.exception_handler(OutcomeUnknownError)(_outcome_unknown)
    app.exception_handler(AnsweredError)(_answered)
    app.exception_handler(KeyReusedError)(_key_reused)
    app.exception_handler(KeyInUseError)(_key_in_use)
    app.exception_handler(TimeLimitError)(_time_limit)
    app.exception_handler(Exception)(_unexpected)


def _validation_error(request: Request, error: RequestValidationError) -> JSONResponse:
    """Answer 422 without what was sent: it may be secret, or such that JSON cannot express it."""
    found = error.errors()
    problems = [
        {name: value for name, value in problem.items() if name != "input"}
        | {"loc": [_cut(part) for part in problem["loc"]]}
        for problem in found[:MOST_PROBLEMS]
    ]
    if len(found) > MOST_PROBLEMS:
        message = f"There are {len(found) - MOST_PROBLEMS} more mistakes"
        problems.append({"loc": problems[-1]["loc"][:1], "msg": message, "type": "too_many"})
    return _unprocessable(problems)


def _cut(part: int | str) -> int | str:
    """Shorten the name of a field, which a client may have made up."""
    if isinstance(part, str) and len(part) > LONGEST_NAME:
        return part[:LONGEST_NAME] + "…"
    return part


def _not_found(request: Request, error: NotFoundError) -> JSONResponse:
    return JSONResponse({"detail": str(error)}, status.HTTP_404_NOT_FOUND)


def _method_not_allowed(request: Request, error: HTTPException) -> JSONResponse:
    """Answer 405 with all methods of the path; by itself, `Allow` has those of one route only."""
    scope = {name: request.scope[name] for name in ("type", "path", "root_path", "headers")}
    allowed = [
        method
        for method in METHODS
        if any(
            route.matches(scope | {"method": method})[0] is Match.FULL
            for route in request.app.routes
        )
    ]
    headers = dict(error.headers or {}) | ({"Allow": ", ".join(allowed)} if allowed else {})
    return JSONResponse({"detail": error.detail}, error.status_code, headers)


def _not_modified(request: Request, error: NotModifiedError) -> Response:
    """Answer 304 to what reads; what writes was not to find this version."""
    if request.method not in ("GET", "HEAD"):
        return _version_mismatch(request, error)
    headers = {"ETag": etag(error.version)}
    return Response(status_code=status.HTTP_304_NOT_MODIFIED, headers=headers)


def _version_mismatch(request: Request, error: Exception) -> JSONResponse:
    detail = "The row has another version than the request expects"
    return JSONResponse({"detail": detail}, status.HTTP_412_PRECONDITION_FAILED)


def _integrity_error(
    request: Request,
    error: psycopg.IntegrityError,
    row: int | None = None,
) -> JSONResponse:
    """Answer 409 where other rows stand against the request, 422 where the request is wrong."""
    state = error.sqlstate
    constraint = error.diag.constraint_name
    # Before PostgreSQL 18, a row that is still referenced was a foreign key violation as well.
    referenced = state == RESTRICT_VIOLATION or (
        state == FOREIGN_KEY_VIOLATION and request.method == "DELETE"
    )
    if referenced:
        return _conflict("Other rows still refer to this one", constraint, row)
    if state in (UNIQUE_VIOLATION, EXCLUSION_VIOLATION):
        return _conflict("A row with these values exists", constraint, row)
    column = error.diag.column_name
    missing = state == FOREIGN_KEY_VIOLATION
    message = "The row that is referred to does not exist" if missing else "Not allowed"
    return _refused(request, message, "constraint_violation", constraint or column, row)


def _still_referred(request: Request, error: StillReferredError) -> JSONResponse:
    return _conflict("Other rows still refer to one of these", error.constraint)


def _conflict(detail: str, constraint: str | None, row: int | None = None) -> JSONResponse:
    content = {"detail": detail, "constraint": constraint} | ({} if row is None else {"row": row})
    return JSONResponse(content, status.HTTP_409_CONFLICT)


def _refused_row(request: Request, error: RefusedRowError) -> JSONResponse:
    """Answer as to a single row, and say which one it is."""
    if isinstance(error.error, RefusedValueError):
        return _refused(request, str(error.error), "data_error", None, error.row)
    return _database_error(request, error.error, error.row)


def _refused_value(request: Request, error: RefusedValueError) -> JSONResponse:
    """Answer 422 to a value that no column can hold: a number out of range, a NUL character."""
    return _refused(request, str(error), "data_error", None)


def _query_error(request: Request, error: QueryError) -> JSONResponse:
    """Answer 422 to a list that there is not: in this order, behind this cursor."""
    problem = {"loc": ["query", error.parameter], "msg": str(error), "type": "query_error"}
    return _unprocessable([problem])


def _database_error(
    request: Request,
    error: Exception,
    row: int | None = None,
) -> JSONResponse:
    """Answer 503 to what another time may succeed. All else is a fault of the server.

    The repository raises errors of psycopg, SQLAlchemy's sessions wrap them.
    """
    found = driver_error(error)
    if isinstance(found, PoolTimeout):
        return _unavailable("Too many requests at once", RETRY_LATER)
    # The API lets no null get to the database: then, the code is at fault.
    if isinstance(found, psycopg.IntegrityError) and found.sqlstate != NOT_NULL_VIOLATION:
        return _integrity_error(request, found, row)
    state = str(found and found.sqlstate)
    if state == INSUFFICIENT_PRIVILEGE:
        logger.error("The role of the service lacks a right: %s", found)
        raise error
    if state == READ_ONLY_TRANSACTION:
        logger.error("The database is read-only: %s", found)
        return _unavailable("The database accepts no changes", RETRY_LATER)
    if state.startswith(LIMITS):
        logger.warning("The database stopped a statement: %s", found)
        return _unavailable("The database is too busy", RETRY_LATER)
    if is_transient(error):
        return _unavailable("The database is not reachable", RETRY_LATER)
    raise error


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


def _key_in_use(request: Request, error: KeyInUseError) -> JSONResponse:
    detail = "Another request with this Idempotency-Key has not ended yet"
    return JSONResponse({"detail": detail}, status.HTTP_409_CONFLICT, RETRY_LATER)


def _time_limit(request: Request, error: TimeLimitError) -> JSONResponse:
    """Answer 503: nothing was committed."""
    return _unavailable("The request took too long", RETRY_LATER)


def _unexpected(request: Request, error: Exception) -> JSONResponse:
    """Answer 500. The server logs the error with its traceback."""
    return JSONResponse(
        {"detail": "Internal Server Error"},
        status.HTTP_500_INTERNAL_SERVER_ERROR,
    )


def _unavailable(detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"detail": detail}, status.HTTP_503_SERVICE_UNAVAILABLE, headers)


def _refused(
    request: Request,
    message: str,
    kind: str,
    constraint: str | None,
    row: int | None = None,
) -> JSONResponse:
    where: list[int | str] = ["query" if request.method == "GET" else "body"]
    if row is not None:
        where.append(row)
    problem: dict[str, Any] = {"loc": where, "msg": message, "type": kind}
    if constraint is not None:
        problem["ctx"] = {"constraint": constraint}
    return _unprocessable([problem])


def _unprocessable(problems: list[dict[str, Any]]) -> JSONResponse:
    """Answer in the shape of FastAPI's own validation errors."""
    return JSONResponse(
        {"detail": jsonable_encoder(problems)},
        status.HTTP_422_UNPROCESSABLE_CONTENT,
    )
