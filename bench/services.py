"""The services that are measured, each with one worker on the same processor."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.environment import RENDERED, STOP_TIMEOUT, free_port, wait_until_served

# The floor needs no more than a project has.
PYTHON = str(RENDERED / "bin" / "python")

# One processor is for services, of which one at a time gets requests; all others are for the load
# and the database. So neither takes time from the other.
PROCESSORS = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]
SERVICE_CPU, LOAD_CPUS = PROCESSORS[0], PROCESSORS[1:]
ON_SERVICE_CPU = ["taskset", "--cpu-list", str(SERVICE_CPU)] if LOAD_CPUS else []


@dataclass
class Service:
    """A running service."""

    name: str
    process_id: int
    url: str

    def cpu_seconds(self) -> float:
        """Return the time that it has used so far, of its own and in the system."""
        stat = Path(f"/proc/{self.process_id}/stat").read_text()
        fields = stat.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_megabytes(self) -> float:
        """Return the memory that it holds now."""
        pages = int(Path(f"/proc/{self.process_id}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


@contextmanager
def serving(
    name: str, log: Path, environment: dict[str, str], *application: str
) -> Iterator[Service]:
    """Run a service with uvicorn."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [
        *(PYTHON, "-m", "uvicorn", *application, f"--port={port}"),
        *("--loop=uvloop", "--http=httptools", "--no-access-log", "--log-level=warning"),
    ]
    with log.open("a") as stdout:
        process = subprocess.Popen(
            [*ON_SERVICE_CPU, *command],
            env=environment,
            stdout=stdout,
            stderr=stdout,
            text=True,
        )
        try:
            wait_until_served(f"{url}/posts?limit=1", process, log)
            yield Service(name, process.pid, url)
        finally:
            process.terminate()
            process.wait(STOP_TIMEOUT)


@dataclass(frozen=True)
class Import:
    """What an import takes, in a process of its own: time without, memory with Python itself."""

    seconds: float
    megabytes: float


def import_cost(module: str, environment: dict[str, str]) -> Import:
    """Import a module, or several with commas between."""
    script = (
        f"import resource, time; start = time.perf_counter(); import {module};"
        "print(time.perf_counter() - start,"
        " resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
    )
    command = [*ON_SERVICE_CPU, PYTHON, "-c", script]
    seconds, megabytes = subprocess.check_output(command, env=environment, text=True).split()
    return Import(float(seconds), float(megabytes))
