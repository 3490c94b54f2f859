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
from my_blog.db.embedded import embedded_url, stop_embedded


def main() -> None:
    """Obey until the standard input ends."""
    with tempfile.TemporaryDirectory(prefix="postgres-") as folder:
        data = Path(folder) / "data"
        url = embedded_url(data)
        with psycopg.connect(url, autocommit=True) as connection:
            # A server that crashes keeps what it wrote; only a machine that does would not.
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
        print(url, flush=True)
        for line in sys.stdin:
            command = line.strip()
            if command == "start":
                embedded_url(data)
            else:
                pid_file = data / "postmaster.pid"
                os.kill(int(pid_file.read_text().split()[0]), signal.Signals[command])
                while pid_file.exists():
                    time.sleep(0.01)
            print("done", flush=True)
        stop_embedded(data)


if __name__ == "__main__":
    main()
