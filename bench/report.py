"""Makes docs/performance.md of what was measured."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from string import Template

from bench.load import CLIENTS
from bench.results import SQLMODEL, Comparison, Request, Target, targets

TEMPLATE = Path(__file__).with_name("performance.md")


def report(comparisons: Sequence[Comparison], load: str, conditions: Iterable[str]) -> str:
    """Return the text of docs/performance.md."""
    return Template(TEMPLATE.read_text()).substitute(
        clients=CLIENTS,
        load=load,
        conditions="\n".join(f"- {condition}" for condition in conditions),
        targets=targets_table(comparisons),
        charts="\n\n".join(map(chart, comparisons)),
        details="\n\n".join(map(details, comparisons)),
    )


def targets_table(comparisons: Sequence[Comparison]) -> str:
    """Return all figures that have a target, those of each concurrency in a column."""
    columns = [targets(comparison) for comparison in comparisons]
    return table(
        ["", "target", *(comparison.concurrency for comparison in comparisons)],
        [
            [row[0].name, row[0].bound, *(cell(target) for target in row)]
            for row in zip(*columns, strict=True)
        ],
    )


def cell(target: Target) -> str:
    """Return the figure, in bold type if it missed the target."""
    return f"{target.value:.2f}" if target.is_met else f"**{target.value:.2f}**"


def chart(comparison: Comparison) -> str:
    """Return a plot, in the language that GitHub draws: https://mermaid.js.org/syntax/xyChart.html."""
    ratios = [each.ratio("rate") for each in comparison.requests]
    names = ", ".join(f'"{each.scenario.name}"' for each in comparison.requests)
    return f"""\
```mermaid
xychart-beta
    title "{comparison.concurrency}: requests a second, in multiples of by hand (line: target)"
    x-axis [{names}]
    y-axis 0 --> {max(1.2, *ratios):.1f}
    bar [{", ".join(f"{ratio:.2f}" for ratio in ratios)}]
    line [{", ".join(str(each.scenario.target) for each in comparison.requests)}]
```"""


def details(comparison: Comparison) -> str:
    """Return the tables of one concurrency."""
    requests = table(
        [
            "by hand / project",
            "requests a second",
            "ratio",
            "CPU, ms",
            "ratio by CPU",
            "p50, ms",
            "p99, ms",
            "statements",
        ],
        [
            [
                each.scenario.name,
                pair(each, "rate", 0),
                f"{each.ratio('rate'):.2f}",
                pair(each, "cpu", 2),
                f"{1 / each.ratio('cpu'):.2f}",
                pair(each, "p50", 1),
                pair(each, "p99", 1),
                " / ".join(f"{number:g}" for number in each.statements),
            ]
            for each in comparison.requests
        ],
    )
    pages = table(
        ["rows", "page", "ms"],
        [
            [f"{page.rows:,}", f"{page.number:,}", f"{median(times):.2f}"]
            for page, times in comparison.pages.items()
        ],
    )
    imports = table(
        ["import of", "seconds", f"in multiples of {SQLMODEL}", "memory, MB"],
        [
            [
                name,
                f"{median(each.seconds for each in rounds):.2f}",
                f"{comparison.import_ratio(name):.2f}",
                f"{median(each.megabytes for each in rounds):.0f}",
            ]
            for name, rounds in comparison.imports.items()
        ],
    )
    floor, project = comparison.memory
    memory = (
        f"Resident memory after all requests: {floor:.0f} MB by hand, {project:.0f} MB for the "
        f"project, {project / floor:.2f} times as much."
    )
    parts = [f"### {comparison.concurrency}", requests, pages, imports, memory]
    return "\n\n".join(part for part in parts if part)


def pair(request: Request, figure: str, digits: int) -> str:
    """Return the medians of a figure: of the floor, and of the project."""
    return " / ".join(f"{value:,.{digits}f}" for value in request.medians(figure))


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown; nothing if it has no rows."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) if rows else ""
