"""A newer template: changes far from an edit, near it, next to it and in the same line."""

from pathlib import Path

import pytest

from tests.rendering import copier
from tests.updates.projects import Project, Template

# In a file each: what a user replaces by what, and what the template does.
MERGED = {
    "far": (
        "README.md",
        ("## Where things are\n", "## A map\n"),
        ("## Settings\n", "## Configuration\n"),
    ),
    # One line is between the two.
    "near": (
        ".gitignore",
        (".env\n", ".env*\n"),
        ("# The embedded PostgreSQL\n", "# PostgreSQL\n"),
    ),
}
CONFLICTS = {
    # None is between the two: for git that is a conflict.
    "next": (
        ".pre-commit-config.yaml",
        ("        name: ruff check\n", "        name: lint\n"),
        ("        entry: uv run ruff check ", "        entry: uv run -- ruff check "),
    ),
    "same": (
        "src/my_blog/http/health.py",
        ('"""Health endpoints for the platform', '"""Our endpoints for the platform'),
        ('"""Health endpoints for the platform', '"""Health endpoints for any platform'),
    ),
}


@pytest.mark.parametrize("command", ["copier update", "nox -s update"])
def test_template_changes(tmp_path: Path, origin: Path, command: str) -> None:
    template = Template(origin, tmp_path / "template")
    project = Project.generated(copier(template.path, tmp_path / "my-blog", {}))
    for file, by_user, by_template in (MERGED | CONFLICTS).values():
        project.edit(file, *by_user)
        source = file.replace("my_blog", "{{ package_name }}")
        template.edit(f"template/{source}", *by_template)
    project.commit()
    template.release("v1.1.0")

    if command == "copier update":
        process = project.copier_update()
        assert process.returncode == 0, process.stdout
    else:
        process = project.scaffold("--latest")
        assert process.returncode == 1, process.stdout
        assert (
            "In conflict:\n    .pre-commit-config.yaml\n    src/my_blog/http/health.py\n"
        ) in process.stdout

    for file, (_, ours), (_, theirs) in MERGED.values():
        assert project.status()[file] == " M"
        assert ours in project.read(file)
        assert theirs in project.read(file)
    for file, (_, ours), (_, theirs) in CONFLICTS.values():
        assert project.status()[file] == "UU"
        before, _, after = project.read(file).partition("=======\n")
        assert ours in before.partition("<<<<<<< before updating\n")[2]
        assert theirs in after.partition(">>>>>>> after updating\n")[0]
    assert '_commit: "v1.1.0"' in project.read(".copier-answers.yml")
    assert len(project.status()) == len(MERGED | CONFLICTS) + 1
