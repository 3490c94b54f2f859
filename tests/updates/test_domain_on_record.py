"""An update keeps the domain of the project, whatever happens to the answer that it came from."""

from pathlib import Path

from tests.rendering import copier
from tests.updates.projects import Project, Template


def test_example_that_changed(tmp_path: Path, origin: Path) -> None:
    template = Template(origin, tmp_path / "template")
    project = Project.generated(copier(template.path, tmp_path / "hr", {"entities": "hr"}))
    template.edit(
        "examples/hr.yml", "  department:\n", "  division:\n    fields: {a: str}\n  department:\n"
    )
    template.release("v1.1.0")
    process = project.copier_update()
    assert process.returncode == 0, process.stdout
    assert project.status() == {".copier-answers.yml": " M"}
    assert "Next:\n    git diff" in process.stdout


def test_domain_that_a_newer_template_refuses(tmp_path: Path, origin: Path) -> None:
    """Copier replaces such an answer by the default, which would be the blog."""
    template = Template(origin, tmp_path / "template")
    answers = {"entities": "{bookmark: {fields: {target: url}}}"}
    project = Project.generated(copier(template.path, tmp_path / "links", answers))
    template.edit("includes/entities/language.jinja", '"enum", "email", "url",', '"enum", "email",')
    template.release("v1.1.0")
    process = project.copier_update()
    assert process.returncode != 0
    assert 'bookmark.target: unknown type "url".' in process.stdout
    assert project.status() == {}
