{% import "includes/concurrency.jinja" as c with context %}
"""The engine: how this service connects to Neon."""

import re
from typing import Any

from psycopg import capabilities
from pydantic import SecretStr
from sqlalchemy import URL, {{ "event, make_url" if c.is_async else "Engine, create_engine, event, make_url" }}
from sqlalchemy.engine import ExceptionContext
{% if c.is_async %}
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
{% endif %}
from sqlalchemy.pool import NullPool

from {{ package_name }}.db.embedded import embedded_url, is_embedded
from {{ package_name }}.db.retry import is_stale
from {{ package_name }}.settings import Settings

# One driver for the service and for migrations. psycopg takes Neon's connection string as it is,
# with `sslmode` and `channel_binding`.
DRIVER = "postgresql+psycopg"

# The hosts of Neon's pooler; without "-pooler" they lead to the compute itself.
POOLED = re.compile(r"^([^.]+)-pooler(\..*\.neon\.tech)$")


def build_engine(settings: Settings) -> {{ c.Engine }}:
    """Return the engine of the service. It connects when it is first used."""
    url = pooled_url(settings)
    engine = {{ "create_async_engine" if c.is_async else "create_engine" }}(
        url,
        connect_args={
            "application_name": settings.application_name,
            # A compute that wakes up needs some hundred milliseconds, sometimes seconds:
            # https://neon.com/docs/connect/connection-latency
            "connect_timeout": settings.connect_timeout,
            # After how many executions psycopg prepares a statement on the server; None is never.
            "prepare_threshold": 5 if prepares(settings, url) else None,
        },
        # Values of rows stay out of logs and tracebacks.
        hide_parameters=settings.environment == "production",
        **pool_options(settings),
    )
    event.listen(engine{{ ".sync_engine" if c.is_async }}, "handle_error", replace_stale_connections)
    return engine


def replace_stale_connections(context: ExceptionContext) -> None:
    """After a migration that changed results of prepared statements, let all connections go."""
    if is_stale(context.original_exception):
        context.is_disconnect = True


def pool_options(settings: Settings) -> dict[str, Any]:
    """Return how connections are kept."""
    if not settings.pool_enabled:
        return {"poolclass": NullPool}
    return {
        "pool_size": settings.pool_size,
        "max_overflow": settings.max_overflow,
        "pool_timeout": settings.pool_timeout,
        # Neon suspends a compute after five idle minutes and drops its connections:
        # https://neon.com/docs/introduction/scale-to-zero
        "pool_recycle": settings.pool_recycle,
        "pool_pre_ping": settings.pool_pre_ping,
    }


def prepares(settings: Settings, url: URL) -> bool:
    """Return whether statements are prepared, which saves the server to plan them anew.

    The connections of a pooler change hands between transactions. Neon's pooler keeps track of
    prepared statements, if the client library can tell it which ones to forget:
    https://neon.com/docs/connect/connection-pooling
    https://www.psycopg.org/psycopg3/docs/advanced/prepare.html
    """
    if settings.prepared_statements != "auto":
        return settings.prepared_statements == "on"
    return not is_pooled(url) or capabilities.has_send_close_prepared()


def pooled_url(settings: Settings) -> URL:
    """Return the URL for the service: Neon's pooled endpoint, or the embedded server."""
    if settings.database_url is None:
        return _parse(embedded_url(settings.embedded_directory))
    url = _parse(settings.database_url)
    if is_embedded(url, settings.embedded_directory):
        # A local branch: its server runs only as long as somebody uses it.
        return _parse(embedded_url(settings.embedded_directory)).set(database=url.database)
    return url


def direct_url(settings: Settings) -> URL:
    """Return the URL for migrations: past the pooler, which shares sessions between clients."""
    if settings.database_url_unpooled is not None:
        return _parse(settings.database_url_unpooled)
    url = pooled_url(settings)
    return url.set(host=POOLED.sub(r"\1\2", url.host)) if url.host else url


def is_pooled(url: URL) -> bool:
    """Return whether a URL leads to Neon's pooler."""
    return POOLED.match(url.host or "") is not None


def _parse(url: SecretStr | str) -> URL:
    text = url if isinstance(url, str) else url.get_secret_value()
    return make_url(text).set(drivername=DRIVER)
