"""The figures of tests, as tables at the end of the run."""

from typing import Protocol

import pytest

# Of what a test measured, by title of the table.
Figures = dict[str, float]


class Report(Protocol):
    """Takes the figures of a test for the table with this title."""

    def __call__(self, table: str, **figures: float) -> None: ...


def add_tables(terminal: pytest.TerminalReporter) -> None:
    """Print the tables, a row for each test.

    Figures come as properties of reports, also from other processes.
    """
    tables: dict[str, dict[str, dict[str, float]]] = {}
    reports = [*terminal.getreports("passed"), *terminal.getreports("failed")]
    for report in reports:
        for table, figures in report.user_properties:
            name = report.nodeid.partition("[")[2].rstrip("]")
            tables.setdefault(table, {})[name] = figures
    for table, rows in tables.items():
        terminal.section(table)
        width = max(map(len, rows))
        columns = next(iter(rows.values()))
        terminal.line(" ".join([" " * width, *(f"{column:>12}" for column in columns)]))
        for name in sorted(rows):
            figures = rows[name].values()
            cells = (
                f"{figure:>12}" if isinstance(figure, int) else f"{figure:>12.1f}"
                for figure in figures
            )
            terminal.line(" ".join([f"{name:<{width}}", *cells]))
