{% import "includes/concurrency.jinja" as c with context %}
"""Sessions: one per request, as dependencies of FastAPI."""

from collections.abc import {{ c.Iterator }}
from typing import Annotated

from fastapi import Depends, Request
from {{ c.session_module }} import {{ c.Session }}


{{ c.async_ }}def write_session(request: Request) -> {{ c.Iterator }}[{{ c.Session }}]:
    """Yield a session in one transaction: committed before the answer, rolled back on an error."""
    {{ c.async_ }}with {{ c.Session }}(request.app.state.engine) as session, session.begin():
        yield session


{{ c.async_ }}def read_session(request: Request) -> {{ c.Iterator }}[{{ c.Session }}]:
    """Yield a session for reads, in which each statement stands alone.

    BEGIN and COMMIT would each be a round trip to the database.
    """
    engine = request.app.state.engine.execution_options(isolation_level="AUTOCOMMIT")
    {{ c.async_ }}with {{ c.Session }}(engine) as session:
        yield session


# With scope="function" the dependency ends, and so commits, before the answer is sent.
WriteSession = Annotated[{{ c.Session }}, Depends(write_session, scope="function")]
ReadSession = Annotated[{{ c.Session }}, Depends(read_session, scope="function")]
