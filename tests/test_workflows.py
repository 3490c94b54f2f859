"""Workflows, those of rendered projects and our own, are valid, safe and pinned alike."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.rendering import BIN, REPOSITORY, copier

PINNED = re.compile(r"uses: (?P<action>[\w./-]+)@(?P<commit>[0-9a-f]{40}) # v[\d.]+$")


@pytest.fixture(scope="module")
def rendered(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copier(template, tmp_path_factory.mktemp("workflows") / "project", {})


@pytest.fixture(params=["ours", "rendered"])
def github(request: pytest.FixtureRequest, rendered: Path) -> Path:
    """Return the folder `.github`."""
    return (REPOSITORY if request.param == "ours" else rendered) / ".github"


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BIN / command[0], *command[1:]],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def zizmor(folder: Path) -> subprocess.CompletedProcess[str]:
    return run("zizmor", "--offline", "--pedantic", "--strict-collection", folder)


def test_valid(github: Path) -> None:
    workflows = sorted((github / "workflows").iterdir())
    for schema, files in {
        "vendor.github-workflows": workflows,
        "custom.github-workflows-require-timeout": workflows,
        "vendor.dependabot": [github / "dependabot.yml"],
    }.items():
        process = run("check-jsonschema", "--builtin-schema", schema, *files)
        assert process.returncode == 0, process.stdout


def test_safe(github: Path) -> None:
    process = zizmor(github.parent)
    assert process.returncode == 0, process.stdout
    for file in github.rglob("*.yml"):
        assert file.name in process.stdout  # it was read


def test_what_is_not_safe_is_found(rendered: Path, tmp_path: Path) -> None:
    workflow = (rendered / ".github/workflows/ci.yml").read_text()
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    (folder / "ci.yml").write_text(re.sub("@[0-9a-f]{40}", "@v1", workflow))
    process = zizmor(tmp_path)
    assert process.returncode != 0
    assert "unpinned-uses" in process.stdout


def test_actions_are_pinned_alike(rendered: Path) -> None:
    commits: dict[str, str] = {}
    for folder in (REPOSITORY, rendered):
        for file in (folder / ".github" / "workflows").iterdir():
            for line in file.read_text().splitlines():
                if "uses:" in line:
                    found = PINNED.search(line)
                    assert found, f"{file.name}: {line}"
                    commit = commits.setdefault(found["action"], found["commit"])
                    assert commit == found["commit"], f"{file.name}: {line}"


def test_expressions_survive_rendering(rendered: Path) -> None:
    workflow = yaml.safe_load((rendered / ".github/workflows/database-branch.yml").read_text())
    assert workflow["env"]["BRANCH"] == "pr-${{ github.event.number }}"
    text = (rendered / ".github/workflows/database-branch.yml").read_text()
    assert "raw %}" not in text
    assert 'uv run my-blog branch delete --missing-ok "$BRANCH"' in text
