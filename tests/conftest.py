"""Fixtures for all tests of the template."""

from pathlib import Path

import pytest

from tests.rendering import snapshot


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that writes docs/mistakes.md."""
    parser.addoption("--update-docs", action="store_true")


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the template as it is in the work tree."""
    return snapshot(tmp_path_factory.mktemp("template"))
