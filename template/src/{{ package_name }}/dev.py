"""The application for development: `nox -s dev` serves it."""

import multiprocessing
import os
import signal
import threading

from fastapi import FastAPI

from {{ package_name }} import main


def create_app() -> FastAPI:
    """Return the application, in a process that ends when the one that reloads it has ended."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    return main.create_app()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
