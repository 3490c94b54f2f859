"""Whatever git is set to, an edit by hand stays or is named as a conflict."""

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.rendering import cookiecutter, copier, git, tree
from tests.updates.changes import as_yaml
from tests.updates.projects import BLOG, WITHOUT_COMMENTS, Project

ROUTER = "src/my_blog/api/post.py"
MODEL = "src/my_blog/models/post.py"
ENDPOINT = "\n\ndef ours() -> None:\n    pass\n"
IMPORT = "    from my_blog.models.tag import Tag\n"  # comments add one just above
HOOKS = ["applypatch-msg", "commit-msg", "post-checkout", "post-index-change", "pre-commit"]

# Settings of git, with FOLDER for one that has ignore rules and hooks which fail.
SETTINGS = {
    "none": {},
    "untracked files are hidden": {"status.showUntrackedFiles": "no"},
    "files are ignored": {"core.excludesFile": "FOLDER/ignored"},
    "hooks fail": {"core.hooksPath": "FOLDER/hooks"},
    "hooks of new repositories fail": {
        "init.templateDir": "FOLDER",
        "init.defaultBranch": "trunk",
        "init.defaultObjectFormat": "sha256",
    },
    "signing fails": {"commit.gpgSign": "true", "tag.gpgSign": "true", "gpg.program": "false"},
    "fsmonitor fails": {"core.fsmonitor": "false", "core.untrackedCache": "true"},
    "diff": {
        "diff.noprefix": "true",
        "diff.mnemonicPrefix": "true",
        "diff.external": "false",
        "diff.renames": "copies",
        "diff.algorithm": "patience",
        "diff.context": "0",
        "diff.interHunkContext": "9",
        "diff.wordRegex": ".",
    },
    "merge": {"merge.conflictStyle": "zdiff3", "merge.renames": "false", "merge.ff": "only"},
    "apply": {"apply.whitespace": "error-all", "apply.ignoreWhitespace": "change"},
    "output": {
        "color.ui": "always",
        "column.ui": "always",
        "core.pager": "false",
        "core.quotePath": "false",
        "status.relativePaths": "false",
        "status.branch": "true",
        "status.short": "true",
    },
    "line ends": {"core.autocrlf": "true", "core.safecrlf": "true", "core.eol": "crlf"},
}
VARIABLES = {
    "GIT_DIR": "/nowhere",
    "GIT_WORK_TREE": "/nowhere",
    "GIT_INDEX_FILE": "/nowhere/index",
    "GIT_OBJECT_DIRECTORY": "/nowhere/objects",
    "GIT_PREFIX": "nowhere/",
    "GIT_EXTERNAL_DIFF": "false",
    "GIT_PAGER": "false",
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "status.showUntrackedFiles",
    "GIT_CONFIG_VALUE_0": "no",
}


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory, origin: Path) -> Path:
    """Return a blog without comments, as it was generated, but not in git."""
    path = tmp_path_factory.mktemp("generated") / "my-blog"
    return copier(origin, path, {"entities": as_yaml(WITHOUT_COMMENTS)})


@pytest.fixture
def project(tmp_path: Path, generated: Path) -> Project:
    """Return a copy of the project, to change."""
    return Project.generated(shutil.copytree(generated, tmp_path / "my-blog"))


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, str]], None]:
    """Return a function that sets git on this machine."""
    folder = tmp_path / "git"
    (folder / "hooks").mkdir(parents=True)
    (folder / "ignored").write_text("*.rej\napi/\n*.yml\n")
    for name in HOOKS:
        hook = folder / "hooks" / name
        hook.write_text("#!/bin/sh\nexit 1\n")
        hook.chmod(hook.stat().st_mode | stat.S_IXUSR)

    def set_git(values: dict[str, str]) -> None:
        config = folder / "gitconfig"
        shutil.copy(os.environ["GIT_CONFIG_GLOBAL"], config)
        for name, value in values.items():
            value = value.replace("FOLDER", str(folder))
            git(folder, "config", "--file", str(config), name, value)
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))

    return set_git


def edit(project: Project) -> None:
    """Edit two files that comments change: one beside the change, one in the line below it."""
    project.append(ROUTER, ENDPOINT)
    project.edit(MODEL, IMPORT, f"{IMPORT.rstrip()}  # ours\n")
    project.write_domain(BLOG)


def assert_merged(project: Project) -> None:
    """Scaffold, and check that both edits are there and nothing was left over."""
    process = project.scaffold()
    assert process.returncode == 1, process.stdout
    assert (
        f"Changed:\n    .copier-answers.yml\n    docs/schema.md\n    {ROUTER}\n" in process.stdout
    )
    assert f"In conflict:\n    {MODEL}\n" in process.stdout
    router = project.read(ROUTER)
    assert router.endswith(ENDPOINT)
    assert "def list_comments_of_post(" in router
    ours, _, theirs = project.read(MODEL).partition("=======\n")
    assert "Tag  # ours\n" in ours.partition("<<<<<<< before updating\n")[2]
    assert "import Comment\n" in theirs.partition(">>>>>>> after updating\n")[0]
    assert (project.path / "src/my_blog/models/comment.py").is_file()
    assert not list(project.path.rglob("*.rej"))


@pytest.mark.parametrize("case", SETTINGS)
def test_settings(project: Project, settings: Callable[[dict[str, str]], None], case: str) -> None:
    edit(project)
    settings(SETTINGS[case])
    assert_merged(project)
    assert project.status()[MODEL] == "UU"
    assert project.status()[ROUTER] == " M"


