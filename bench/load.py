"""Load on a service: wrk, and what it and the operating system report."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

# https://github.com/wg/wrk, a package of most distributions.
WRK = shutil.which("wrk")
CLIENTS = 32
# The service and its load have a processor each, so that neither takes time from the other.
SERVICE_CPU, LOAD_CPU = "0", "1"

MILLISECONDS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


@dataclass(frozen=True)
class Scenario:
    """One kind of request, sent again and again."""

    name: str
    path: str
    method: str = "GET"
    body: str = ""

    def write_script(self, folder: Path) -> Path:
        """Write what wrk is to send and return the path."""
        script = folder / f"{self.name.replace(' ', '-')}.lua"
        script.write_text(
            f'wrk.method = "{self.method}"\n'
            'wrk.headers["Content-Type"] = "application/json"\n'
            f"wrk.body = [[{self.body}]]\n"
        )
        return script


@dataclass(frozen=True)
class Figures:
    """What one run measured: requests a second, and milliseconds."""

    rate: float
    p50: float
    p99: float
    cpu: float


def measure(
    scenario: Scenario, process_id: int, port: int, seconds: float, folder: Path
) -> Figures:
    """Send requests for some seconds. Raises RuntimeError if one is not answered with success."""
    assert WRK is not None
    before = cpu_seconds(process_id)
    output = subprocess.check_output(
        [
            *("taskset", "--cpu-list", LOAD_CPU, WRK, "--threads=1", f"--connections={CLIENTS}"),
            *(f"--duration={seconds:g}s", "--latency", f"--script={scenario.write_script(folder)}"),
            f"http://127.0.0.1:{port}{scenario.path}",
        ],
        text=True,
    )
    used = cpu_seconds(process_id) - before
    if "Non-2xx" in output or "Socket errors" in output:
        raise RuntimeError(f"{scenario.name}: {output}")
    requests = int(found(r"(\d+) requests in", output)[0])
    return Figures(
        rate=float(found(r"Requests/sec:\s+([\d.]+)", output)[0]),
        p50=milliseconds("50%", output),
        p99=milliseconds("99%", output),
        cpu=1000 * used / requests,
    )


def milliseconds(percentile: str, output: str) -> float:
    """Return a percentile of the latency."""
    number, unit = found(rf"{percentile}\s+([\d.]+)(us|ms|s)\b", output)
    return float(number) * MILLISECONDS[unit]


def found(pattern: str, output: str) -> tuple[str, ...]:
    """Return the groups of a pattern that wrk's output has."""
    match = re.search(pattern, output)
    if match is None:
        raise RuntimeError(f"wrk printed something else: {output}")
    return match.groups()


def cpu_seconds(process_id: int) -> float:
    """Return the time that a process has used so far, of its own and in the system."""
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_megabytes(process_id: int) -> float:
    """Return the memory that a process holds now."""
    status = Path(f"/proc/{process_id}/status").read_text()
    return int(found(r"VmRSS:\s+(\d+) kB", status)[0]) / 1024
