"""Options of the fuzzing, and the outcomes of all cases, which are checked in parallel."""

import os
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from tests.fuzz.cases import Case, draw, read
from tests.fuzz.checks import CHECKS, Checker, Outcome
from tests.schemas import ALL

FEATURES = {
    "all": ALL,
    # To see past bugs in names and quoting.
    "plain": replace(ALL, awkward_names=False, awkward_text=False, nulls=False),
}
WORKERS = min(os.cpu_count() or 1, 4)

SECONDS = pytest.StashKey[dict[str, list[float]]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that choose schemas."""
    group = parser.getgroup("fuzz")
    group.addoption("--schemas", type=int, default=25, help="how many schemas to draw")
    group.addoption("--schema-seed", type=int, default=1, help="other seeds draw other schemas")
    group.addoption("--schema-features", choices=FEATURES, default="all")
    group.addoption("--schema-file", type=Path, help="check this schema, as a failure shows it")
    group.addoption("--shrink", action="store_true", help="look for smaller schemas that fail")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test of each schema."""
    one = metafunc.config.getoption("--schema-file")
    count = 1 if one else metafunc.config.getoption("--schemas")
    metafunc.parametrize("index", range(count))


@pytest.fixture(scope="session")
def cases(pytestconfig: pytest.Config) -> list[Case]:
    """Return the cases to check."""
    path = pytestconfig.getoption("--schema-file")
    if path:
        return [read(path)]
    number = pytestconfig.getoption("--schema-seed")
    features = FEATURES[pytestconfig.getoption("--schema-features")]
    return [draw(number, index, features) for index in range(pytestconfig.getoption("--schemas"))]


@pytest.fixture(scope="session")
def checker(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Checker:
    """Return what checks cases."""
    return Checker(template, tmp_path_factory.mktemp("fuzz"), WORKERS)


@pytest.fixture(scope="session")
def outcomes(
    request: pytest.FixtureRequest,
    cases: list[Case],
    checker: Checker,
) -> Iterator[dict[int, Future[Outcome]]]:
    """Check the cases of the tests that were selected, and return their outcomes to come."""
    items = [item for item in request.session.items if isinstance(item, pytest.Function)]
    chosen = [cast(int, item.callspec.params["index"]) for item in items]
    executor = ThreadPoolExecutor(WORKERS)
    # Cookiecutter is asked now and then: it renders the same files from the same data.
    outcomes = {
        index: executor.submit(checker.check, f"schema-{index}", cases[index], both=index % 5 == 0)
        for index in chosen
    }
    yield outcomes
    executor.shutdown(cancel_futures=True)
    seconds: dict[str, list[float]] = defaultdict(list)
    for future in outcomes.values():
        if not future.cancelled():
            for check, taken in future.result().seconds.items():
                seconds[check].append(taken)
    request.config.stash[SECONDS] = seconds


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say where the time went."""
    seconds = config.stash.get(SECONDS, {})
    if seconds:
        terminalreporter.section(f"seconds, {WORKERS} schemas at a time")
    for check in CHECKS:
        if taken := seconds.get(check):
            mean, most = sum(taken) / len(taken), max(taken)
            terminalreporter.line(
                f"{check:<12} mean {mean:6.1f}  most {most:6.1f}  of {len(taken)}"
            )
