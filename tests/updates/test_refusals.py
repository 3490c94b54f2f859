"""Where an update cannot be, there is a clear message and nothing changes."""

import os
import shutil
import subprocess
import sys
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


UNREADABLE = [
    ("entities: [", "schema.yml is not YAML: line 1, column 12: "),
    ("entities:\n  post:\n\tfields: {}\n", "schema.yml is not YAML: line 3, column 1: "),
    ("entities: {a: !python {}}", "schema.yml is not YAML: line 1, column 15: "),
    ("entities: {}\n---\nentities: {}\n", "schema.yml is not YAML: "),
    ("entities: {a: 2026-13-01}", "schema.yml is not YAML: "),
    ("entities: {[a]: b}", "schema.yml is not YAML: line 1, column 12: "),
    ("entities: \a", "schema.yml is not YAML: "),
    ("entities: " + "[" * 10_000, "schema.yml is nested too deeply"),
    ("", "schema.yml: a mapping with the one key `entities` is needed"),
    ("- entities", "schema.yml: a mapping with the one key `entities` is needed"),
    ("entites: {}", "schema.yml: a mapping with the one key `entities` is needed"),
    ("entities:\n", "schema.yml:\nentities: a mapping of at least one entity is needed"),
    ("entities: {a: &a {fields: *a}}", "schema.yml:\n"),
]


@pytest.mark.parametrize(("text", "message"), UNREADABLE)
def test_not_a_domain(project: Project, text: str, message: str) -> None:
    project.write("schema.yml", text)
    assert_refused(project, [], message)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("entities: {é: }".encode("utf-16"), "not a text in UTF-8, but in UTF-16 or no text"),
        ("entities: {a: }".encode("utf-16-le"), "not a text in UTF-8, but in UTF-16 or no text"),
        (b"\x89PNG\r\n\x1a\n\0\1\2", "not a text in UTF-8, but in UTF-16 or no text"),
        ("# Tag\n# Größe\n".encode("latin-1"), "is not in UTF-8: see line 2. Save it as UTF-8"),
    ],
)
def test_other_encodings(project: Project, content: bytes, message: str) -> None:
    for file in ("schema.yml", ANSWERS):
        original = (project.path / file).read_bytes()
        (project.path / file).write_bytes(content)
        process = project.scaffold()
        assert process.returncode == 1
        assert process.stdout.startswith(f"{file} is ")
        assert message in process.stdout
        assert "Traceback" not in process.stdout
        (project.path / file).write_bytes(original)


def test_a_mark_of_the_encoding(project: Project) -> None:
    """Some editors begin a text in UTF-8 with one."""
    project.write("schema.yml", "\ufeff" + project.read("schema.yml").replace("\n", "\r\n"))
    project.commit()
    process = project.scaffold()
    assert process.returncode == 0, process.stdout


TWICE = """\
entities:
  post:
    fields:
      title: str
      body: text
      title: {type: str, max_length: 5, max_length: 6}
    relations:
      tags: {to: label, kind: many_to_many}
      "tags": {to: label}
  label:
    fields: {name: str}
  label:
    fields: {color: str}
entities:
  post: {}
"""


def test_names_that_are_there_twice(project: Project) -> None:
    """As after a merge of two branches: each is named, with both lines."""
    project.write("schema.yml", TWICE)
    mistakes = [
        "schema.yml: `entities.post.fields.title` is there twice: lines 4 and 6.",
        "schema.yml: `entities.post.fields.title.max_length` is there twice: lines 6 and 6.",
        "schema.yml: `entities.post.relations.tags` is there twice: lines 8 and 9.",
        "schema.yml: `entities.label` is there twice: lines 10 and 12.",
        "schema.yml: `entities` is there twice: lines 1 and 14.",
    ]
    assert_refused(project, [], *mistakes)
    check = [sys.executable, "scripts/schema_file.py"]  # what lint and pre-commit run
    process = subprocess.run(check, cwd=project.path, capture_output=True, text=True, check=False)
    assert process.returncode == 1
    for mistake in mistakes:
        assert mistake in process.stderr


def test_answers_after_a_merge(project: Project) -> None:
    answers = project.read(ANSWERS)
    for text, message in {
        f"<<<<<<< ours\n{answers}": f"{ANSWERS} is not YAML: line ",
        answers.replace("\n  tag:", "\n  post:"): f"{ANSWERS}: `entities.post` is there twice",
        "- nothing\n": f"{ANSWERS} is not as it was written",
    }.items():
        assert text != answers
        project.write(ANSWERS, text)
        process = project.scaffold()
        assert process.returncode == 1
        assert process.stdout.startswith(message)


def test_rejects_of_an_earlier_update(project: Project) -> None:
    """Copier leaves them where git hides or ignores files: a change that the code lacks."""
    reject = "src/my_blog/api/post.py.rej"
    project.append(".gitignore", "*.rej\n")
    project.commit()
    project.write(reject, "@@ -1 +1 @@\n")
    assert_refused(project, [], f"could not merge:\n    {reject}\n")


def test_not_in_the_repository_around_it(tmp_path: Path, generated: Project) -> None:
    """Some keep their settings in git, in their home, where it ignores everything else."""
    git(tmp_path, "init", "--quiet")
    (tmp_path / ".gitignore").write_text("*\n")
    project = Project(shutil.copytree(generated.path, tmp_path / "my-blog"))
    shutil.rmtree(project.path / ".git")
    assert_refused(project, [], f"git does not know {ANSWERS}")


def test_no_git(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    process = project.scaffold()
    assert process.returncode == 1
    assert process.stdout.startswith("git is needed, and was not found")


needs_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0,
    reason="only root can give a file to somebody else",
)


def give_away(path: Path) -> None:
    for item in (path, path / ".git"):
        os.chown(item, 65534, 65534)


@needs_root
def test_template_of_somebody_else(project: Project, clone: Template) -> None:
    set_answer(project, "_src_path", str(clone.path))
    give_away(clone.path)
    assert_refused(project, [], f"safe.directory {clone.path}")
    assert_refused(project, ["--latest"], f"safe.directory {clone.path}")


@needs_root
def test_project_of_somebody_else(project: Project) -> None:
    give_away(project.path)
    process = project.scaffold()
    assert process.returncode == 1
    assert f"safe.directory {project.path}" in process.stdout
    assert "git init" not in process.stdout


def test_template_in_a_folder_of_a_repository(project: Project, clone: Template) -> None:
    set_answer(project, "_src_path", str(clone.path / "template"))
    assert_refused(project, [], "is not a git repository, but a folder in one")


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
