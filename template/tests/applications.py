{% from "includes/python.jinja" import sorted_imports with context %}
"""Applications for tests. To make one takes longer than most tests do, so they are kept."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from anyio.from_thread import BlockingPortal
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import URL

{{ sorted_imports([
  [package_name ~ ".main", ["create_app"]],
  [package_name ~ ".settings", ["Settings"]],
]) }}


def settings_for(database: URL) -> Settings:
    """Return settings for a database."""
    return Settings(database_url=SecretStr(database.render_as_string(hide_password=False)))


class Applications:
    """Makes applications; it keeps those on the database that tests share, by their settings."""

    def __init__(self, shared: Settings) -> None:
        """Keep applications on the database of these settings."""
        self._shared = shared.database_url
        self._kept: list[tuple[Settings, FastAPI]] = []
        self._portals: dict[FastAPI, BlockingPortal] = {}
        self._stack = ExitStack()

    def close(self) -> None:
        """Stop the applications that are kept."""
        self._stack.close()

    @contextmanager
    def running(self, settings: Settings) -> Iterator[FastAPI]:
        """Yield an application that runs; what is added to it meanwhile is then removed."""
        if settings.database_url != self._shared:
            with self._started(settings) as app:
                yield app
            return
        kept = [app for each, app in self._kept if each == settings]
        if not kept:
            kept = [self._stack.enter_context(self._started(settings))]
            self._kept.append((settings.model_copy(), kept[0]))
        (app,) = kept
        routes = app.routes.copy()
        handlers = app.exception_handlers.copy()
        try:
            yield app
        finally:
            app.routes[:] = routes
            app.exception_handlers = handlers
            app.dependency_overrides.clear()
            app.openapi_schema = None

    @contextmanager
    def _started(self, settings: Settings) -> Iterator[FastAPI]:
        app = create_app(settings)
        with TestClient(app) as client:
            assert client.portal is not None
            self._portals[app] = client.portal
            yield app
        del self._portals[app]

    def client(self, app: FastAPI, **options: Any) -> TestClient:
        """Return a new client of an application that runs, without cookies and headers of others."""
        client = TestClient(app, **options)
        client.portal = self._portals[app]
        return client
