"""A client of HTTP/1.1 for load: it costs a fraction of the processor time of a library."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any, Self


class NoAnswerError(Exception):
    """The connection ended, or could not be made, before there was an answer."""


@dataclass(frozen=True)
class Answer:
    """What a service answered; names of headers are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Return what the body says."""
        return json.loads(self.body)

    def __str__(self) -> str:
        return f"{self.status} {self.body.decode()[:200]}"


class Connection:
    """A connection to a service on this machine, kept alive from request to request."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up; the next request connects anew."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def request(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Send a request and return the answer. Raises NoAnswerError.

        An underscore in the name of a header stands for a hyphen.
        """
        content = b"" if body is None else json.dumps(body).encode()
        lines = [
            f"{method} {path} HTTP/1.1",
            f"host: 127.0.0.1:{self._port}",
            "content-type: application/json",
            f"content-length: {len(content)}",
            *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
        ]
        request = "\r\n".join([*lines, "\r\n"]).encode() + content
        try:
            return await self._exchange(request)
        except (OSError, asyncio.IncompleteReadError) as error:
            self.close()
            raise NoAnswerError(f"{method} {path}: {error!r}") from error
        except asyncio.CancelledError:
            self.close()  # an answer to come would be taken for that to the next request
            raise

    async def _exchange(self, request: bytes) -> Answer:
        if self._streams is not None and self._streams[0].at_eof():  # idle for too long
            self.close()
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        writer.write(request)
        await writer.drain()
        head = await reader.readuntil(b"\r\n\r\n")
        status, *lines = head.decode().split("\r\n")[:-2]
        pairs = (line.split(": ", 1) for line in lines)
        headers = {name.lower(): value for name, value in pairs}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        if headers.get("connection") == "close":
            self.close()
        return Answer(int(status.split()[1]), headers, body)
