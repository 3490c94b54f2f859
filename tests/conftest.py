"""Fixtures for all tests of the template."""

from pathlib import Path

import pytest

from tests.rendering import snapshot


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the template as it is in the work tree."""
    return snapshot(tmp_path_factory.mktemp("template"))
