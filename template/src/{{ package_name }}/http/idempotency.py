{% import "includes/concurrency.jinja" as c with context %}
"""Idempotency keys: a write that is sent twice happens once.

A client that got no answer cannot know whether its request was carried out. With the header
`Idempotency-Key` it may send the request again, and gets the answer that it missed:
https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/

A key is stored in the transaction of its request: there are both or none.
"""

import asyncio
import datetime as dt
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from typing import Annotated
from weakref import WeakValueDictionary

from fastapi import Header, Request, Response, status
{% if not c.is_async %}
from fastapi.concurrency import run_in_threadpool
{% endif %}
from fastapi.responses import JSONResponse, StreamingResponse
from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from {{ package_name }}.data.statements import Statement, parameter
from {{ package_name }}.data.tables import idempotency_keys
from {{ package_name }}.db.limits import TimeLimit, TimeLimitError
from {{ package_name }}.db.session import DatabaseSession

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


class KeyInUseError(Exception):
    """A request with the key has not ended in time."""


class Keys:
    """The keys of the requests that run now.

    Those that wait for each other wait here, without a connection; the database lets requests of
    other processes wait.
    """

    def __init__(self, timeout: float) -> None:
        """Let nobody wait longer than `timeout` seconds."""
        self._timeout = timeout
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def hold(self, key: str) -> AsyncIterator[None]:
        """Wait until no other request has the key, and have it. Raises KeyInUseError."""
        lock = self._locks.setdefault(key, asyncio.Lock())
        try:
            async with asyncio.timeout(self._timeout):
                await lock.acquire()
        except TimeoutError:
            raise KeyInUseError from None
        try:
            yield
        finally:
            lock.release()

    async def claim(self, session: DatabaseSession, key: str, fingerprint: str) -> None:
        """Store a key with the transaction of `session`. Raises what `claim` does, KeyInUseError."""
        {{ c.in_thread("session.connect") }}  # the time that this takes is not the key's
        limit = TimeLimit(self._timeout)
        limit.session = session
        try:
            async with limit:
                limit.start()
                {{ c.in_thread("claim", "session, key, fingerprint") }}
        except TimeLimitError:
            raise KeyInUseError from None


async def fingerprint_of(request: Request) -> str:
    """Return what tells requests with different effects apart, in 64 letters."""
    target = f"{request.method} {request.url.path}?{request.url.query}\n"
    return hashlib.sha256(target.encode() + await request.body()).hexdigest()


{{ c.async_ }}def claim(session: DatabaseSession, key: str, fingerprint: str) -> None:
    """Store a key with the transaction of `session`; a transaction that has it is waited for.

    Raises AnsweredError where one had it and was committed, and KeyReusedError where that one was
    for something else.
    """
    values = {"new_key": key, "new_fingerprint": fingerprint}
    if {{ c.await_ }}_claiming().row(session, values) is not None:
        return
    former = {{ c.await_ }}_finding().row(session, {"key": key})
    if former is None:  # it was past its time, and another request has just deleted it
        return {{ c.await_ }}claim(session, key, fingerprint)
    if former["fingerprint"] != fingerprint:
        raise KeyReusedError
    if former["status_code"] is None:
        detail = {"detail": "The request was carried out; its answer was not kept"}
        raise AnsweredError(JSONResponse(detail, status.HTTP_409_CONFLICT))
    response = Response(former["body"], former["status_code"], media_type=former["media_type"])
    if former["headers"] is not None:
        response.raw_headers = [
            (name.encode("latin-1"), value.encode("latin-1")) for name, value in former["headers"]
        ]
    raise AnsweredError(response)


{{ c.async_ }}def record(session: DatabaseSession, key: str, response: Response) -> None:
    """Store the answer of the request whose key `session` has; a stream is not kept."""
    if isinstance(response, StreamingResponse):
        return
    headers = [
        [name.decode("latin-1"), value.decode("latin-1")] for name, value in response.raw_headers
    ]
    values = {
        "this_key": key,
        "new_status_code": response.status_code,
        "new_media_type": response.media_type,
        "new_headers": headers,
        "new_body": response.body,
    }
    {{ c.await_ }}_recording().rows(session, values)


@cache
def _claiming() -> Statement:
    keys = idempotency_keys.c
    expired = (
        select(keys.key)
        .where(keys.created_at < func.now() - LIFETIME, keys.key != parameter("new_key"))
        .limit(CLEANED)
        .with_for_update(skip_locked=True)
    )
    cleaning = delete(idempotency_keys).where(keys.key.in_(expired)).cte()
    values = {
        "key": parameter("new_key", keys.key.type),
        "fingerprint": parameter("new_fingerprint", keys.fingerprint.type),
    }
    statement = insert(idempotency_keys).values(values).on_conflict_do_nothing()
    return Statement(statement.add_cte(cleaning).returning(keys.key), writes=True)


@cache
def _finding() -> Statement:
    statement = select(idempotency_keys).where(idempotency_keys.c.key == parameter("key"))
    return Statement(statement, writes=False)


@cache
def _recording() -> Statement:
    keys = idempotency_keys.c
    answer = [keys.status_code, keys.media_type, keys.headers, keys.body]
    values = {column.name: parameter(f"new_{column.name}", column.type) for column in answer}
    statement = update(idempotency_keys).where(keys.key == parameter("this_key")).values(values)
    return Statement(statement, writes=True)
