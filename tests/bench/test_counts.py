"""What the benchmark can count: on any machine, and however busy it is, it is the same."""

import json
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bench.__main__ import MODULE, migrate
from bench.answers import answer, compare_answers
from bench.rows import Database, filled
from bench.scenarios import Scenario, scenarios
from bench.services import Service, serving
from bench.statements import logged
from tests.bench.round_trips import RoundTrips, counting
from tests.environment import Commands
from tests.rendering import REPOSITORY, copier, variant_answers
from tests.resilience.postgres import Server, running_server

ROWS = 1000
# So often that each connection has prepared its statements.
REQUESTS = 100


@dataclass
class Measured:
    """The floor and the project, each with a counter of its round trips."""

    server: Server
    database: Database
    services: dict[str, Service]
    round_trips: dict[str, RoundTrips]


@pytest.fixture(scope="module", params=["async", "sync"])
def measured(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, template: Path
) -> Iterator[Measured]:
    """Run both on one database."""
    folder = tmp_path_factory.mktemp("bench")
    answers = variant_answers(f"{request.param}-uuid7-cursor")
    project = Commands(copier(template, folder / "my-blog", answers))
    applications = {
        "floor": f"bench.floor.{request.param}_app:app",
        "project": f"{MODULE}:app",
    }
    with ExitStack() as stack:
        server = stack.enter_context(running_server(project))
        migrate(server, project)
        database = filled(server, project, ROWS)
        # Paths of sockets have to be short.
        sockets = Path(stack.enter_context(TemporaryDirectory(prefix="bench-")))
        services, round_trips = {}, {}
        for name, application in applications.items():
            counter = stack.enter_context(counting(server.folder, sockets / name))
            environment = project.environment | {
                "DATABASE_URL": database.url.replace(server.folder, str(sockets / name)),
                "PYTHONPATH": f"{project.environment['PYTHONPATH']}:{REPOSITORY}",
                "TRACED": application,
            }
            service = serving(
                name, folder / "log", environment, "--factory", "tests.bench.traced:application"
            )
            services[name] = stack.enter_context(service)
            round_trips[name] = counter
        yield Measured(server, database, services, round_trips)


def send(service: Service, scenario: Scenario, requests: int) -> None:
    """Send requests, one after the other."""
    for number in range(requests):
        assert answer(service, scenario, number)[0] < 300


def peak_bytes(service: Service, limit: int) -> int:
    """Return how much memory a page took at most; the first ones load and compile."""
    request = urllib.request.Request(
        f"{service.url}/posts?limit={limit}", headers={"X-Trace": "yes"}
    )
    for _ in range(5):
        with urllib.request.urlopen(request) as response:
            found = int(response.headers["x-peak-bytes"])
    return found


def test_both_give_the_same_answers(measured: Measured) -> None:
    floor, project = measured.services.values()
    compare_answers(floor, project, measured.database)


def test_a_statement_is_one_round_trip(measured: Measured) -> None:
    for scenario in scenarios(measured.database):
        for name, service in measured.services.items():
            send(service, scenario, REQUESTS)
            before = measured.round_trips[name].count
            with logged(measured.server) as statements:
                send(service, scenario, 1)
            found = (len(statements), measured.round_trips[name].count - before)
            expected = (scenario.statements, scenario.statements)
            assert found == expected, (name, scenario.name, statements)


def test_links_are_counted(measured: Measured) -> None:
    """With their row they are one statement; to replace those of a row takes a transaction."""
    service, counter = measured.services["project"], measured.round_trips["project"]
    tags = measured.database.tags
    new = {"title": "Title", "body": "text", "author_id": measured.database.users[0]}
    post = f"/posts/{measured.database.posts[0]}"
    changes = {"title": "Another title"}
    replacing = ["BEGIN", "UPDATE", "DELETE", "INSERT", "COMMIT"]
    for scenario, words in (
        (Scenario("create", ["/posts"], "POST", json.dumps(new | {"tag_ids": tags})), ["WITH"]),
        (Scenario("all", [post], "PATCH", json.dumps(changes | {"tag_ids": tags})), replacing),
        (
            Scenario("none", [post], "PATCH", json.dumps(changes | {"tag_ids": []})),
            [word for word in replacing if word != "INSERT"],
        ),
    ):
        send(service, scenario, REQUESTS)
        before = counter.count
        with logged(measured.server) as statements:
            send(service, scenario, 1)
        assert [statement.split()[0] for statement in statements] == words, statements
        assert counter.count - before == len(words), scenario.name


def test_a_row_takes_as_much_memory_as_by_hand(measured: Measured) -> None:
    floor, project = (
        (peak_bytes(service, 200) - peak_bytes(service, 100)) / 100
        for service in measured.services.values()
    )
    assert project <= 1.1 * floor, (project, floor)
