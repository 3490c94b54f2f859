"""Where an update cannot be, there is a clear message and nothing changes."""

import shutil
from pathlib import Path

import pytest

from tests.rendering import copier, git, tree
from tests.updates.changes import as_yaml
from tests.updates.projects import Project, Template
from tests.validation import problems

ANSWERS = ".copier-answers.yml"


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory, origin: Path) -> Project:
    """Return a project as it was generated."""
    return Project.generated(copier(origin, tmp_path_factory.mktemp("generated") / "my-blog", {}))


@pytest.fixture
def project(tmp_path: Path, generated: Project) -> Project:
    """Return a copy of the project, to change."""
    return Project(shutil.copytree(generated.path, tmp_path / "my-blog"))


@pytest.fixture
def clone(tmp_path: Path, origin: Path) -> Template:
    """Return a clone of the template, for newer versions."""
    return Template(origin, tmp_path / "template")


def assert_refused(project: Project, options: list[str], *messages: str) -> None:
    before = tree(project.path), git(project.path, "status", "--porcelain")
    process = project.scaffold(*options)
    assert process.returncode == 1, process.stdout
    for message in messages:
        assert message in process.stdout
    assert "Traceback" not in process.stdout
    assert process.stdout.endswith("\nNothing was changed.\n")
    assert (tree(project.path), git(project.path, "status", "--porcelain")) == before


def test_changes_that_are_not_committed(project: Project) -> None:
    project.append("README.md", "More.\n")
    project.write("new.txt", "New.\n")
    assert_refused(project, [], "Commit these first", "\n M README.md\n?? new.txt\n")


def test_no_repository(project: Project) -> None:
    shutil.rmtree(project.path / ".git")
    files = sorted(project.path.rglob("*"))
    process = project.scaffold()
    assert process.returncode == 1
    assert process.stdout.startswith("This is not a git repository.")
    assert sorted(project.path.rglob("*")) == files


@pytest.mark.parametrize("file", [ANSWERS, "schema.yml"])
def test_missing_file(project: Project, file: str) -> None:
    (project.path / file).unlink()
    project.commit()
    process = project.scaffold()
    assert process.returncode == 1
    assert process.stdout.startswith(f"{file} is missing")
    assert project.status() == {}


ORIGIN = [
    ("_commit", None, "lacks `_src_path` or `_commit`"),
    ("_src_path", None, "lacks `_src_path` or `_commit`"),
    ("_commit", "v9.0.0", "Version v9.0.0 of the template cannot be had from "),
    ("_src_path", "/nowhere", "of the template cannot be had from /nowhere: "),
    ("_src_path", "./template", "a path has to be the full one"),
    ("_src_path", "gh:org/nothing", "cannot be had from gh:org/nothing: "),
]


@pytest.mark.parametrize(("key", "value", "message"), ORIGIN)
def test_unknown_origin(project: Project, key: str, value: str | None, message: str) -> None:
    set_answer(project, key, value)
    assert_refused(project, [], message)


def set_answer(project: Project, key: str, value: str | None) -> None:
    lines = project.read(ANSWERS).splitlines(keepends=True)
    (old,) = [line for line in lines if line.startswith(f"{key}: ")]
    project.edit(ANSWERS, old, f'{key}: "{value}"\n' if value else "")
    project.commit()


def test_mistakes_in_the_domain(project: Project) -> None:
    """They are reported before anything has to be committed, in the words of the validator."""
    entities = {"post": {"fields": {"title": "string", "size": {"type": "int", "ge": 5, "le": 2}}}}
    expected = problems(entities)
    assert len(expected) == 2
    project.write("schema.yml", as_yaml({"entities": entities}))
    assert_refused(project, [], "\n".join(["schema.yml:", *expected]))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("entities: [", "schema.yml is not YAML: "),
        ("", "schema.yml: a mapping with the one key `entities` is needed"),
        ("entites: {}", "schema.yml: a mapping with the one key `entities` is needed"),
    ],
)
def test_not_a_domain(project: Project, text: str, message: str) -> None:
    project.write("schema.yml", text)
    assert_refused(project, [], message)


NEWER = [
    # The template needs a Copier that nobody has.
    (
        "copier.yml",
        '_min_copier_version: "9',
        '_min_copier_version: "99',
        "This template requires Copier version >= 99",
    ),
    # An answer is not allowed any more: Copier by itself would take the default for it.
    (
        "copier.yml",
        'choices: ["3.11", "3.12", "3.13"]\n  default: "3.11"',
        'choices: ["3.12", "3.13"]\n  default: "3.12"',
        "Invalid choice",
    ),
    # Nor is a name: the same, and the domain would become the default one.
    (
        "includes/validate_entities.jinja",
        "{#",
        "comment: this name is reserved.\n{#",
        "schema.yml:\ncomment: this name is reserved.",
    ),
]


@pytest.mark.parametrize(("file", "old", "new", "message"), NEWER)
def test_newer_template(
    project: Project, clone: Template, file: str, old: str, new: str, message: str
) -> None:
    clone.write(file, clone.read(file).replace(old, new, 1))
    clone.release("v2.0.0")
    set_answer(project, "_src_path", str(clone.path))
    assert_refused(project, ["--latest"], message)


def test_older_template(project: Project, clone: Template) -> None:
    """A project that is ahead of the newest version can wait for the next one, and is scaffolded."""
    clone.append("README.md", "More.\n")
    clone.commit()
    version = git(clone.path, "describe", "--tags").strip()
    set_answer(project, "_src_path", str(clone.path))
    set_answer(project, "_commit", version)
    assert_refused(project, ["--latest"], "Downgrades are not supported")
    process = project.scaffold()
    assert "Nothing to do" in process.stdout
