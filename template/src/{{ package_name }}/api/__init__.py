"""The HTTP API: one module with a `router` per entity."""

import importlib
import pkgutil

from fastapi import FastAPI


def include_routers(app: FastAPI) -> None:
    """Add the router of every module in this package; a new file needs no registration."""
    for module in pkgutil.iter_modules(__path__):
        app.include_router(importlib.import_module(f"{__name__}.{module.name}").router)
