"""Runs a service that says how much memory an answer took, to requests that ask for it.

`TRACED` names what to serve, as for uvicorn: `uvicorn --factory tests.bench.traced:application`.
"""

import gc
import os
import tracemalloc
from typing import Any

from uvicorn.importer import import_from_string

ASK = b"x-trace"
ANSWER = b"x-peak-bytes"


def application() -> Any:
    """Return the application, which answers to the one header with the other."""
    app = import_from_string(os.environ["TRACED"])

    async def traced(scope: Any, receive: Any, send: Any) -> None:
        if not any(name == ASK for name, _ in scope.get("headers", [])):
            await app(scope, receive, send)
            return
        gc.collect()
        tracemalloc.start()

        async def send_with_peak(message: Any) -> None:
            if message["type"] == "http.response.start":
                _, peak = tracemalloc.get_traced_memory()
                message["headers"] = [*message["headers"], (ANSWER, str(peak).encode())]
            await send(message)

        await app(scope, receive, send_with_peak)
        tracemalloc.stop()

    return traced
