"""Where the database is: which URLs follow from the settings."""

import re

from psycopg.conninfo import make_conninfo
from pydantic import SecretStr
from sqlalchemy import URL, make_url

from {{ package_name }}.db.embedded import embedded_url, is_embedded
from {{ package_name }}.settings import Settings

# One driver for the service and for migrations. psycopg takes Neon's connection string as it is,
# with `sslmode` and `channel_binding`.
DRIVER = "postgresql+psycopg"

# The hosts of Neon's pooler; without "-pooler" they lead to the compute itself.
POOLED = re.compile(r"^([^.]+)-pooler(\..*\.neon\.tech)$")


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


def conninfo(url: URL) -> str:
    """Return a URL as psycopg takes it. Its own form of URL knows no spaces, for example."""
    _, options = url.get_dialect()().create_connect_args(url)
    return make_conninfo(**options)


def _parse(url: SecretStr | str) -> URL:
    text = url if isinstance(url, str) else url.get_secret_value()
    return make_url(text).set(drivername=DRIVER)
