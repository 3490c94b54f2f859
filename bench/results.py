"""What was measured, and what it is held against."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median

from bench.load import Figures
from bench.scenarios import Scenario
from bench.services import Import

MOST_P99 = 1.5
MOST_DEEP_PAGE = 1.1
MOST_ROWS = 1.3
MOST_IMPORT = 1.3

# What is imported; the second is what the import of the project is compared with.
FASTAPI = "FastAPI"
SQLMODEL = "FastAPI and SQLModel"
FLOOR = "by hand"
PROJECT = "project"


@dataclass
class Request:
    """What was measured of one scenario: of the floor and of the project, in this order."""

    scenario: Scenario
    rounds: list[list[Figures]]
    statements: list[float]  # per request

    def ratio(self, figure: str) -> float:
        """Return the median of the project's multiples of the floor."""
        floor, project = self.values(figure)
        return median_ratio(project, floor)

    def medians(self, figure: str) -> list[float]:
        """Return the medians of both."""
        return list(map(median, self.values(figure)))

    def values(self, figure: str) -> list[list[float]]:
        """Return a figure of all rounds, by its name: of the floor, and of the project."""
        return [[getattr(each[which], figure) for each in self.rounds] for which in (0, 1)]


@dataclass(frozen=True)
class Page:
    """A page of all posts."""

    rows: int
    number: int


@dataclass
class Comparison:
    """What was measured of a project. Lists of rounds hold one list of figures for each round."""

    concurrency: str
    requests: list[Request] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)  # of the floor and of the project, in MB
    pages: dict[Page, list[float]] = field(default_factory=dict)  # milliseconds, in each round
    imports: dict[str, list[Import]] = field(default_factory=dict)  # in each round

    def import_ratio(self, name: str) -> float:
        """Return how much longer an import takes than that of FastAPI with SQLModel."""
        values, others = (
            [each.seconds for each in self.imports[which]] for which in (name, SQLMODEL)
        )
        return median_ratio(values, others)


@dataclass(frozen=True)
class Target:
    """A figure, and what it should be."""

    name: str
    bound: str
    value: float
    is_met: bool


def at_least(name: str, bound: float, value: float) -> Target:
    """Return a target that the value should reach."""
    return Target(name, f"≥ {bound}", value, round(value, 2) >= bound)


def at_most(name: str, bound: float, value: float) -> Target:
    """Return a target that the value should not pass."""
    return Target(name, f"≤ {bound}", value, round(value, 2) <= bound)


def targets(comparison: Comparison) -> list[Target]:
    """Return all figures that have a target."""
    found = []
    for each in comparison.requests:
        name = each.scenario.name
        found.append(
            at_least(f"{name}: requests a second", each.scenario.target, each.ratio("rate"))
        )
    found += [
        at_most(f"{each.scenario.name}: p99", MOST_P99, each.ratio("p99"))
        for each in comparison.requests
    ]
    pages = comparison.pages
    if pages:
        deepest = max(pages, key=lambda page: (page.rows, page.number))
        first = Page(deepest.rows, 1)
        fewest = Page(min(page.rows for page in pages), 1)
        found.append(
            at_most(
                f"time of page {deepest.number:,}, in multiples of page 1",
                MOST_DEEP_PAGE,
                median_ratio(pages[deepest], pages[first]),
            )
        )
        if fewest.rows < first.rows:
            found.append(
                at_most(
                    f"time of a page of {first.rows:,} rows, in multiples of {fewest.rows:,} rows",
                    MOST_ROWS,
                    median_ratio(pages[first], pages[fewest]),
                )
            )
    if comparison.imports:
        found.append(
            at_most(
                f"import of the application, in multiples of {SQLMODEL}",
                MOST_IMPORT,
                comparison.import_ratio(PROJECT),
            )
        )
    return found


def median_ratio(values: Iterable[float], others: Iterable[float]) -> float:
    """Return the median of what is so many multiples of the other in the same round."""
    return median(value / other for value, other in zip(values, others, strict=True))
