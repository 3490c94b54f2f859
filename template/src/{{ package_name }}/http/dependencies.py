"""Dependencies: `session: ReadSession` in an endpoint is a session on the database.

A request has one session, however many of its dependencies ask for it.
"""

from typing import Annotated

from fastapi import Depends

from {{ package_name }}.db.session import DatabaseSession, Mode
from {{ package_name }}.http.attempt import current_attempt
from {{ package_name }}.http.idempotency import Key


async def read_session() -> DatabaseSession:
    """Return a session for reads, each of which stands alone."""
    return await current_attempt().session(Mode.READ)


async def single_write_session(key: Key = None) -> DatabaseSession:
    """Return a session for one call of a repository, which commits by itself."""
    return await current_attempt().session(Mode.SINGLE_WRITE, key)


async def write_session(key: Key = None) -> DatabaseSession:
    """Return a session in one transaction: committed before the answer, rolled back on an error."""
    return await current_attempt().session(Mode.TRANSACTION, key)


ReadSession = Annotated[DatabaseSession, Depends(read_session)]
SingleWriteSession = Annotated[DatabaseSession, Depends(single_write_session)]
WriteSession = Annotated[DatabaseSession, Depends(write_session)]
