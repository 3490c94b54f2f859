"""The database server of the tests, and PgBouncer in front of it."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import psycopg

from tests.environment import START_TIMEOUT, STOP_TIMEOUT, Commands, free_port

IN_PROJECT = Path(__file__).with_name("in_project.py")

# The database that others are copies of.
MIGRATED = "migrated"

# Ways to stop: connections are ended, or the server is gone and recovers when it starts again.
Stop = Literal["SIGINT", "SIGQUIT"]

PGBOUNCER = shutil.which("pgbouncer", path=f"{os.environ['PATH']}{os.pathsep}/usr/sbin")
# No `ignore_startup_parameters`, and transactions as units, as on Neon. After a failed connection
# to the server it waits a second for the next one: by default 15, and all clients with it.
PGBOUNCER_CONFIG = """
[databases]
* = host={folder} port=5432 user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 20
max_client_conn = 1000
server_login_retry = 1
"""


class Server:
    """An embedded PostgreSQL, in a process of its own that stops and starts it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        url = self._line()
        assert "?host=" in url, url
        self.folder = url.partition("?host=")[2]

    @property
    def socket(self) -> str:
        """The path of the server's socket."""
        return f"{self.folder}/.s.PGSQL.5432"

    def url(self, database: str) -> str:
        """Return the URL of a database by the server's socket."""
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Execute a statement outside of a transaction; return its rows."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def create_database(self, name: str) -> None:
        """Create a database with the tables of the project."""
        self.execute(f"CREATE DATABASE {name} TEMPLATE {MIGRATED}")

    def stop(self, how: Stop) -> None:
        """Stop the server and wait until it is gone."""
        self._command(how)

    def start(self) -> None:
        """Start the server and wait until it accepts connections."""
        self._command("start")

    def _command(self, command: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()
        answer = self._line()
        assert answer == "done", answer

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        assert not line.startswith("Traceback"), self._process.stdout.read()
        return line


@contextmanager
def running_server(commands: Commands) -> Iterator[Server]:
    """Start a server with the wheel of a project's environment; stop it in the end."""
    process = commands.start("python", str(IN_PROJECT))
    try:
        yield Server(process)
    finally:
        process.communicate(timeout=STOP_TIMEOUT)


@contextmanager
def running_pgbouncer(server: Server, folder: Path) -> Iterator[int]:
    """Pool connections to the server's databases; yield the port."""
    assert PGBOUNCER is not None
    port = free_port()
    config = folder / "pgbouncer.ini"
    config.write_text(PGBOUNCER_CONFIG.format(folder=server.folder, port=port))
    # It refuses to run as root. Only the user of the server gets to its socket.
    user = ["-u", Path(server.folder).owner()] if os.geteuid() == 0 else []
    with (folder / "pgbouncer.log").open("w") as log:
        process = subprocess.Popen([PGBOUNCER, *user, config], stdout=log, stderr=log)
        try:
            _wait_until_connected(f"postgresql://postgres@127.0.0.1:{port}/postgres", process)
            yield port
        finally:
            process.terminate()
            process.wait(STOP_TIMEOUT)


def _wait_until_connected(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while True:
        try:
            psycopg.connect(url).close()
            return
        except psycopg.OperationalError:
            if time.monotonic() > deadline or process.poll() is not None:
                raise
            time.sleep(0.02)
