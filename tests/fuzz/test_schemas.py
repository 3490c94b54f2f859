"""Projects of random domains are green on arrival: `nox -s fuzz -- 100` tries 100 of them.

A failure shows the schema, to be saved and tried again with `--schema-file=FILE`. The same seed
draws the same schemas as long as neither the strategies nor the version of Hypothesis change:
`nox -s fuzz -- 100 --schema-seed=7 -k "[42]" --shrink` looks for a smaller one that fails alike.
"""

import shutil
from concurrent.futures import Future

import pytest

from tests.fuzz.cases import Case, shrink
from tests.fuzz.checks import Checker, Outcome, kind_of_failure
from tests.fuzz.conftest import FEATURES


def test_schema(
    pytestconfig: pytest.Config,
    cases: list[Case],
    checker: Checker,
    outcomes: dict[int, Future[Outcome]],
    index: int,
) -> None:
    outcome = outcomes[index].result()
    if not outcome.failures:
        return
    case = cases[index]
    parts = [f"{check}:\n{output}" for check, output in outcome.failures.items()]
    parts += [f"The project: {outcome.project}", f"The schema:\n{case.text()}"]
    if pytestconfig.getoption("--shrink"):
        check = next(iter(outcome.failures))
        smaller = shrunk(pytestconfig, checker, index, check, outcome.failures[check])
        parts.append(f"A smaller schema that fails {check}:\n{smaller.text()}")
    pytest.fail("\n\n".join(parts), pytrace=False)


def shrunk(config: pytest.Config, checker: Checker, index: int, check: str, output: str) -> Case:
    def fails(case: Case) -> bool:
        outcome = checker.check("smaller", case, only=check, both=check == "cookiecutter")
        shutil.rmtree(outcome.project.parent, ignore_errors=True)
        found = outcome.failures.get(check)
        return found is not None and kind_of_failure(found) == kind_of_failure(output)

    return shrink(
        config.getoption("--schema-seed"),
        index,
        FEATURES[config.getoption("--schema-features")],
        fails,
    )
