"""Projects that live: edited by hand, scaffolded, updated."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from tests.rendering import BIN, commit, git
from tests.updates.changes import as_yaml

VERSION = "v1.0.0"
OWNER = "org"


class Project:
    """A rendered project, in a git repository of its own."""

    def __init__(self, path: Path) -> None:
        """Commit the project as it was generated."""
        self.path = path
        git(path, "init", "--quiet")
        commit(path, "As generated")

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace text in a file that occurs there once."""
        path = self.path / name
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{name} has this {text.count(old)} times: {old}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    def append(self, name: str, text: str) -> None:
        """Add text to the end of a file."""
        with (self.path / name).open("a", encoding="utf-8") as file:
            file.write(text)

    def read(self, name: str) -> str:
        """Return the text of a file."""
        return (self.path / name).read_text(encoding="utf-8")

    def commit(self) -> None:
        """Commit everything."""
        commit(self.path)

    def status(self) -> dict[str, str]:
        """Return what changed since the last commit: the two letters of git, by path."""
        output = git(self.path, "status", "--porcelain", "--untracked-files=all")
        return {line[3:]: line[:2] for line in output.splitlines()}

    def domain(self) -> dict[str, Any]:
        """Return the entities in schema.yml."""
        entities: dict[str, Any] = yaml.safe_load(self.read("schema.yml"))["entities"]
        return entities

    def write_domain(self, entities: Any) -> None:
        """Write schema.yml and commit it."""
        (self.path / "schema.yml").write_text(as_yaml({"entities": entities}), encoding="utf-8")
        self.commit()

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
