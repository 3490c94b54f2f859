"""Projects that live: edited by hand, scaffolded, updated; and templates that get new versions."""

import subprocess
import sys
from pathlib import Path
from typing import Any, Self

import yaml

from tests.rendering import BIN, REPOSITORY, commit, git, tree
from tests.updates.changes import as_yaml

VERSION = "v1.0.0"
BLOG = yaml.safe_load((REPOSITORY / "examples" / "blog.yml").read_text())["entities"]
WITHOUT_COMMENTS = {name: entity for name, entity in BLOG.items() if name != "comment"}


class Repository:
    """Files in a git repository."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, name: str) -> str:
        """Return the text of a file."""
        return (self.path / name).read_text(encoding="utf-8")

    def write(self, name: str, text: str) -> None:
        """Write a file."""
        (self.path / name).write_text(text, encoding="utf-8")

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace text that occurs once in a file."""
        text = self.read(name)
        assert text.count(old) == 1, f"{name} has this {text.count(old)} times: {old}"
        self.write(name, text.replace(old, new))

    def append(self, name: str, text: str) -> None:
        """Add text to the end of a file."""
        self.write(name, self.read(name) + text)

    def commit(self) -> None:
        """Commit everything."""
        commit(self.path)


class Template(Repository):
    """A clone of the template that gets versions of its own."""

    def __init__(self, origin: Path, path: Path) -> None:
        git(origin, "clone", "--quiet", ".", str(path))
        super().__init__(path)

    def release(self, version: str) -> None:
        """Commit everything and make it a version."""
        self.commit()
        git(self.path, "tag", version)


class Project(Repository):
    """A rendered project."""

    @classmethod
    def generated(cls, path: Path) -> Self:
        """Return the project that a tool rendered, in git."""
        git(path, "init", "--quiet")
        commit(path, "As generated")
        return cls(path)

    def write_domain(self, entities: Any) -> None:
        """Write schema.yml and commit it."""
        self.write("schema.yml", as_yaml({"entities": entities}))
        self.commit()

    def status(self) -> dict[str, str]:
        """Return what changed since the last commit: the two letters of git, by path."""
        output = git(self.path, "status", "--porcelain", "--untracked-files=all")
        return {line[3:]: line[:2] for line in output.splitlines()}

    def copier_update(self, *options: str) -> subprocess.CompletedProcess[str]:
        """Run Copier itself."""
        return self._run(BIN / "copier", "update", "--defaults", *options)

    def scaffold(self, *options: str) -> subprocess.CompletedProcess[str]:
        """Run what the sessions `scaffold` and `update` run, in the environment of the tests."""
        return self._run(sys.executable, "scripts/scaffold.py", *options)

    def _run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )


def differences(one: Project, other: Project) -> set[str]:
    """Return the files that are not the same in both."""
    files, others = tree(one.path), tree(other.path)
    return {name for name in files | others if files.get(name) != others.get(name)}
