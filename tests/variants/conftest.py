"""One variant, rendered by both tools, and an environment that all variants share."""

import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.rendering import BIN, REPOSITORY, cookiecutter, copier, variant_answers


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


class Commands:
    """Runs commands in a rendered project, with `uv run`.

    All variants share one environment and one cache of mypy, so that a variant costs no
    installation. The project itself, of which each variant has its own, is found by its path.
    """

    def __init__(self, project: Path) -> None:
        self.project = project
        inherited = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
        self.environment = inherited | {
            "MYPY_CACHE_DIR": str(REPOSITORY / ".nox" / "rendered-mypy"),
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            # By default pytest shares a folder between runs, and sets its permissions anew: a server
            # of another user below it, as there is when root runs this, would lose its data.
            "PYTEST_DEBUG_TEMPROOT": str(project.parent),
            "PYTHONPATH": str(project / "src"),
            "UV_PROJECT_ENVIRONMENT": str(REPOSITORY / ".nox" / "rendered"),
        }
        subprocess.run(
            ["uv", "sync", "--quiet", "--no-install-project", "--inexact"],
            cwd=project,
            env=self.environment,
            check=True,
        )
        self.environment["UV_NO_SYNC"] = "1"

    def run(
        self,
        *command: str,
        check: bool = True,
        **variables: str,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end; fail where it fails, unless told not to check."""
        process = subprocess.run(
            ["uv", "run", *command],
            cwd=self.project,
            env=self.environment | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert process.returncode == 0 or not check, process.stdout
        return process

    def start(self, *command: str) -> subprocess.Popen[str]:
        """Start a command in a process group of its own, as a terminal does."""
        return subprocess.Popen(
            ["uv", "run", *command],
            cwd=self.project,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )


@pytest.fixture(scope="session")
def commands(project: Path) -> Commands:
    """Return what runs commands in the project, which becomes a git repository."""
    subprocess.run(["git", "init", "--quiet"], cwd=project, check=True)
    subprocess.run(["git", "add", "--all"], cwd=project, check=True)
    return Commands(project)
