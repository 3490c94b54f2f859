"""Versions of rows as HTTP has them: entity tags.

`version: RowVersion` in an endpoint has the conditions that a client sends, `If-Match` and
`If-None-Match`. Given to a repository, it holds for the row, and the answer gets the `ETag`:
https://www.rfc-editor.org/rfc/rfc9110#name-conditional-requests
"""

import re
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError

from {{ package_name }}.data import versions

_TAG = r'(?:W/)?"[^"]*"'

# The headers, for OpenAPI. FastAPI would take longer to look for them than the rest of the path.
PARAMETERS = [
    {
        "name": "If-Match",
        "in": "header",
        "schema": {"type": "string"},
        "description": "The ETag of what the request is about. If it is another one by now, because "
        "somebody has changed the row, nothing happens: 412.",
    },
    {
        "name": "If-None-Match",
        "in": "header",
        "schema": {"type": "string"},
        "description": "The ETag of what the client has. If there is nothing newer, the answer has "
        "no body: 304.",
    },
]


async def row_version(request: Request, response: Response) -> versions.RowVersion:
    """Return the conditions of the request. Raises RequestValidationError."""
    wanted, unwanted = [], []
    for name, value in request.scope["headers"]:
        if name == b"if-match":
            wanted.append(value.decode("latin-1"))
        elif name == b"if-none-match":
            unwanted.append(value.decode("latin-1"))
    for field in wanted:
        _check(field)
    return versions.RowVersion(
        wanted=_opaque(wanted, is_strong=True) if wanted else None,
        unwanted=_opaque(unwanted, is_strong=False) if unwanted else None,
        tell=_teller(response),
    )


async def new_version(response: Response) -> versions.RowVersion:
    """Return what has no conditions: a row that is new has no version to compare with."""
    return versions.RowVersion(tell=_teller(response))


RowVersion = Annotated[versions.RowVersion, Depends(row_version)]
NewVersion = Annotated[versions.RowVersion, Depends(new_version)]


def parameters_of(dependant: Dependant) -> list[dict[str, Any]]:
    """Return the parameters of an endpoint that FastAPI does not see."""
    if dependant.call is row_version:
        return PARAMETERS
    return next(filter(None, map(parameters_of, dependant.dependencies)), [])


def etag(version: str) -> str:
    """Return the entity tag of a version."""
    return f'"{version}"'


def _check(field: str) -> None:
    """Refuse what is no entity tag: no row has it, and it is more likely a mistake."""
    if field.strip() != versions.ANY and re.sub(_TAG, "", field).strip(" \t,"):
        message = "Value error, this is neither * nor an ETag, which has double quotes"
        place = ("header", "If-Match")
        raise RequestValidationError([{"type": "value_error", "loc": place, "msg": message}])


def _opaque(fields: list[str], *, is_strong: bool) -> list[str]:
    """Return the versions in entity tags; in a strong comparison, no weak tag equals another."""
    if any(field.strip() == versions.ANY for field in fields):
        return [versions.ANY]
    tags = [tag for field in fields for tag in re.findall(_TAG, field)]
    if is_strong:
        tags = [tag for tag in tags if not tag.startswith("W/")]
    return [tag.removeprefix("W/")[1:-1] for tag in tags]


def _teller(response: Response) -> Callable[[str], None]:
    def tell(version: str) -> None:
        response.headers["ETag"] = etag(version)

    return tell
