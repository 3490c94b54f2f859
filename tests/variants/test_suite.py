"""The tests of rendered projects: they find faults, and none needs what another one leaves."""

import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.environment import RENDERED, Commands, environment
from tests.rendering import copier, example_answers

PACKAGE = Path("src", "my_blog")
# Those of what requests do; the others test commands, settings and servers.
TESTS = ("tests/api", "tests/test_idempotency.py", "tests/test_transactions.py")


# A plugin of pytest. The same order in each run: what fails can be tried again.
SHUFFLE = """
import random

def pytest_collection_modifyitems(items):
    random.Random(1).shuffle(items)
"""


@dataclass(frozen=True)
class Fault:
    """A mistake that somebody could make: in a file of the package, `old` became `new`."""

    file: str
    old: str
    new: str


FAULTS = {
    "a filter is ignored": Fault(
        "data/selection.py",
        "(*self._where, *sent, *criteria, *self._others)",
        "(*self._where, *criteria, *self._others)",
    ),
    "the end of a range is left out": Fault(
        "data/filters.py", "col(column) <= value", "col(column) < value"
    ),
    "a deleted row is shown": Fault(
        "data/repository.py", "[*not_deleted(self.table), *self._where]", "[*self._where]"
    ),
    "a deleted row is deleted for good": Fault(
        "data/repository.py", 'if "deleted_at" not in self.table.c:', "if True:"
    ),
    "a deleted row is referred to": Fault(
        "data/references.py",
        'if not tables or "deleted_at" not in tables[0].c:',
        "if True:",
    ),
    "a row is listed under another one": Fault(
        "data/references.py", "and_(self.column == identifier, ", "and_(self.column.is_not(None), "
    ),
    "a constraint is not mapped": Fault(
        "http/errors.py", 'UNIQUE_VIOLATION = "23505"', 'UNIQUE_VIOLATION = "23599"'
    ),
    "a cursor is off by one": Fault(
        "data/sorting.py", "identifier < cursor if", "identifier <= cursor if"
    ),
    "rows without a value are left out": Fault(
        "data/sorting.py",
        "[row > cursor_row, self.value.is_(None)] if self.may_be_null",
        "[row > cursor_row] if self.may_be_null",
    ),
    "ties are not broken": Fault(
        "data/sorting.py", "else [self.value, self.identifier]", "else [self.value]"
    ),
    "a deleted row is included": Fault(
        "data/includes.py", "[*not_deleted(self._table), *self._include.where]", "[]"
    ),
    "too much is included": Fault(
        "data/includes.py", "items = rows[:MOST_INCLUDED]", "items = rows"
    ),
    "the author of another row is included": Fault(
        "data/includes.py",
        "by_key.get(row[self.own.name])",
        "next(iter(by_key.values()), None)",
    ),
    "an old version is changed": Fault(
        "data/repository.py",
        "update(self.table).where(*self._one(), *expected.criteria)",
        "update(self.table).where(*self._one())",
    ),
    "a page is too long": Fault(
        "data/repository.py", "items = rows[: query.limit]", "items = rows[: query.limit + 1]"
    ),
    "what is not sent changes": Fault(
        "data/repository.py", "data.model_dump(exclude_unset=True)", "data.model_dump()"
    ),
    "a change is not noted": Fault("models/base.py", ', "onupdate": func.now()', ""),
    "an internal field is read": Fault(
        "models/user.py",
        'class UserRead(UserBase, Compiled):\n    """What a client sees of a user."""\n',
        'class UserRead(UserBase, Compiled):\n    """What a client sees of a user."""\n\n'
        "    password_hash: str | None\n",
    ),
    "a field of the server is written": Fault(
        "models/task.py",
        'class TaskCreate(TaskBase, Strict):\n    """What a client sends to create a task."""\n',
        'class TaskCreate(TaskBase, Strict):\n    """What a client sends to create a task."""\n\n'
        "    done_at: AwareDatetime | None = None\n",
    ),
    "links are added, not replaced": Fault(
        "data/references.py", "await self._unlink_others.rows(session, values)", "pass"
    ),
    "a row is read twice": Fault(
        "data/repository.py",
        "        xmin = row.pop(XMIN)\n        if include:\n",
        '        await statement.row(session, {"id": identifier})\n'
        "        xmin = row.pop(XMIN)\n        if include:\n",
    ),
    "nothing is committed": Fault("http/attempt.py", "            await self._commit()\n", ""),
}


@pytest.fixture(scope="module")
def tested(tmp_path_factory: pytest.TempPathFactory, template: Path) -> Path:
    """Return a project with a migration. Its domain has what the faults are about."""
    folder = tmp_path_factory.mktemp("suite") / "my-blog"
    project = copier(template, folder, example_answers("tracker"))
    Commands(project).run("alembic", "revision", "--autogenerate", "-m", "initial")
    return project


def pytest_in(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run tests in one process."""
    return subprocess.run(
        [RENDERED / "bin" / "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=project,
        env=environment(project),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_are_found(tested: Path, tmp_path: Path, fault: str) -> None:
    project = tmp_path / "my-blog"
    shutil.copytree(tested, project)
    path = project / PACKAGE / FAULTS[fault].file
    code = path.read_text()
    assert code.count(FAULTS[fault].old) == 1
    path.write_text(code.replace(FAULTS[fault].old, FAULTS[fault].new))
    process = pytest_in(project, "--exitfirst", *TESTS)
    assert process.returncode == pytest.ExitCode.TESTS_FAILED, process.stdout
    assert "FAILED" in process.stdout  # a test, and no fixture


def test_order_does_not_matter(tested: Path) -> None:
    """Nor do the rows, the settings and the routes that other tests have left."""
    (tested / "shuffle.py").write_text(SHUFFLE)
    process = pytest_in(tested, "-p", "shuffle")
    assert process.returncode == 0, process.stdout
    (tested / "shuffle.py").unlink()


def test_each_file_runs_alone(tested: Path) -> None:
    files = sorted(str(path.relative_to(tested)) for path in tested.rglob("tests/**/test_*.py"))
    # Resources are named after entities, and have no tests.
    files = [file for file in files if "resources" not in file]
    assert len(files) > 20
    with ThreadPoolExecutor(2) as threads:
        processes = list(threads.map(pytest_in, [tested] * len(files), files))
    failed = [process.stdout for process in processes if process.returncode]
    assert not failed, "\n".join(failed)