def test_variables(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a hook, where git says which repository it is at work on."""
    edit(project)
    with monkeypatch.context() as patch:
        for name, value in VARIABLES.items():
            patch.setenv(name, value)
        assert_merged(project)
    assert project.status()[MODEL] == "UU"


def test_rules_of_the_repository(project: Project) -> None:
    """What is ignored and how files are merged may be said in the repository as well."""
    edit(project)
    (project.path / ".git/info/exclude").write_text("*.rej\napi/\n")
    project.append(".gitignore", "*.rej\n")
    project.append(".gitattributes", "*.py merge=union -diff -text\n")
    project.commit()
    assert_merged(project)


def test_ignored_files_are_merged_too(project: Project) -> None:
    project.append(".gitignore", "api/\nmodels/\n")
    git(project.path, "rm", "-r", "--quiet", "--cached", "src/my_blog/api", "src/my_blog/models")
    edit(project)
    assert_merged(project)


def test_other_kinds_of_repositories(tmp_path: Path, generated: Path) -> None:
    """In a folder of one with other hashes, which has no branch at hand, as CI checks it out."""
    shutil.copytree(generated, tmp_path / "large" / "services" / "my-blog")
    git(tmp_path / "large", "init", "--quiet", "--object-format=sha256")
    (tmp_path / "large" / "README.md").write_text("Large.\n")
    project = Project(tmp_path / "large" / "services" / "my-blog")
    edit(project)
    git(project.path, "checkout", "--quiet", "--detach")
    (tmp_path / "large" / "README.md").write_text("Not committed.\n")
    assert_merged(project)
    status = git(project.path, "status", "--porcelain")
    assert f"UU services/my-blog/{MODEL}\n" in status
    assert " M README.md\n" in status
    stages = git(project.path, "ls-files", "--unmerged", MODEL).splitlines()
    assert [line.split()[2] for line in stages] == ["1", "2", "3"]


def test_shallow_clones(tmp_path: Path, origin: Path) -> None:
    """Of the template, and of the project."""
    git(tmp_path, "clone", "--quiet", "--depth=1", origin.as_uri(), "template")
    answers = {"entities": as_yaml(WITHOUT_COMMENTS)}
    project = Project.generated(copier(tmp_path / "template", tmp_path / "my-blog", answers))
    edit(project)
    git(tmp_path, "clone", "--quiet", "--depth=1", project.path.as_uri(), "clone")
    assert_merged(Project(tmp_path / "clone"))


def test_windows(tmp_path: Path, project: Project, settings: Callable[..., None]) -> None:
    """Where git is set to give files the line ends of Windows, it gives them those of the template."""
    edit(project)
    settings({"core.autocrlf": "true"})
    git(tmp_path, "clone", "--quiet", str(project.path), "clone")
    clone = Project(tmp_path / "clone")
    assert tree(clone.path) == tree(project.path)
    assert_merged(clone)


def test_windows_before_there_was_a_gitattributes(
    tmp_path: Path, project: Project, settings: Callable[..., None]
) -> None:
    (project.path / ".gitattributes").unlink()
    edit(project)
    settings({"core.autocrlf": "true"})
    git(tmp_path, "clone", "--quiet", str(project.path), "clone")
    clone = Project(tmp_path / "clone")
    assert b"\r\n" in (clone.path / "schema.yml").read_bytes()
    assert_merged(clone)
    for name in (ROUTER, MODEL):
        content = (clone.path / name).read_bytes()
        assert content.count(b"\r\n") == content.count(b"\n")
    assert clone.status().keys() == {
        *(name for name, code in clone.status().items() if code == "??"),
        *(f"tests/{name}" for name in ("api/test_post.py", "api/test_user.py")),
        *(
            f"src/my_blog/{layer}/{name}.py"
            for layer in ("api", "models", "queries")
            for name in ("post", "user")
        ),
        ".copier-answers.yml",
        "docs/schema.md",
    }


def test_what_git_ignores_is_not_lost(project: Project) -> None:
    """Where a new file is to be, there may be one that git does not know, or something else."""
    project.append(".gitignore", "tests/resources/comment.py\nsrc/my_blog/models/comment.py\n")
    project.write_domain(BLOG)
    project.write("tests/resources/comment.py", "ours = 1\n")
    (project.path / "src/my_blog/models/comment.py").symlink_to("nowhere.py")
    process = project.scaffold()
    assert process.returncode == 1
    assert "In conflict:\n    tests/resources/comment.py\n" in process.stdout
    blocked = "Not added, because something else has the name:\n    src/my_blog/models/comment.py\n"
    assert blocked in process.stdout
    assert "<<<<<<< before updating\nours = 1\n" in project.read("tests/resources/comment.py")
    assert (project.path / "src/my_blog/models/comment.py").is_symlink()


def test_a_file_that_is_no_text(project: Project) -> None:
    content = project.read(ROUTER).encode("utf-16")
    (project.path / ROUTER).write_bytes(content)
    project.write_domain(BLOG)
    process = project.scaffold()
    assert process.returncode == 1
    assert f"In conflict:\n    {ROUTER}\n" in process.stdout
    assert (project.path / ROUTER).read_bytes() == content


@pytest.mark.parametrize("tool", ["copier", "cookiecutter"])
def test_rendering_on_windows(
    tmp_path: Path, origin: Path, generated: Path, settings: Callable[..., None], tool: str
) -> None:
    """Both tools clone the template; its line ends are the same there."""
    settings({"core.autocrlf": "true"})
    git(tmp_path, "clone", "--quiet", origin.as_uri(), "template")
    answers = {"entities": as_yaml(WITHOUT_COMMENTS)}
    render = {"copier": copier, "cookiecutter": cookiecutter}[tool]
    assert tree(render(tmp_path / "template", tmp_path / "my-blog", answers)) == tree(generated)
