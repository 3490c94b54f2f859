"""Measure rendered projects against the floor and write docs/performance.md: `nox -s bench`.

In each round each service gets the same requests, one after the other, so that what else the
machine does meets all alike; what counts is the median of the ratios of one round.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

from bench.answers import answer, compare_answers
from bench.load import WRK, Figures, measure
from bench.machine import conditions
from bench.report import report
from bench.results import FASTAPI, FLOOR, PROJECT, SQLMODEL, Comparison, Page, Request
from bench.rows import Database, filled
from bench.scenarios import Scenario, page_scenario, scenarios
from bench.services import LOAD_CPUS, Import, Service, import_cost, serving
from bench.statements import logged
from tests.environment import Commands
from tests.rendering import REPOSITORY, copier, snapshot, variant_answers
from tests.resilience.postgres import MIGRATED, Server, running_server

REPORT = REPOSITORY / "docs" / "performance.md"

MODULE = "my_blog.app"  # which builds the application, as the modules of the floor do

WARM_UP_SECONDS = 1
COUNTED_REQUESTS = 20

SubjectT = TypeVar("SubjectT")
ResultT = TypeVar("ResultT")


def main() -> None:
    """Measure, print the report, and write it to its file if it is complete."""
    options = parsed_options()
    if WRK is None:
        sys.exit("The load comes from wrk, which is not installed: apt-get install wrk")
    if not LOAD_CPUS:
        sys.exit("Services and their load need a processor each, and Linux to keep them there")
    os.sched_setaffinity(0, LOAD_CPUS)  # all that is started stays there, except services
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        template = snapshot(folder / "template")
        projects = {}
        for concurrency in options.concurrency:
            answers = variant_answers(f"{concurrency}-uuid7-cursor")
            project = copier(template, folder / concurrency / "my-blog", answers)
            projects[concurrency] = Commands(project)
        # Both have the same tables.
        one_of_them = projects[options.concurrency[0]]
        server = stack.enter_context(running_server(one_of_them))
        migrate(server, one_of_them)
        databases = []
        for rows in options.rows:
            progress(f"{rows:,} rows")
            databases.append(filled(server, one_of_them, rows))
        comparisons = [
            compare(concurrency, project, server, databases, options)
            for concurrency, project in projects.items()
        ]
        load = f"{options.rounds} rounds, each of {options.seconds:g} s"
        text = report(comparisons, load, conditions(server))
    print(text)
    if options.is_complete:
        REPORT.write_text(text)


def parsed_options() -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser(
        prog="nox -s bench --",
        description="Measure rendered projects against the same endpoints written by hand.",
    )
    parser.add_argument(
        "--rows",
        type=lambda text: sorted(map(int, text.split(","))),
        default=[1_000, 100_000, 1_000_000],
        help="posts in the databases, with commas between; the floor is measured on the largest",
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4, help="of load, in each round")
    parser.add_argument(
        "--only",
        type=lambda text: text.split(","),
        help="names of requests, `pages` and `imports`, with commas between; "
        "the report is only printed",
    )
    parser.add_argument(
        "--concurrency",
        type=lambda text: text.split(","),
        default=["async", "sync"],
        help="one of async and sync; the report is only printed",
    )
    parser.add_argument(
        "--statements", action="store_true", help="print the SQL that each request leads to"
    )
    parser.add_argument(
        "--profile", type=Path, help="a folder for profiles by py-spy: https://www.speedscope.app"
    )
    options = parser.parse_args()
    options.is_complete = options.only is None and len(options.concurrency) == 2
    return options


def migrate(server: Server, project: Commands) -> None:
    """Make the database that others are copies of."""
    server.execute(f"CREATE DATABASE {MIGRATED}")
    url = server.url(MIGRATED)
    project.run("alembic", "revision", "--autogenerate", "-m", "initial", DATABASE_URL=url)
    project.run("alembic", "upgrade", "head", DATABASE_URL=url)


def compare(
    concurrency: str,
    project: Commands,
    server: Server,
    databases: list[Database],
    options: argparse.Namespace,
) -> Comparison:
    """Measure a project: against the floor on the largest database, and its pages on each."""
    floor_module = f"bench.floor.{concurrency}_app"
    paths = [project.environment["PYTHONPATH"], str(REPOSITORY)]
    environment = project.environment | {"PYTHONPATH": os.pathsep.join(paths)}
    with ExitStack() as stack:

        def serve(name: str, database: Database, module: str) -> Service:
            log = project.project.parent / "log"
            variables = environment | {"DATABASE_URL": database.url}
            return stack.enter_context(
                serving(f"{concurrency} {name}", log, variables, f"{module}:app")
            )

        largest = databases[-1]
        floor = serve(FLOOR, largest, floor_module)
        services = [serve(PROJECT, database, MODULE) for database in databases]
        both = [floor, services[-1]]
        compare_answers(floor, services[-1], largest)
        comparison = Comparison(concurrency)
        for scenario in scenarios(largest):
            if is_wanted(scenario.name, options):
                progress(f"{concurrency}: {scenario.name}")
                comparison.requests.append(measured(scenario, both, server, options))
        comparison.memory = [service.resident_megabytes() for service in both]
        if is_wanted("pages", options):
            progress(f"{concurrency}: pages")
            comparison.pages = page_times(databases, services, options)
    if is_wanted("imports", options):
        progress(f"{concurrency}: imports")
        modules = {
            FASTAPI: "fastapi",
            SQLMODEL: "fastapi, sqlmodel",
            FLOOR: floor_module,
            PROJECT: MODULE,
        }
        environment["DATABASE_URL"] = largest.url
        comparison.imports = import_costs(modules, environment, options.rounds)
    return comparison


def is_wanted(name: str, options: argparse.Namespace) -> bool:
    """Return whether to measure something, by its name in `--only`."""
    return options.only is None or name in options.only


def measured(
    scenario: Scenario, services: list[Service], server: Server, options: argparse.Namespace
) -> Request:
    """Send the requests of a scenario."""

    def run(service: Service) -> Figures:
        return measure(scenario, service, options.seconds)

    for service in services:
        measure(scenario, service, WARM_UP_SECONDS)
    rounds = in_rounds(options.rounds, services, run)
    statements = []
    for service in services:
        with logged(server) as found:
            for number in range(COUNTED_REQUESTS):
                answer(service, scenario, number)
        statements.append(len(found) / COUNTED_REQUESTS)
        if options.statements:
            print(*(f"{service.name}: {sql}" for sql in dict.fromkeys(found)), sep="\n")
        if options.profile:
            profile(scenario, service, options)
    return Request(scenario, rounds, statements)


def profile(scenario: Scenario, service: Service, options: argparse.Namespace) -> None:
    """Write where the service spends its time under load."""
    options.profile.mkdir(parents=True, exist_ok=True)
    output = options.profile / f"{scenario.name} {service.name}.json".replace(" ", "-")
    command = ["uvx", "py-spy", "record", f"--pid={service.process_id}", f"--output={output}"]
    command += ["--format=speedscope", f"--duration={options.seconds:.0f}"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
        measure(scenario, service, options.seconds + WARM_UP_SECONDS)


def page_times(
    databases: list[Database], services: list[Service], options: argparse.Namespace
) -> dict[Page, list[float]]:
    """Return how long one client waits for the first page and for a deep one, in each round."""
    requests = {
        Page(database.rows, number): (page_scenario(database, number), service)
        for database, service in zip(databases, services, strict=True)
        for number in (1, database.deep_page)
    }

    def run(page: Page) -> float:
        return measure(*requests[page], options.seconds, clients=1).p50

    for request in requests.values():
        measure(*request, WARM_UP_SECONDS, clients=1)
    rounds = in_rounds(options.rounds, list(requests), run)
    return dict(zip(requests, map(list, zip(*rounds, strict=True)), strict=True))


def import_costs(
    modules: dict[str, str], environment: dict[str, str], rounds: int
) -> dict[str, list[Import]]:
    """Import modules, each as often as there are rounds."""

    def run(name: str) -> Import:
        return import_cost(modules[name], environment)

    for name in modules:
        run(name)  # and write its bytecode
    found = in_rounds(rounds, list(modules), run)
    return dict(zip(modules, map(list, zip(*found, strict=True)), strict=True))


def in_rounds(
    rounds: int, subjects: Sequence[SubjectT], run: Callable[[SubjectT], ResultT]
) -> list[list[ResultT]]:
    """Run each subject once a round, in turn from first to last and from last to first.

    Return a list for each round, in the order of the subjects.
    """
    results = []
    for number in range(rounds):
        step = -1 if number % 2 else 1
        results.append([run(subject) for subject in subjects[::step]][::step])
    return results


def progress(what: str) -> None:
    """Say what is measured now."""
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
