"""How long a service takes to start, without a database, in multiples of the least it could take.

Nothing is asserted on times, which differ from machine to machine, but that it starts.
"""

import subprocess
import time
from pathlib import Path
from statistics import median

from tests.environment import RENDERED, STOP_TIMEOUT, Commands, free_port, wait_until_served
from tests.resilience.report import Report
from tests.resilience.stack import of_each_project

ROUNDS = 5
PYTHON = str(RENDERED / "bin" / "python")
NO_DATABASE = {"DATABASE_URL": "postgresql://127.0.0.1:1/none"}
IMPORT = "import time; start = time.perf_counter(); import {}; print(time.perf_counter() - start)"


@of_each_project
def test_start(project: Commands, report: Report) -> None:
    service, floor, imports, floor_imports = [], [], [], []
    for _ in range(ROUNDS):
        service.append(seconds_to_start(project, "--factory", "my_blog.main:create_app"))
        floor.append(seconds_to_start(project, "floor:app"))
        imports.append(seconds_to_import(project, "my_blog.main"))
        floor_imports.append(seconds_to_import(project, "floor"))
    compare(report, "start until the first answer", service, floor)
    compare(report, "imports", imports, floor_imports)


def compare(report: Report, table: str, service: list[float], floor: list[float]) -> None:
    """Report medians."""
    report(
        table,
        service_ms=1000 * median(service),
        floor_ms=1000 * median(floor),
        ratio=median(service) / median(floor),
    )


def seconds_to_start(project: Commands, *application: str) -> float:
    """Return the time from the start of a process to its first answer."""
    port = free_port()
    log = project.project.parent / "log"
    command = [PYTHON, "-m", "uvicorn", *application, f"--port={port}", "--log-level=warning"]
    started = time.perf_counter()
    with log.open("w") as stdout:
        process = subprocess.Popen(
            command, env=environment(project), stdout=stdout, stderr=stdout, text=True
        )
    try:
        wait_until_served(f"http://127.0.0.1:{port}/health/live", process, log)
        return time.perf_counter() - started
    finally:
        process.terminate()
        process.wait(STOP_TIMEOUT)


def seconds_to_import(project: Commands, module: str) -> float:
    """Return the time that an import takes, without that of Python itself."""
    command = [PYTHON, "-c", IMPORT.format(module)]
    return float(subprocess.check_output(command, env=environment(project), text=True))


def environment(project: Commands) -> dict[str, str]:
    """Return variables with which the project and the floor are found, and no database."""
    path = f"{project.environment['PYTHONPATH']}:{Path(__file__).parent}"
    return {**project.environment, **NO_DATABASE, "PYTHONPATH": path}
