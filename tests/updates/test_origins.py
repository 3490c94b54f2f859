"""Wherever a project came from, and by which tool, it knows how to get there again."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.rendering import cookiecutter, copier
from tests.updates.projects import VERSION, Project

# git finds GitHub in a folder: see conftest.py.
SOURCES = [
    (copier, "gh:org/template", "gh:org/template"),
    (cookiecutter, "gh:org/template", "https://github.com/org/template.git"),
    (cookiecutter, "https://github.com/org/template", "git+https://github.com/org/template"),
]


@pytest.mark.parametrize(("tool", "source", "recorded"), SOURCES)
def test_source(
    tmp_path: Path, origin: Path, tool: Callable[..., Path], source: str, recorded: str
) -> None:
    path = tool(source, tmp_path / "my-blog", {})
    project = Project.generated(path)
    answers = yaml.safe_load(project.read(".copier-answers.yml"))
    assert (answers["_src_path"], answers["_commit"]) == (recorded, VERSION)
    process = project.scaffold()
    assert process.returncode == 0, process.stdout
    assert "Nothing to do" in process.stdout
