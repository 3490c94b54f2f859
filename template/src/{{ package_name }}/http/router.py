"""The router of each module in `api/`."""

from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from {{ package_name }}.http.errors import UNAVAILABLE, Responses
from {{ package_name }}.http.route import DatabaseRoute

# What a route takes over from its router; of others, such as a lifespan, the router is needed.
TAKEN_OVER = {"dependencies", "prefix", "tags"}


class Router(APIRouter):
    """Routes that may use the database."""

    def __init__(
        self,
        *,
        route_class: type[APIRoute] = DatabaseRoute,
        responses: Responses | None = None,
        **options: Any,
    ) -> None:
        """Take what APIRouter does."""
        responses = UNAVAILABLE | (responses or {})
        super().__init__(route_class=route_class, responses=responses, **options)
        self._is_simple = options.keys() <= TAKEN_OVER

    def add_to(self, app: FastAPI) -> None:
        """Add the routes to those of the application.

        By `include_router`, FastAPI would look for the route of each request twice, among those of
        all routers: a tenth of the time that a request takes.
        """
        routes = [route for route in self.routes if isinstance(route, DatabaseRoute)]
        has_handlers = self.on_startup or self.on_shutdown
        if not self._is_simple or has_handlers or len(routes) < len(self.routes):
            app.include_router(self)
            return
        for route in routes:
            path, endpoint, arguments = route.arguments
            options = {**arguments, "route_class_override": type(route)}
            del options["dependency_overrides_provider"]  # the application is it
            app.router.add_api_route(path, endpoint, **options)
