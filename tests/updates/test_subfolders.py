"""A project in a folder of a larger repository: hooks say what they need, and check its commits."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.environment import Commands
from tests.rendering import commit, copier, git


@pytest.fixture(params=["services/my-blog", "our services/my (blog)"])
def project(request: pytest.FixtureRequest, tmp_path: Path, origin: Path) -> Path:
    """Return a project in a folder of a repository."""
    project = copier(origin, tmp_path / "large" / request.param, {})
    git(tmp_path / "large", "init", "--quiet")
    (tmp_path / "large" / "README.md").write_text("Not ours \n")
    commit(tmp_path / "large")
    return project


def try_commit(commands: Commands) -> subprocess.CompletedProcess[str]:
    """Commit everything, as people do, in the folder of the project."""
    commands.run("git", "add", "--all")
    return commands.run("git", "commit", "--message", "A change", check=False)


def test_hooks(project: Path, tmp_path: Path) -> None:
    commands = Commands(project)
    process = commands.run("nox", "-s", "hooks", check=False)
    assert process.returncode == 1
    config = tmp_path / "large" / ".pre-commit-config.yaml"
    assert f"Put this into {config}, and run this session again:" in process.stdout
    (hook,) = re.findall(r"^repos:\n(?: .*\n)+", process.stdout, re.MULTILINE)
    config.write_text(hook)
    assert yaml.safe_load(hook)["repos"][0]["hooks"][0]["id"] == "my-blog"
    commands.run("nox", "-s", "hooks")
    assert try_commit(commands).returncode == 0

    model = project / "src/my_blog/models/tag.py"
    good = model.read_text()
    model.write_text(f"import os\n{good}")
    process = try_commit(commands)
    assert process.returncode == 1
    assert "`os` imported but unused" in process.stdout
    model.write_text(good.replace('"""', '"""A', 1))
    process = try_commit(commands)
    assert process.returncode == 0, process.stdout
    assert re.search(r"my-blog\.+Passed", process.stdout)

    # Nor are others kept from theirs.
    (tmp_path / "large" / "README.md").write_text("Not ours, either \n")
    process = try_commit(commands)
    assert process.returncode == 0, process.stdout
    assert re.search(r"my-blog\.+\(no files to check\)Skipped", process.stdout)


def test_hooks_of_the_project_alone(project: Path) -> None:
    """They cannot work, and say so, in a line."""
    commands = Commands(project)
    commands.run("pre-commit", "install")
    (project / "README.md").write_text("Ours.\n")
    process = try_commit(commands)
    assert process.returncode == 1
    assert re.search(r"at the top .* \(if not: uv run nox -s hooks\)\.*Failed", process.stdout)
    assert "ruff" not in process.stdout
