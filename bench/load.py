"""Load on a service: wrk, and what it and the operating system report."""

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from tempfile import NamedTemporaryFile

from bench.scenarios import Scenario
from bench.services import Service

# https://github.com/wg/wrk, a package of most distributions.
WRK = shutil.which("wrk")
CLIENTS = 32

MILLISECONDS = {"us": 0.001, "ms": 1.0, "s": 1000.0}

# wrk calls `request` for each one, and sends what was written before: that costs it least.
SCRIPT = """
wrk.method = {method}
wrk.headers["Content-Type"] = "application/json"
wrk.body = {body}
local paths = {{{paths}}}
local requests, number = {{}}, 0
init = function()
  for index, path in ipairs(paths) do requests[index] = wrk.format(nil, path) end
end
request = function()
  number = number % #requests + 1
  return requests[number]
end
"""


@dataclass(frozen=True)
class Figures:
    """What one run measured."""

    rate: float  # requests a second
    p50: float  # milliseconds
    p99: float  # milliseconds
    cpu: float  # of the service, milliseconds for a request


def measure(
    scenario: Scenario, service: Service, seconds: float, clients: int = CLIENTS
) -> Figures:
    """Send requests for some seconds. Raises RuntimeError if one is not answered with success."""
    assert WRK is not None
    with NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(lua(scenario))
        script.flush()
        before = service.cpu_seconds()
        output = subprocess.check_output(
            [
                *(WRK, "--threads=1", f"--connections={clients}", f"--duration={seconds:g}s"),
                *("--latency", f"--script={script.name}", service.url),
            ],
            text=True,
        )
        used = service.cpu_seconds() - before
    if "Non-2xx" in output or "Socket errors" in output or "\n  0 requests in" in output:
        raise RuntimeError(f"{service.name}, {scenario.name}: {output}")
    return figures(output, used)


def lua(scenario: Scenario) -> str:
    """Return the script that tells wrk what to send; texts in Lua are written as in JSON."""
    return SCRIPT.format(
        method=json.dumps(scenario.method),
        body=json.dumps(scenario.body),
        paths=", ".join(map(json.dumps, scenario.paths)),
    )


def figures(output: str, cpu_seconds: float) -> Figures:
    """Return what wrk printed, and what a request took of so many seconds of CPU."""
    requests = int(_found(r"(\d+) requests in", output)[0])
    return Figures(
        rate=float(_found(r"Requests/sec:\s+([\d.]+)", output)[0]),
        p50=_milliseconds("50%", output),
        p99=_milliseconds("99%", output),
        cpu=1000 * cpu_seconds / requests,
    )


def _milliseconds(percentile: str, output: str) -> float:
    number, unit = _found(rf"{percentile}\s+([\d.]+)(us|ms|s)\b", output)
    return float(number) * MILLISECONDS[unit]


def _found(pattern: str, output: str) -> tuple[str, ...]:
    match = re.search(pattern, output)
    if match is None:
        raise RuntimeError(f"wrk printed something else: {output}")
    return match.groups()
