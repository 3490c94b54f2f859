"""Measure rendered projects against the floor: `nox -s bench` calls this.

All services use one database. In each round each of them gets the same requests, one after the
other, so that what else the machine does meets all alike; what counts is the median of the ratios
of one round.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.load import (
    SERVICE_CPU,
    WRK,
    Figures,
    Scenario,
    measure,
    resident_megabytes,
)
from bench.rows import fill
from tests.environment import RENDERED, STOP_TIMEOUT, Commands, free_port, wait_until_served
from tests.rendering import REPOSITORY, copier, snapshot, variant_answers
from tests.resilience.postgres import running_server

PYTHON = str(RENDERED / "bin" / "python")
# What the services run on; the floor needs no more of a project than these.
SERVER_PACKAGES = ("uvicorn[standard]", "psycopg[binary,pool]")
IMPORT_ROUNDS = 5


@dataclass
class Service:
    """A running service."""

    name: str
    process: subprocess.Popen[str]
    port: int


def main() -> None:
    """Measure and print a table for each concurrency."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000, help="posts in the database")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4, help="of load, in each round")
    parser.add_argument("--only", default="", help="names of scenarios, with commas between")
    options = parser.parse_args()
    if WRK is None:
        sys.exit("The load comes from wrk, which is not installed: apt-get install wrk")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        template = snapshot(Path(folder) / "template")
        for concurrency in ("async", "sync"):
            answers = variant_answers(f"{concurrency}-uuid7-cursor")
            project = copier(template, Path(folder) / concurrency / "my-blog", answers)
            compare(concurrency, Commands(project), options)


def compare(concurrency: str, project: Commands, options: argparse.Namespace) -> None:
    """Measure a project and its floor."""
    subprocess.run(
        ["uv", "pip", "install", "--quiet", f"--python={PYTHON}", *SERVER_PACKAGES], check=True
    )
    log = project.project.parent / "log"
    floor_app = f"bench.floor.{concurrency}_app"
    with ExitStack() as stack:
        server = stack.enter_context(running_server(project))
        url = server.url("postgres")
        project.run("alembic", "revision", "--autogenerate", "-m", "initial", DATABASE_URL=url)
        project.run("alembic", "upgrade", "head", DATABASE_URL=url)
        scenarios = selected(fill(url, options.rows), options.only)
        environment = project.environment | {
            "DATABASE_URL": url,
            "PYTHONPATH": f"{project.environment['PYTHONPATH']}{os.pathsep}{REPOSITORY}",
        }
        services = [
            stack.enter_context(serving("floor", log, environment, f"{floor_app}:app")),
            stack.enter_context(
                serving("project", log, environment, "--factory", "my_blog.main:create_app")
            ),
        ]
        print(f"\n{concurrency}, {options.rows:,} rows: floor and project, medians; ratios to it")
        for scenario in scenarios:
            rounds = [
                [
                    measure(scenario, each.process.pid, each.port, options.seconds, log.parent)
                    for each in services
                ]
                for _ in range(options.rounds)
            ]
            print(line(scenario.name, rounds), flush=True)
        memory = [resident_megabytes(each.process.pid) for each in services]
        print(f"{'memory':<12} {memory[1]:>7.0f} MB   ratio {memory[1] / memory[0]:.2f}")
    modules = ("my_blog.main", floor_app)
    times = [[import_seconds(each, environment) for each in modules] for _ in range(IMPORT_ROUNDS)]
    ratio = median(mine / floor for mine, floor in times)
    print(f"{'import':<12} {median(mine for mine, _ in times):>7.2f} s    ratio {ratio:.2f}")


def selected(identifiers: dict[str, str], only: str) -> list[Scenario]:
    """Return the kinds of requests to send."""
    post = "/posts/{post}".format(**identifiers)
    new = '{{"title": "A title", "body": "some text", "author_id": "{user}"}}'
    scenarios = [
        Scenario("read", post),
        Scenario("list", "/posts?limit=50"),
        Scenario("deep page", "/posts?limit=50&cursor={cursor}".format(**identifiers)),
        Scenario("filter", "/posts?limit=50&author_id={user}".format(**identifiers)),
        Scenario("create", "/posts", "POST", new.format(**identifiers)),
        Scenario("update", post, "PATCH", '{"title": "Another title"}'),
        Scenario("link", "{path}/tags/{tag}".format(path=post, **identifiers), "PUT"),
    ]
    wanted = only.split(",") if only else [scenario.name for scenario in scenarios]
    return [scenario for scenario in scenarios if scenario.name in wanted]


@contextmanager
def serving(
    name: str, log: Path, environment: dict[str, str], *application: str
) -> Iterator[Service]:
    """Run one worker of a service on a processor of its own."""
    port = free_port()
    command = [
        *("taskset", "--cpu-list", SERVICE_CPU, PYTHON, "-m", "uvicorn", *application),
        *("--loop=uvloop", "--http=httptools", "--no-access-log", "--log-level=warning"),
        f"--port={port}",
    ]
    with log.open("a") as stdout:
        process = subprocess.Popen(
            command, env=environment, stdout=stdout, stderr=stdout, text=True
        )
        try:
            wait_until_served(f"http://127.0.0.1:{port}/posts?limit=1", process, log)
            yield Service(name, process, port)
        finally:
            process.terminate()
            process.wait(STOP_TIMEOUT)


def line(name: str, rounds: list[list[Figures]]) -> str:
    """Return the medians of a scenario as a line of the table."""
    ratio = median(project.rate / floor.rate for floor, project in rounds)
    cpu_ratio = median(floor.cpu / project.cpu for floor, project in rounds)
    p99_ratio = median(project.p99 / floor.p99 for floor, project in rounds)
    floor, project = (
        [median(getattr(each[index], what) for each in rounds) for what in ("rate", "p50", "p99")]
        for index in (0, 1)
    )
    return (
        f"{name:<12} {floor[0]:>7.0f} {project[0]:>7.0f} a second, ratio {ratio:.2f}, "
        f"by CPU {cpu_ratio:.2f}; p50 {project[1]:.1f} ms; "
        f"p99 {floor[2]:.0f} and {project[2]:.0f} ms, ratio {p99_ratio:.1f}"
    )


def import_seconds(module: str, environment: dict[str, str]) -> float:
    """Return the time that an import takes, without that of Python itself."""
    code = f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
    return float(subprocess.check_output([PYTHON, "-c", code], env=environment, text=True))


if __name__ == "__main__":
    main()
