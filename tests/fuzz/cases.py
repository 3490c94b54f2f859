"""What is rendered: schemas and options, drawn from a seed or read from a file."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import yaml
from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis import strategies as st

from tests.schemas import Features, Schema, options, schemas

EXAMPLES = 2  # of each run of Hypothesis
MOST_CASES = 1_000_000  # of one seed


@dataclass(frozen=True)
class Case:
    """A schema, and the options of the project."""

    schema: Schema
    options: dict[str, str]

    def answers(self) -> dict[str, str]:
        """Return the answers to the questions of the template."""
        return {**self.options, "entities": _yaml(self.schema)}

    def text(self) -> str:
        """Return the case as a file, for `read` and for `copier copy --data-file`."""
        return _yaml({**self.options, "entities": self.schema})


def read(path: Path) -> Case:
    """Return the case in a file; options that it does not give have their defaults."""
    answers = yaml.safe_load(path.read_text(encoding="utf-8"))
    return Case(answers.pop("entities"), answers)


def draw(number: int, index: int, features: Features) -> Case:
    """Return the case of a seed with this index.

    Hypothesis draws here and does not check: it would run one example after the other and stop at
    the first bug, where a list of cases can be checked in parallel and to the end. Each case has a
    run of its own: the second example is used, as the first is always the smallest possible. The
    examples of one run would resemble each other, and depend on how many there are.
    """
    cases: list[Case] = []
    _run(number, index, features, cases.append, Phase.generate)
    return cases[-1]


def shrink(number: int, index: int, features: Features, fails: Callable[[Case], bool]) -> Case:
    """Return a smaller case that fails as the one that `draw` returns does.

    This repeats the draw, now with checks from that case on, and lets Hypothesis do the rest. It
    gives up after five minutes.
    """
    drawn = 0
    smallest: list[Case] = []

    def check(case: Case) -> None:
        nonlocal drawn
        drawn += 1
        if drawn >= EXAMPLES and fails(case):
            smallest.append(case)
            raise _FailsError

    with suppress(_FailsError):
        _run(number, index, features, check, Phase.generate, Phase.shrink)
    return smallest[-1]


class _FailsError(Exception):
    """The case fails; for Hypothesis, which shrinks what raises."""


def _run(
    number: int,
    index: int,
    features: Features,
    check: Callable[[Case], None],
    *phases: Phase,
) -> None:
    @seed(number * MOST_CASES + index)
    @settings(
        max_examples=EXAMPLES,
        phases=phases,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        verbosity=Verbosity.quiet,
    )
    @given(st.builds(Case, schemas(features), options()))
    def run(case: Case) -> None:
        check(case)

    run()


def _yaml(value: object) -> str:
    text: str = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=1000)
    return text
