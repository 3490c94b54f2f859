"""Renders the template with both tools, for tests."""

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent

VARIANT_QUESTIONS = ("concurrency", "primary_key", "pagination")

# Lines of .copier-answers.yml that say where the template came from: a path and a commit, which
# differ between a rendering from the work tree and one from a copy of it.
ORIGIN = (b"_commit: ", b"_src_path: ")


class RefusedError(Exception):
    """A tool refused to render; the message is what it printed."""


def snapshot(destination: Path) -> Path:
    """Copy the work tree, without what git ignores, to a git repository and return it.

    Cookiecutter copies the whole folder of a local template, here with all environments of nox.
    """
    listing = git(REPOSITORY, "ls-files", "--cached", "--others", "--exclude-standard", "-z")
    for name in listing.split("\0"):
        if name and (REPOSITORY / name).is_file():
            target = destination / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, target)
    git(destination, "init", "--quiet")
    commit(destination)
    return destination


def commit(repository: Path, message: str = "Snapshot") -> None:
    """Commit all that is in the work tree."""
    git(repository, "add", "--all")
    author = ["-c", "user.name=Tests", "-c", "user.email=tests@example.com"]
    git(repository, *author, "commit", "--quiet", "--message", message)


def git(repository: Path, *arguments: str) -> str:
    """Run git and return what it prints."""
    return subprocess.check_output(["git", *arguments], cwd=repository, text=True)


def copier(template: str | Path, destination: Path, answers: Mapping[str, Any]) -> Path:
    """Render with Copier into `destination` and return it. Raises RefusedError."""
    data = [f"--data={name}={_text(value)}" for name, value in answers.items()]
    _run("copier", "copy", "--quiet", "--defaults", *data, template, destination)
    return destination


def cookiecutter(template: str | Path, output: Path, answers: Mapping[str, Any]) -> Path:
    """Render with Cookiecutter below `output` and return the project. Raises RefusedError."""
    data = [f"{name}={_text(value)}" for name, value in answers.items()]
    _run("cookiecutter", "--no-input", "--output-dir", output, template, *data)
    (project,) = output.iterdir()
    return project


def tree(project: Path) -> dict[str, bytes]:
    """Return the files and folders of a project by path, without git and the template's origin."""
    files = {}
    for path in sorted(project.rglob("*")):
        name = path.relative_to(project).as_posix()
        if name.split("/")[0] == ".git":
            continue
        if path.is_dir():
            files[name + "/"] = b""
        else:
            files[name] = path.read_bytes()
    answers = files[".copier-answers.yml"].splitlines(keepends=True)
    files[".copier-answers.yml"] = b"".join(line for line in answers if not line.startswith(ORIGIN))
    return files


def assert_clean(project: Path) -> None:
    """Check that ruff finds nothing to say and nothing to format."""
    for command in (["check", "--no-cache"], ["format", "--check", "--no-cache"]):
        process = subprocess.run(
            [BIN / "ruff", *command],
            cwd=project,
            capture_output=True,
            text=True,
            check=False,
        )
        assert process.returncode == 0, process.stdout


def variant_answers(variant: str) -> dict[str, str]:
    """Return the answers that make a variant, from its name: `async-uuid7-cursor`."""
    return dict(zip(VARIANT_QUESTIONS, variant.split("-"), strict=True))


def example_answers(example: str) -> dict[str, str]:
    """Return the answers that make an example, from its name; the blog is the default domain."""
    if example == "blog":
        return {}
    schema = yaml.safe_load((REPOSITORY / "examples" / f"{example}.yml").read_text())
    return {"entities": json.dumps(schema["entities"], ensure_ascii=False)}


def _text(value: Any) -> str:
    # JSON is YAML, and both tools take the domain as YAML.
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _run(command: str, *arguments: str | Path) -> None:
    process = subprocess.run(
        [BIN / command, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    if process.returncode != 0:
        raise RefusedError(process.stderr + process.stdout)
