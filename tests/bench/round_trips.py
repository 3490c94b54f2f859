"""A proxy between a service and PostgreSQL that counts round trips."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

SOCKET = ".s.PGSQL.5432"
# ReadyForQuery: what the server sends when it is done with what it was asked.
# https://www.postgresql.org/docs/current/protocol-message-formats.html
READY = b"Z"


class RoundTrips:
    """How often the server had to be waited for so far."""

    def __init__(self, server: str) -> None:
        """Forward to the socket in the folder `server`."""
        self.count = 0
        self._server = server

    def serve(self, listener: socket.socket) -> None:
        """Forward connections until the listener is closed."""
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(f"{self._server}/{SOCKET}")
                for copy, ends in ((self._ask, (client, server)), (self._answer, (server, client))):
                    threading.Thread(target=copy, args=ends, daemon=True).start()

    def _ask(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := client.recv(2**16):
                server.sendall(data)
        server.close()

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError), server.makefile("rb") as stream:
            while head := stream.read(5):
                # Before the client knows that it is its turn.
                self.count += head[:1] == READY
                client.sendall(head + stream.read(int.from_bytes(head[1:]) - 4))
        client.close()


@contextmanager
def counting(server: str, folder: Path) -> Iterator[RoundTrips]:
    """Yield the counter of connections to the socket in `folder`."""
    folder.mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{folder}/{SOCKET}")
        listener.listen(100)
        round_trips = RoundTrips(server)
        threading.Thread(target=round_trips.serve, args=[listener], daemon=True).start()
        yield round_trips
