"""Versions of rows as HTTP has them: entity tags.

`version: RowVersion` in an endpoint has the conditions that a client sends, `If-Match` and
`If-None-Match`. Given to a repository, it holds for the row, and the answer gets the `ETag`:
https://www.rfc-editor.org/rfc/rfc9110#name-conditional-requests
"""

import re
from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Header, Response
from pydantic import AfterValidator

from {{ package_name }}.data import versions

_TAG = r'(?:W/)?"[^"]*"'


def _guarding(field: str) -> str:
    """Refuse what is no entity tag: no row has it, and it is more likely a mistake."""
    if field.strip() != versions.ANY and re.sub(_TAG, "", field).strip(" \t,"):
        raise ValueError("this is neither * nor an ETag, which has double quotes")
    return field


IfMatch = Annotated[
    list[Annotated[str, AfterValidator(_guarding)]] | None,
    Header(
        alias="If-Match",
        description="The ETag of what the request is about. If it is another one by now, because "
        "somebody has changed the row, nothing happens: 412.",
    ),
]
IfNoneMatch = Annotated[
    list[str] | None,
    Header(
        alias="If-None-Match",
        description="The ETag of what the client has. If there is nothing newer, the answer has no "
        "body: 304.",
    ),
]


async def row_version(
    response: Response,
    if_match: IfMatch = None,
    if_none_match: IfNoneMatch = None,
) -> versions.RowVersion:
    """Return the conditions of the request."""
    return versions.RowVersion(
        wanted=None if if_match is None else _opaque(if_match, is_strong=True),
        unwanted=None if if_none_match is None else _opaque(if_none_match, is_strong=False),
        tell=_teller(response),
    )


async def new_version(response: Response) -> versions.RowVersion:
    """Return what has no conditions: a row that is new has no version to compare with."""
    return versions.RowVersion(tell=_teller(response))


RowVersion = Annotated[versions.RowVersion, Depends(row_version)]
NewVersion = Annotated[versions.RowVersion, Depends(new_version)]


def etag(version: str) -> str:
    """Return the entity tag of a version."""
    return f'"{version}"'


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
