"""An entity is removed or renamed: what was edited by hand does not get lost unasked."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.rendering import copier, git
from tests.updates.changes import as_yaml
from tests.updates.projects import BLOG, WITHOUT_COMMENTS, Project, differences

METHOD = '''
    def is_reply(self) -> bool:
        """Tell whether this answers another comment."""
        return self.parent_id is not None
'''


@pytest.fixture
def project(tmp_path: Path, origin: Path) -> Project:
    """Return a blog with an edited model."""
    project = Project.generated(copier(origin, tmp_path / "my-blog", {}))
    project.edit(
        "src/my_blog/models/comment.py",
        "\n\n\nclass CommentCreate(",
        f"\n{METHOD}\n\nclass CommentCreate(",
    )
    project.commit()
    return project


def test_removing_an_edited_entity(tmp_path: Path, origin: Path, project: Project) -> None:
    project.write_domain(WITHOUT_COMMENTS)
    process = project.scaffold()
    assert process.returncode == 1
    assert process.stdout == (
        "These files would be removed, and what you wrote into them:\n"
        "    src/my_blog/models/comment.py\n"
        "To remove them (git keeps them): uv run nox -s scaffold -- --remove\n"
        "\n"
        "Nothing was changed.\n"
    )
    assert project.status() == {}

    process = project.scaffold("--remove")
    assert process.returncode == 0
    assert "Tables to be dropped, with all their rows:\n    comments\n" in process.stdout
    fresh = copier(origin, tmp_path / "fresh", {"entities": as_yaml(WITHOUT_COMMENTS)})
    assert differences(project, Project(fresh)) == {"schema.yml"}


def test_renaming_an_edited_entity(tmp_path: Path, origin: Path, project: Project) -> None:
    renamed = yaml.safe_load(re.sub(r"\bcomment", "remark", as_yaml(BLOG)))
    project.write_domain(renamed)
    process = project.scaffold()
    assert process.returncode == 1
    move = "git mv src/my_blog/models/comment.py src/my_blog/models/remark.py"
    assert (
        "If `comment` is now called `remark`: move them, put the new name into them, commit, and run "
        f"this again.\n    {move}\n"
    ) in process.stdout
    assert project.status() == {}

    subprocess.run(move.split(), cwd=project.path, check=True)
    model = project.read("src/my_blog/models/remark.py")
    project.write(
        "src/my_blog/models/remark.py",
        model.replace("Comment", "Remark").replace("comment", "remark"),
    )
    project.commit()
    process = project.scaffold()
    assert process.returncode == 1
    assert "In conflict:\n    src/my_blog/models/remark.py\n" in process.stdout
    assert 'op.rename_table("old", "new")' in process.stdout
    git(project.path, "checkout", "--ours", "src/my_blog/models/remark.py")
    project.commit()
    fresh = Project(copier(origin, tmp_path / "fresh", {"entities": as_yaml(renamed)}))
    assert differences(project, fresh) == {"schema.yml", "src/my_blog/models/remark.py"}
    assert METHOD.replace("comment", "remark") in project.read("src/my_blog/models/remark.py")
