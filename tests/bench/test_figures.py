"""How the benchmark reads what its tools print, and what it makes of figures."""

import pytest

from bench.__main__ import in_rounds
from bench.answers import comparable
from bench.load import Figures, figures, lua
from bench.report import report
from bench.results import FASTAPI, FLOOR, PROJECT, SQLMODEL, Comparison, Page, Request, targets
from bench.scenarios import Scenario
from bench.services import Import
from bench.statements import statements_of

WRK = """\
Running 4s test @ http://127.0.0.1:41235
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency    15.53ms    3.45ms  99.35ms   88.89%
    Req/Sec     2.08k   110.76     2.24k    80.00%
  Latency Distribution
     50%  964.00us
     75%   15.98ms
     90%   17.03ms
     99%    1.02s
  8297 requests in 4.00s, 3.53MB read
Requests/sec:   2073.06
Transfer/sec:      0.88MB
"""

LOG = """\
2026-11-26 07:49:04.001 UTC [101] LOG:  statement: BEGIN ISOLATION LEVEL READ COMMITTED
2026-11-26 07:49:04.002 UTC [101] LOG:  execute <unnamed>:\u0020
\tINSERT INTO tags (name)
\t    VALUES ($1)
2026-11-26 07:49:04.002 UTC [101] DETAIL:  Parameters: $1 = 'LOG:  statement: SELECT 2'
2026-11-26 07:49:04.003 UTC [102] LOG:  execute _pg3_0: SELECT 1
2026-11-26 07:49:04.004 UTC [103] LOG:  checkpoint starting: time
2026-11-26 07:49:04.005 UTC [101] LOG:  statement: COMMIT
"""


def request(*rates: tuple[float, float], p99: float = 1) -> Request:
    """Return rounds with these rates of the floor and of the project."""
    rounds = [[Figures(floor, 1, 1, 1), Figures(project, 1, p99, 1)] for floor, project in rates]
    return Request(Scenario("read", ["/posts/1"]), rounds, [1, 1])


def comparison(concurrency: str = "async", rate: float = 90, p99: float = 1) -> Comparison:
    """Return figures of two rounds."""
    return Comparison(
        concurrency,
        [request((100, rate), p99=p99)],
        memory=[50, 75],
        pages={
            Page(1000, 1): [1, 2],
            Page(1000, 10): [9, 9],
            Page(1_000_000, 1): [1.2, 2.4],
            Page(1_000_000, 10_000): [1.5, 3],
        },
        imports={
            FASTAPI: [Import(0.5, 40)],
            SQLMODEL: [Import(1, 60)],
            FLOOR: [Import(0.6, 50)],
            PROJECT: [Import(1.3, 80)],
        },
    )


def test_figures_of_wrk() -> None:
    found = figures(WRK, cpu_seconds=8.297)
    assert (found.rate, found.p50, found.p99) == (2073.06, 0.964, 1020)
    assert found.cpu == pytest.approx(1)


def test_output_that_is_not_wrks() -> None:
    with pytest.raises(RuntimeError, match="something else"):
        figures("unable to connect", cpu_seconds=1)


def test_script_for_wrk() -> None:
    script = lua(Scenario("create", ["/a", "/b"], "POST", '{"title": "A"}'))
    assert 'wrk.method = "POST"' in script
    assert 'wrk.body = "{\\"title\\": \\"A\\"}"' in script
    assert 'local paths = {"/a", "/b"}' in script


def test_answers_are_compared_without_what_the_database_makes() -> None:
    read, create = Scenario("read", ["/posts/1"]), Scenario("create", ["/posts"], "POST")
    one, other = (200, b'{"id": 1, "title": "A"}'), (200, b'{"title": "A", "id": 2}')
    assert comparable(create, one) == comparable(create, other)
    assert comparable(read, one) != comparable(read, other)
    assert comparable(create, one) != comparable(create, (200, b'{"title": "A"}'))
    assert comparable(create, one) != comparable(create, (201, one[1]))


def test_statements_of_a_log() -> None:
    assert statements_of(LOG) == [
        "BEGIN ISOLATION LEVEL READ COMMITTED",
        "INSERT INTO tags (name) VALUES ($1)",
        "SELECT 1",
        "COMMIT",
    ]


def test_rounds_take_turns() -> None:
    order = []

    def run(subject: str) -> str:
        order.append(subject)
        return f"{subject}{len(order)}"

    assert in_rounds(3, ["a", "b"], run) == [["a1", "b2"], ["a4", "b3"], ["a5", "b6"]]
    assert order == ["a", "b", "b", "a", "a", "b"]


def test_the_median_is_that_of_ratios() -> None:
    # The ratio of the medians would be 0.5: the machine was slow in one round and for one of both.
    assert request((100, 90), (200, 180), (200, 20)).ratio("rate") == 0.9


def test_figures_are_held_against_targets() -> None:
    assert [
        (each.name, each.bound, round(each.value, 2), each.is_met)
        for each in targets(comparison(rate=79, p99=1.6))
    ] == [
        ("read: requests a second", "≥ 0.8", 0.79, False),
        ("read: p99", "≤ 1.5", 1.6, False),
        ("time of page 10,000, in multiples of page 1", "≤ 1.1", 1.25, False),
        ("time of a page of 1,000,000 rows, in multiples of 1,000 rows", "≤ 1.3", 1.2, True),
        ("import of the application, in multiples of FastAPI and SQLModel", "≤ 1.3", 1.3, True),
    ]


def test_the_report_has_both_concurrencies() -> None:
    text = report([comparison("async", 90), comparison("sync", 70)], "5 rounds", ["a machine"])
    assert "| read: requests a second | ≥ 0.8 | 0.90 | **0.70** |" in text
    assert "bar [0.70]\n    line [0.8]" in text
    assert "| 1,000,000 | 10,000 | 2.25 |" in text
    assert "- a machine" in text
    assert "$" not in text


def test_a_report_of_some_figures_has_no_empty_tables() -> None:
    text = report([Comparison("async", [request((1, 1))], memory=[1, 1])], "5 rounds", [])
    assert "| --- | --- | --- |\n\n" not in text
