"""One variant, rendered by both tools."""

import subprocess
from pathlib import Path

import pytest

from tests.environment import Commands
from tests.rendering import cookiecutter, copier, example_answers, variant_answers


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that name the variant and the domain."""
    parser.addoption("--variant", default="async-uuid7-cursor")
    parser.addoption("--example", default="blog")


@pytest.fixture(scope="session")
def answers(request: pytest.FixtureRequest) -> dict[str, str]:
    """Return the answers of the variant and the example."""
    variant = variant_answers(request.config.getoption("--variant"))
    return variant | example_answers(request.config.getoption("--example"))


@pytest.fixture(scope="session")
def project(
    tmp_path_factory: pytest.TempPathFactory,
    template: Path,
    answers: dict[str, str],
) -> Path:
    """Return the variant, rendered by Copier."""
    return copier(template, tmp_path_factory.mktemp("copier") / "my-blog", answers)


@pytest.fixture(scope="session")
def cookiecutter_project(
    tmp_path_factory: pytest.TempPathFactory,
    template: Path,
    answers: dict[str, str],
) -> Path:
    """Return the variant, rendered by Cookiecutter."""
    return cookiecutter(template, tmp_path_factory.mktemp("cookiecutter"), answers)


@pytest.fixture(scope="session")
def commands(project: Path) -> Commands:
    """Return what runs commands in the project, which becomes a git repository."""
    subprocess.run(["git", "init", "--quiet"], cwd=project, check=True)
    subprocess.run(["git", "add", "--all"], cwd=project, check=True)
    return Commands(project)
