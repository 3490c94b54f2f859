"""One variant, rendered by both tools."""

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.environment import Commands
from tests.rendering import REPOSITORY, cookiecutter, copier, variant_answers


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that name the variant and the domain."""
    parser.addoption("--variant", default="async-uuid7-cursor")
    parser.addoption("--example", default="blog")


@pytest.fixture(scope="session")
def answers(request: pytest.FixtureRequest) -> dict[str, str]:
    """Return the answers of the variant; those for the blog are the defaults."""
    answers = variant_answers(request.config.getoption("--variant"))
    example = request.config.getoption("--example")
    if example != "blog":
        schema = yaml.safe_load((REPOSITORY / "examples" / f"{example}.yml").read_text())
        answers["entities"] = json.dumps(schema["entities"], ensure_ascii=False)
    return answers


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
