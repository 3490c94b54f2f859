"""The option that changes what Schemathesis does."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.addoption(
        "--schemathesis",
        default="",
        help="options of `schemathesis run`: --schemathesis='--max-examples=500 --seed=2'",
    )
