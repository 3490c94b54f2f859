"""What a running service answers is what its OpenAPI document says, and never 5xx."""

import os
import shlex
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.environment import Commands, free_port
from tests.rendering import BIN, copier, example_answers, variant_answers

# Two examples, each in one variant of each concurrency.
SERVICES = {
    "blog-async": ("blog", "async-uuid7-cursor"),
    "blog-sync": ("blog", "sync-bigint-offset"),
    "hr-async": ("hr", "async-bigint-offset"),
    "hr-sync": ("hr", "sync-uuid7-cursor"),
}

IN_PROJECT = Path(__file__).with_name("in_project.py")
CONFIG = Path(__file__).with_name("schemathesis.toml")


@pytest.mark.parametrize("service", SERVICES)
def test_answers_are_documented(
    reports: dict[str, Future[tuple[int, str]]],
    service: str,
) -> None:
    code, output = reports[service].result()
    print(output)
    assert code == 0


@pytest.fixture(scope="module")
def reports(
    pytestconfig: pytest.Config,
    tmp_path_factory: pytest.TempPathFactory,
    template: Path,
) -> Iterator[dict[str, Future[tuple[int, str]]]]:
    """Check all services, as many at a time as there are processors."""
    options = shlex.split(pytestconfig.getoption("--schemathesis"))
    reports = {}
    with ThreadPoolExecutor(os.cpu_count()) as executor:
        for service, (example, variant) in SERVICES.items():
            answers = variant_answers(variant) | example_answers(example)
            project = copier(template, tmp_path_factory.mktemp(service) / "my-blog", answers)
            # Here, not in the thread: all projects share an environment, which this may make.
            commands = Commands(project)
            reports[service] = executor.submit(check, commands, options)
        yield reports


def check(commands: Commands, options: list[str]) -> tuple[int, str]:
    """Serve the project while Schemathesis runs; return its exit code and what both printed."""
    folder = commands.project.parent
    log = folder / "log"
    port = free_port()
    with commands.running(log, "python", str(IN_PROJECT), str(port)):
        url = f"http://127.0.0.1:{port}/openapi.json"
        process = subprocess.run(
            [BIN / "schemathesis", f"--config-file={CONFIG}", "run", url, *options],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    return process.returncode, f"{process.stdout}\n\nThe service:\n{log.read_text()}"
