"""One project, rendered by both tools."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.environment import Commands
from tests.rendering import cookiecutter, copier, example_answers, variant_answers
from tests.scheduling import Together


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Together:
    """Run all tests of a project in one process, which renders it once."""
    groups = (r"/(test_dev)\.py", r"/test_extending\.py.*\[(a?sync)\b", r"\[(.*)\]$")
    return Together(config, log, re.compile("|".join(groups)))


@pytest.fixture(scope="session")
def answers(request: pytest.FixtureRequest) -> dict[str, str]:
    """Return the answers that make a domain in a variant."""
    example, variant = request.param
    return variant_answers(variant) | example_answers(example)


@pytest.fixture(scope="session")
def project(
    tmp_path_factory: pytest.TempPathFactory,
    template: Path,
    answers: dict[str, str],
) -> Path:
    """Return the project, rendered by Copier."""
    return copier(template, tmp_path_factory.mktemp("copier") / "my-blog", answers)


@pytest.fixture(scope="session")
def cookiecutter_project(
    tmp_path_factory: pytest.TempPathFactory,
    template: Path,
    answers: dict[str, str],
) -> Path:
    """Return the project, rendered by Cookiecutter."""
    return cookiecutter(template, tmp_path_factory.mktemp("cookiecutter"), answers)


@pytest.fixture(scope="session")
def commands(project: Path) -> Commands:
    """Return what runs commands in the project, which becomes a git repository."""
    subprocess.run(["git", "init", "--quiet"], cwd=project, check=True)
    subprocess.run(["git", "add", "--all"], cwd=project, check=True)
    return Commands(project)
