"""A TCP proxy that plays Neon: its compute suspends, and who connects wakes it."""

import asyncio
import socket
import struct
from dataclasses import dataclass

# Close with RST: do not linger, for zero seconds.
NO_LINGER = struct.pack("ii", 1, 0)
CHUNK = 65536  # bytes


@dataclass(frozen=True)
class Suspension:
    """How the compute goes and how it comes back; times are in seconds."""

    losing: float  # before it goes: statements reach the database, but their answers are lost
    waking: float  # from the first attempt to connect until it is back
    refuses: bool  # attempts meanwhile, rather than hold them
    resets: bool  # connections, rather than close them


class NeonProxy:
    """Forwards connections to an upstream, except while it is suspended.

    The upstream is the path of a Unix socket, or a port of this machine.
    """

    def __init__(self, upstream: str | int) -> None:
        self.port = 0
        self._upstream = upstream
        self._writers: set[asyncio.StreamWriter] = set()
        self._losing = False
        self._awake = asyncio.Event()
        self._awake.set()
        self._suspension: Suspension | None = None
        self._waker: asyncio.TimerHandle | None = None

    async def listen(self) -> None:
        """Listen on a free port of this machine, which is `port` from now on."""
        server = await asyncio.start_server(self._serve, "127.0.0.1")
        self.port = server.sockets[0].getsockname()[1]

    async def suspend(self, suspension: Suspension) -> None:
        """Drop every connection; the next attempt to connect wakes the compute."""
        self._losing = True
        await asyncio.sleep(suspension.losing)
        self._losing = False
        self._suspension = suspension
        self._awake.clear()
        for writer in self._writers:
            drop(writer, suspension.resets)

    async def _serve(self, from_client: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        """Forward a connection until one side ends it."""
        if self._suspension is not None and not await self._woken(self._suspension):
            drop(client, resets=True)
            return
        self._writers.add(client)
        try:
            from_server, server = await self._connect()
        except OSError:  # the server does not run
            drop(client, resets=False)
            self._writers.discard(client)
            return
        self._writers.add(server)
        await asyncio.gather(
            self._forward(from_client, server),
            self._forward(from_server, client, answers=True),
        )
        self._writers -= {client, server}

    async def _woken(self, suspension: Suspension) -> bool:
        """Wake the compute; return, when it is awake, whether the client may go on."""
        if self._waker is None:
            loop = asyncio.get_running_loop()
            self._waker = loop.call_later(suspension.waking, self._wake)
        if suspension.refuses:
            return False
        await self._awake.wait()
        return True

    def _wake(self) -> None:
        self._suspension = self._waker = None
        self._awake.set()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self._upstream, str):
            return await asyncio.open_unix_connection(self._upstream)
        return await asyncio.open_connection("127.0.0.1", self._upstream)

    async def _forward(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, answers: bool = False
    ) -> None:
        """Forward what one side sends to the other, and its end."""
        try:
            while data := await source.read(CHUNK):
                if not (answers and self._losing):
                    target.write(data)
                    await target.drain()
        except OSError:
            pass  # a connection that was reset has ended, too
        finally:
            target.close()


def drop(connection: asyncio.StreamWriter, resets: bool) -> None:
    """End a connection at once: with RST or with FIN."""
    if resets:
        connection.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER
        )
    connection.transport.abort()
