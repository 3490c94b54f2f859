"""The floor's answers to what clients send wrong: the same as those of rendered projects."""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from psycopg.errors import ForeignKeyViolation

from bench.floor.models import WrongCursorError


def add_error_handlers(app: FastAPI) -> None:
    """Answer 422, without what was sent, to what is not valid or refers to no row."""

    @app.exception_handler(RequestValidationError)
    async def not_valid(request: Request, error: RequestValidationError) -> JSONResponse:
        problems = [
            {name: value for name, value in problem.items() if name != "input"}
            for problem in error.errors()
        ]
        return unprocessable(problems)

    @app.exception_handler(WrongCursorError)
    async def wrong_cursor(request: Request, error: WrongCursorError) -> JSONResponse:
        message = "Not a cursor of this list, with this order and these filters"
        return unprocessable([{"loc": ["query", "cursor"], "msg": message, "type": "query_error"}])

    @app.exception_handler(ForeignKeyViolation)
    async def no_such_row(request: Request, error: ForeignKeyViolation) -> JSONResponse:
        return unprocessable(
            [
                {
                    "loc": ["body"],
                    "msg": "The row that is referred to does not exist",
                    "type": "constraint_violation",
                    "ctx": {"constraint": error.diag.constraint_name},
                }
            ]
        )


def unprocessable(problems: list[dict[str, Any]]) -> JSONResponse:
    """Answer in the shape of FastAPI's own validation errors."""
    return JSONResponse({"detail": jsonable_encoder(problems)}, 422)
