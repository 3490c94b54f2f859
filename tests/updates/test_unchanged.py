"""An update with the same answers changes nothing."""

from itertools import product
from pathlib import Path

import pytest

from tests.rendering import REPOSITORY, copier, variant_answers
from tests.updates.projects import Project

OPTIONS = [("async", "sync"), ("uuid7", "bigint"), ("cursor", "offset")]
VARIANTS = ["-".join(options) for options in product(*OPTIONS)]
# But the blog, which the variants have.
EXAMPLES = sorted({path.stem for path in (REPOSITORY / "examples").glob("*.yml")} - {"blog"})


@pytest.mark.parametrize("variant", VARIANTS)
def test_variant(tmp_path: Path, origin: Path, variant: str) -> None:
    project = Project.generated(copier(origin, tmp_path / "my-blog", variant_answers(variant)))
    assert_nothing_changes(project)


@pytest.mark.parametrize("example", EXAMPLES)
def test_example(tmp_path: Path, origin: Path, example: str) -> None:
    entities = (REPOSITORY / "examples" / f"{example}.yml").read_text().partition("entities:\n")[2]
    project = Project.generated(copier(origin, tmp_path / "my-blog", {"entities": entities}))
    assert_nothing_changes(project)


def assert_nothing_changes(project: Project) -> None:
    process = project.copier_update("--vcs-ref=:current:", "--data-file=schema.yml")
    assert process.returncode == 0, process.stdout
    assert project.status() == {}


def test_edits_and_removals_stay(tmp_path: Path, origin: Path) -> None:
    """What was added, changed and removed by hand stays added, changed and removed."""
    project = Project.generated(copier(origin, tmp_path / "my-blog", {}))
    project.edit("pyproject.toml", 'version = "0.1.0"', 'version = "0.2.0"')
    project.edit("README.md", "## Start\n", "## Our start\n")
    (project.path / "migrations/versions/.gitkeep").unlink()
    (project.path / "migrations/versions/20260101_first.py").write_text("# The first one.\n")
    (project.path / "tests/test_settings.py").unlink()
    (project.path / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\1\2")
    (project.path / "src/my_blog/models/ours.py").write_text('"""By hand."""\n')
    project.commit()
    process = project.scaffold()
    assert process.returncode == 0, process.stdout
    assert "Nothing to do" in process.stdout
    assert project.status() == {}
