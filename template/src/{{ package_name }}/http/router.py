"""The router of each module in `api/`."""

from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Scope

from {{ package_name }}.http.errors import UNAVAILABLE, Responses
from {{ package_name }}.http.route import DatabaseRoute


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

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Skip all routes at once where the path is another router's.

        By itself, FastAPI tries the routes of all routers one by one. Before the prefix, there may
        be those of an application that this one is part of.
        """
        if self.prefix.partition("{")[0] not in scope["path"]:
            return Match.NONE, {}
        return super().matches(scope)
