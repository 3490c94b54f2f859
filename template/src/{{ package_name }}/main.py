{% import "includes/concurrency.jinja" as c with context %}
{% from "includes/quote.jinja" import python_string %}
"""The application: how it is made. Servers find it in `app.py`."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.routing import APIRoute

from {{ package_name }}.api import include_routers
from {{ package_name }}.db.database import Database
from {{ package_name }}.db.embedded import stop_embedded
from {{ package_name }}.db.readiness import Readiness
from {{ package_name }}.http import health
from {{ package_name }}.http.errors import add_error_handlers
from {{ package_name }}.http.idempotency import Keys
from {{ package_name }}.http.route import DatabaseRoute
from {{ package_name }}.settings import Settings, load_settings


def create_app(settings: Settings | None = None) -> FastAPI:
    """Return the application; without `settings` they come from the environment."""
    settings = settings or load_settings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        database = app.state.database = Database(settings)
        {{ c.await_ }}database.open()
        app.state.keys = Keys(settings.key_timeout)
        app.state.retry_timeout = settings.retry_timeout
        app.state.transaction_timeout = settings.transaction_timeout
        app.state.readiness = Readiness(database.url, settings)
        # What is here now stays: the garbage collector need not look at it again and again, which
        # takes it tens of milliseconds.
        gc.collect()
        gc.freeze()
        yield
        {{ c.await_ }}database.close()
        stop_embedded(settings.embedded_directory)

    app = FastAPI(
        title={{ python_string(project_name) }},
{% if description %}
        description={{ python_string(description) }},
{% endif %}
        lifespan=lifespan,
        generate_unique_id_function=_operation_id,
    )
    # As an argument, it would be counted once more in each router and route.
    app.max_body_size = settings.max_body_size
    # `@app.get` makes routes of the same kind as the routers of the entities.
    app.router.route_class = DatabaseRoute
    add_error_handlers(app)
    include_routers(app)
    # Last, for FastAPI tries routes in their order.
    app.include_router(health.router)
    return app


def _operation_id(route: APIRoute) -> str:
    """Name operations as generated clients want them: by the function, made unique by the tag."""
    return "-".join([*map(str, route.tags[:1]), route.name])
