{% import "includes/concurrency.jinja" as c with context %}
"""Idempotency keys: a write that is sent twice happens once.

A client that got no answer cannot know whether its request was carried out. With the header
`Idempotency-Key` it may send the request again, and gets the answer that it missed:
https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/

A key is stored in the transaction of its request: there are both or none.
"""

import datetime as dt
import hashlib
from typing import Annotated

from fastapi import Header, Request, Response, status
from fastapi.responses import JSONResponse, StreamingResponse
from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from {{ c.session_module }} import {{ c.Session }}

from {{ package_name }}.db.tables import idempotency_keys

LIFETIME = dt.timedelta(days=1)
# How many keys that are past it a new one deletes: enough that they never pile up.
CLEANED = 10

Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        description="Any unique text, such as a UUID. Sent again with it, a request does nothing "
        "twice: for a day, it gets the answer of the first.",
    ),
]


class AnsweredError(Exception):
    """The request has an answer already; the rest of it is not to run."""

    def __init__(self, response: Response) -> None:
        """Stop with `response`."""
        self.response = response


class KeyReusedError(Exception):
    """The key belongs to another request."""


async def fingerprint_of(request: Request) -> str:
    """Return what tells requests with different effects apart, in 64 letters."""
    target = f"{request.method} {request.url.path}?{request.url.query}\n"
    return hashlib.sha256(target.encode() + await request.body()).hexdigest()


{{ c.async_ }}def claim(session: {{ c.Session }}, key: str, fingerprint: str) -> None:
    """Store a key with the transaction of `session`; a transaction that has it is waited for.

    Raises AnsweredError where one had it and was committed, and KeyReusedError where that one was
    for something else.
    """
    keys = idempotency_keys.c
    expired = (
        select(keys.key)
        .where(keys.created_at < func.now() - LIFETIME, keys.key != key)
        .limit(CLEANED)
        .with_for_update(skip_locked=True)
    )
    cleaning = delete(idempotency_keys).where(keys.key.in_(expired)).cte()
    statement = insert(idempotency_keys).values(key=key, fingerprint=fingerprint)
    statement = statement.on_conflict_do_nothing().add_cte(cleaning)
    connection = {{ c.await_ }}session.connection()
    result = {{ c.await_ }}connection.execute(statement.returning(keys.key))
    if result.one_or_none() is not None:
        return
    result = {{ c.await_ }}connection.execute(select(idempotency_keys).where(keys.key == key))
    former = result.one()
    if former.fingerprint != fingerprint:
        raise KeyReusedError
    if former.status_code is None:
        detail = {"detail": "The request was carried out; its answer was not kept"}
        raise AnsweredError(JSONResponse(detail, status.HTTP_409_CONFLICT))
    raise AnsweredError(Response(former.body, former.status_code, media_type=former.media_type))


{{ c.async_ }}def record(session: {{ c.Session }}, key: str, response: Response) -> None:
    """Store the answer of the request whose key `session` has; a stream is not kept."""
    if isinstance(response, StreamingResponse):
        return
    values = {
        "status_code": response.status_code,
        "media_type": response.media_type,
        "body": response.body,
    }
    statement = update(idempotency_keys).where(idempotency_keys.c.key == key).values(values)
    connection = {{ c.await_ }}session.connection()
    {{ c.await_ }}connection.execute(statement)
