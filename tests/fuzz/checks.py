"""Renders a case and checks the project, in the environment that all rendered projects share."""

import os
import re
import shutil
import subprocess
import tempfile
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from threading import Lock
from typing import Any

from copier import run_copy

from tests.environment import MEMORY, MYPY_CACHE, RENDERED, Commands, environment
from tests.fuzz.cases import Case
from tests.rendering import RefusedError, cookiecutter, tree

# Checks of a case, in this order. The migration is made on the way to the tests, and then
# belongs to what is linted and type-checked.
CHECKS = ("render", "cookiecutter", "migration", "tests", "ruff", "format", "mypy")

# What a project needs depends on its fields. The asynchronous variant, which is the default, needs
# what the other does, and more.
NEEDS_MOST = "{item: {fields: {owner: email, code: {type: str, pattern: '^[a-z]+$'}}}}"

NO_MIGRATION = 100  # an exit code that pytest does not have
TIMEOUT = 300  # seconds, for one command
LAST_LINES = 80  # of what a command prints


@dataclass
class Outcome:
    """What came of a case."""

    project: Path
    failures: dict[str, str] = field(default_factory=dict)  # output, by check
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def measured(self, check: str) -> Iterator[None]:
        """Measure a check."""
        start = time.monotonic()
        yield
        self.seconds[check] = time.monotonic() - start


class Checker:
    """Checks cases, a few at the same time."""

    def __init__(self, template: Path, directory: Path, workers: int) -> None:
        """Render from `template` to folders of `directory`."""
        self.template = template
        self.directory = directory
        self.rendering = Lock()
        # mypy may not share its cache with another process; caches are kept for the next run.
        self.mypy_caches: SimpleQueue[Path] = SimpleQueue()
        for number in range(workers):
            self.mypy_caches.put(MYPY_CACHE.with_name(f"rendered-mypy-gw{number}"))
        Commands(self.copier(directory / "environment", {"entities": NEEDS_MOST}))

    def copier(self, folder: Path, answers: Mapping[str, Any]) -> Path:
        """Render with Copier in this process, which takes half the time of a new one."""
        project = folder / "my-blog"
        with self.rendering:
            run_copy(
                str(self.template),
                project,
                data=dict(answers),
                defaults=True,
                quiet=True,
                vcs_ref="HEAD",  # which it would take anyway, with a warning
            )
        return project

    def check(self, name: str, case: Case, only: str | None = None, both: bool = False) -> Outcome:
        """Run all checks, or `only` one with what it needs; `both`: by both tools."""
        folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.directory))
        outcome = Outcome(folder / "my-blog")
        with outcome.measured("render"):
            try:
                self.copier(folder, case.answers())
            except Exception:
                outcome.failures["render"] = traceback.format_exc(limit=-3)
                return outcome
        if both:
            with outcome.measured("cookiecutter"):
                self.check_cookiecutter(folder, case, outcome)
        if only in (None, "migration", "tests"):
            with outcome.measured("tests"):
                self.check_tests(outcome, only)
        if only in (None, "ruff"):
            self.check_command(outcome, "ruff", "check")
        if only in (None, "format"):
            self.check_command(outcome, "format", "format", "--diff", tool="ruff")
        if only in (None, "mypy"):
            self.check_command(outcome, "mypy")
        if not outcome.failures:
            shutil.rmtree(folder)
        return outcome

    def check_cookiecutter(self, folder: Path, case: Case, outcome: Outcome) -> None:
        """Compare with what the other tool renders."""
        output = folder / "cookiecutter"
        output.mkdir()
        answers = {name: _as_jinja(text) for name, text in case.answers().items()}
        try:
            # Cookiecutter copies the template with its .git, in which Copier's git locks the index.
            with self.rendering:
                project = cookiecutter(self.template, output, answers)
        except RefusedError as error:
            outcome.failures["cookiecutter"] = _last_lines(str(error))
            return
        files = tree(project)
        expected = tree(outcome.project)
        different = [
            name for name in sorted({*files, *expected}) if files.get(name) != expected.get(name)
        ]
        if different:
            outcome.failures["cookiecutter"] = "These differ: " + ", ".join(different)

    def check_tests(self, outcome: Outcome, only: str | None) -> None:
        """Make the first migration and run the tests of the project."""
        memory = MEMORY if os.access(MEMORY, os.W_OK) else None
        scratch = Path(tempfile.mkdtemp(prefix="fuzz-", dir=memory))
        script = Path(__file__).with_name("in_project.py")
        try:
            arguments = [str(script), str(scratch), str(NO_MIGRATION)]
            if only == "migration":
                arguments.append("no-tests")
            code, output = self.run(outcome.project, "python", *arguments)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        if code:
            outcome.failures["migration" if code == NO_MIGRATION else "tests"] = output

    def check_command(
        self, outcome: Outcome, check: str, *arguments: str, tool: str | None = None
    ) -> None:
        """Run a tool in the project."""
        with outcome.measured(check):
            code, output = self.run(outcome.project, tool or check, *arguments)
        if code:
            outcome.failures[check] = output

    def run(self, project: Path, command: str, *arguments: str) -> tuple[int, str]:
        """Run a command of the shared environment; return its exit code and what it prints."""
        mypy_cache = self.mypy_caches.get()
        try:
            process = subprocess.run(
                [RENDERED / "bin" / command, *arguments],
                cwd=project,
                env=environment(project, mypy_cache),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
                timeout=TIMEOUT,
            )
        except subprocess.TimeoutExpired:
            return -1, f"{command} took more than {TIMEOUT} seconds"
        finally:
            self.mypy_caches.put(mypy_cache)
        return process.returncode, _last_lines(process.stdout)


def kind_of_failure(output: str) -> str:
    """Return the last thing in `output` that names an error: a class of Python, a rule of a linter.

    Small schemas are to fail as the large one does, not in any way at all.
    """
    names = re.findall(r"\b\w+(?:Error|Warning)\b|\b[A-Z]{1,4}[0-9]{3}\b|\[[a-z-]{4,}\]", output)
    return names[-1] if names else ""


def _as_jinja(text: str) -> str:
    """Return a template that renders to `text`: Cookiecutter takes answers for such."""
    return re.sub(r"\{(?=[{%#])", "{{ '{' }}", text)


def _last_lines(output: str) -> str:
    return "\n".join(output.splitlines()[-LAST_LINES:])
