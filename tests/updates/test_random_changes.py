"""Any change of any domain leads to what a fresh project of the new domain is, with all edits.

`nox -s updates -- --changes=100 -k random` tries 100 changes, `--change-seed=2` others.
"""

from pathlib import Path
from random import Random

import pytest

from tests.rendering import copier, tree
from tests.updates.changes import draw
from tests.updates.edits import assert_kept, edit, without_edits
from tests.updates.projects import Project


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test of each change."""
    metafunc.parametrize("index", range(metafunc.config.getoption("--changes")))


def test_change(tmp_path: Path, origin: Path, pytestconfig: pytest.Config, index: int) -> None:
    change = draw(pytestconfig.getoption("--change-seed"), index)
    project = copier(origin, tmp_path / "my-blog", change.answers(change.before))
    fresh = copier(origin, tmp_path / "fresh", change.answers(change.after))
    edits = edit(project, fresh, Random(index))
    living = Project.generated(project)
    living.write_domain(change.after)

    process = living.scaffold()

    assert process.returncode == 0, f"{change}\n{process.stdout}"
    files, expected = tree(project), tree(fresh)
    assert_kept(files, edits)
    del files["schema.yml"], expected["schema.yml"]  # one as its author wrote it
    unedited = without_edits(files)
    different = {name for name in files | expected if unedited.get(name) != expected.get(name)}
    assert not different, change
