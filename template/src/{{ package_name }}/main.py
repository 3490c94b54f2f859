{% import "includes/concurrency.jinja" as c with context %}
{% from "includes/quote.jinja" import python_string %}
"""The application: `uvicorn --factory {{ package_name }}.main:create_app`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.routing import APIRoute

from {{ package_name }} import health
from {{ package_name }}.api import include_routers
from {{ package_name }}.db.embedded import stop_embedded
from {{ package_name }}.db.engine import build_engine
from {{ package_name }}.db.idempotency import Keys
from {{ package_name }}.db.readiness import Readiness
from {{ package_name }}.db.session import Turns
from {{ package_name }}.errors import add_error_handlers
from {{ package_name }}.settings import Settings, load_settings


def create_app(settings: Settings | None = None) -> FastAPI:
    """Return the application; without `settings` they come from the environment."""
    settings = settings or load_settings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.engine = build_engine(settings)
        app.state.turns = Turns(settings.pool_size + settings.max_overflow, settings.pool_timeout)
        app.state.keys = Keys(settings.key_timeout)
        app.state.retry_timeout = settings.retry_timeout
        app.state.transaction_timeout = settings.transaction_timeout
        app.state.readiness = Readiness(app.state.engine.url, settings)
        yield
        {{ c.await_ }}app.state.engine.dispose()
        stop_embedded(settings.embedded_directory)

    app = FastAPI(
        title={{ python_string(project_name) }},
{% if description %}
        description={{ python_string(description) }},
{% endif %}
        lifespan=lifespan,
        generate_unique_id_function=_operation_id,
        max_body_size=settings.max_body_size,
    )
    add_error_handlers(app)
    app.include_router(health.router)
    include_routers(app)
    return app


def _operation_id(route: APIRoute) -> str:
    """Name operations as generated clients want them: by the function, made unique by the tag."""
    return "-".join([*map(str, route.tags[:1]), route.name])
