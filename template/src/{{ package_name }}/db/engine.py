{% import "includes/concurrency.jinja" as c with context %}
"""The engine: how this service connects to Neon."""

import re

from pydantic import SecretStr
from sqlalchemy import URL, {{ "make_url" if c.is_async else "Engine, create_engine, make_url" }}
{% if c.is_async %}
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
{% endif %}

from {{ package_name }}.db.embedded import embedded_url, is_embedded
from {{ package_name }}.settings import Settings

# One driver for the service and for migrations. psycopg takes Neon's connection string as it is,
# with `sslmode` and `channel_binding`.
DRIVER = "postgresql+psycopg"


def build_engine(settings: Settings) -> {{ c.Engine }}:
    """Return the engine of the service. It connects when it is first used."""
    return {{ "create_async_engine" if c.is_async else "create_engine" }}(
        pooled_url(settings),
        pool_size=settings.pool_size,
        max_overflow=settings.max_overflow,
        pool_timeout=settings.pool_timeout,
        # Neon suspends a compute after five idle minutes and drops its connections:
        # https://neon.com/docs/introduction/scale-to-zero
        pool_recycle=settings.pool_recycle,
        # Notices connections that a suspended compute has dropped.
        pool_pre_ping=settings.pool_pre_ping,
        # A compute that wakes up needs some hundred milliseconds, sometimes seconds:
        # https://neon.com/docs/connect/connection-latency
        connect_args={"connect_timeout": settings.connect_timeout},
    )


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
    if url.host is None:
        return url
    return url.set(host=re.sub(r"^([^.]+)-pooler(\..*\.neon\.tech)$", r"\1\2", url.host))


def _parse(url: SecretStr | str) -> URL:
    text = url if isinstance(url, str) else url.get_secret_value()
    return make_url(text).set(drivername=DRIVER)
