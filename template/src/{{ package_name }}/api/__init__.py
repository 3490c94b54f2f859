"""The HTTP API: one module with a `router` per entity, and what you add."""

import importlib
import pkgutil
from collections.abc import Iterable, Iterator

from fastapi import APIRouter, FastAPI

from {{ package_name }}.http.router import Router


def include_routers(app: FastAPI) -> None:
    """Add the router of every module in this package; a new file needs no registration."""
    for router in _routers(__name__, __path__):
        if isinstance(router, Router):
            router.add_to(app)
        else:
            app.include_router(router)


def _routers(package: str, path: Iterable[str]) -> Iterator[APIRouter]:
    """Yield the routers of modules; a package with one has decided itself what belongs to it."""
    for info in pkgutil.iter_modules(path, f"{package}."):
        module = importlib.import_module(info.name)
        router = getattr(module, "router", None)
        if isinstance(router, APIRouter):
            yield router
        elif info.ispkg:
            yield from _routers(info.name, module.__path__)
