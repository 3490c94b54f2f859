"""Runs the embedded PostgreSQL for as long as a process uses it: a script that embedded.py starts.

Who uses the server holds a shared lock on a file, which the system releases however a process
ends. When nobody is left, this process, the keeper, gets the lock and stops the server.

Only the standard library is imported, and nothing of this project: it has to start quickly.
"""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

# Files in the data folder.
USERS = "users.lock"
KEEPER = "keeper.lock"
LOG = "log"
PID = "postmaster.pid"

PORT = 5432
SOCKET = f".s.PGSQL.{PORT}"

# A server that was killed leaves processes which end soon after: so many seconds.
STILL_IN_USE = b"pre-existing shared memory block"
STILL_IN_USE_TIMEOUT = 10


def main(postgres: str, data: Path, sockets: Path) -> None:
    """Start the server and return; another process stays and keeps it."""
    if not is_keeper(data) or os.fork():
        return
    os.setsid()
    keeper = Keeper(data, sockets)
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: keeper.stop())
    for watch in (keeper.stop_when_unused, keeper.stop_when_gone):
        threading.Thread(target=watch, daemon=True).start()
    if listens(sockets):
        keeper.adopt()
    else:
        keeper.run(postgres)


def is_keeper(data: Path) -> bool:
    """Return whether this process is the keeper: it has the lock, and keeps it until it ends."""
    lock = os.open(data / KEEPER, os.O_RDWR | os.O_CREAT, 0o600)
    for _ in range(20):  # others take the lock for a moment, to see if there is a keeper
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            time.sleep(0.01)
    return False


class Keeper:
    """Runs the server, and stops it when no process uses it any more."""

    def __init__(self, data: Path, sockets: Path) -> None:
        self.data = data
        self.identity = data.stat()
        self.sockets = sockets
        self.pid: int | None = None

    def adopt(self) -> None:
        """Keep a running server, whose keeper was killed, until it ends."""
        # The server that listens in this folder wrote the file: the number is that of no other.
        self.pid = int((self.data / PID).read_text().split()[0])
        while listens(self.sockets):
            time.sleep(0.05)

    def run(self, postgres: str) -> None:
        """Run the server until it ends."""
        # Nobody listens, so these say nothing. They would keep a server from starting after another
        # one was killed, if the number of its process is that of some other process by now.
        for leftover in (self.data / PID, self.sockets / f"{SOCKET}.lock", self.sockets / SOCKET):
            leftover.unlink(missing_ok=True)
        command = [postgres, "-D", str(self.data), "-p", str(PORT), "-c", "listen_addresses="]
        command += ["-c", f"unix_socket_directories={quoted(self.sockets)}"]
        deadline = time.monotonic() + STILL_IN_USE_TIMEOUT
        in_use = True
        while in_use and time.monotonic() < deadline:
            with (self.data / LOG).open("w+b") as log:
                server = subprocess.Popen(command, stdout=log, stderr=log, **as_owner(self.data))
                self.pid = server.pid
                server.wait()
                self.pid = None
                log.seek(0)
                in_use = STILL_IN_USE in log.read()
            time.sleep(0.1 if in_use else 0)
        if self.sockets != self.data:
            with suppress(OSError):
                self.sockets.rmdir()

    def stop(self) -> None:
        """Have the server end its connections and stop."""
        if self.pid:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGQUIT if self.is_gone() else signal.SIGINT)

    def stop_when_unused(self) -> None:
        """Stop the server as soon as no process uses it."""
        users = os.open(self.data / USERS, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(users, fcntl.LOCK_EX)
        while True:  # until this process ends: the server may be about to start
            self.stop()
            time.sleep(0.05)

    def stop_when_gone(self) -> None:
        """Stop the server as soon as its folder is removed or moved."""
        while True:
            time.sleep(0.1)
            if self.is_gone():
                self.stop()

    def is_gone(self) -> bool:
        """Return whether the folder is gone: in another at its place, the server may not write."""
        try:
            return not os.path.samestat(self.identity, self.data.stat())
        except FileNotFoundError:
            return True


def as_owner(data: Path) -> dict[str, Any]:
    """Return how to run a program: root as the owner of the data, for PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return {"cwd": data}
    owner = data.stat()
    return {"cwd": data, "user": owner.st_uid, "group": owner.st_gid, "extra_groups": []}


def listens(sockets: Path) -> bool:
    """Return whether a server listens in this folder."""
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(sockets / SOCKET)) == 0


def quoted(folder: Path) -> str:
    """Return a folder as an item of a list in PostgreSQL's configuration."""
    return '"' + str(folder).replace('"', '""') + '"'


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
