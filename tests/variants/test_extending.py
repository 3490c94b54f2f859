"""What users add, as docs/extending.md says: its code goes into projects, which are then tested."""

import ast
import re
import subprocess
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.environment import Commands
from tests.rendering import REPOSITORY, copier

GUIDE = (REPOSITORY / "docs" / "extending.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# A new file is announced by its path, at the end of the paragraph before it.
NEW_FILE = re.compile(r"`([\w/]+\.py)`:\n\n```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)

IN_PROJECT = Path(__file__).with_name("in_extended_project.py")
CASES = [
    node.name
    for node in ast.parse(IN_PROJECT.read_text(encoding="utf-8")).body
    if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
]


@dataclass
class Extended:
    """A project with the code of the guide, and what became of the tests in it."""

    commands: Commands
    output: str
    # What failed, by test; empty where nothing did.
    results: dict[str, str]


@pytest.fixture(scope="module", params=["async", "sync"])
def extended(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    template: Path,
) -> Extended:
    """Return a project to which all code of the guide was added, after its tests have run."""
    folder = tmp_path_factory.mktemp("extended") / "my-blog"
    project = copier(template, folder, {"concurrency": request.param})
    subprocess.run(["git", "init", "--quiet"], cwd=project, check=True)
    for path, code in NEW_FILE.findall(GUIDE):
        assert not (project / path).exists()
        (project / path).write_text(written_for(request.param, code))
    for language, text in BLOCK.findall(GUIDE):
        if language == "diff":
            change = written_for(request.param, text)
            subprocess.run(["git", "apply"], cwd=project, input=change, text=True, check=True)
    tests = written_for(request.param, IN_PROJECT.read_text(encoding="utf-8"))
    (project / "tests" / "test_extended.py").write_text(tests)

    commands = Commands(project)
    commands.run("alembic", "revision", "--autogenerate", "-m", "initial")
    report = project / "report.xml"
    arguments = [
        "tests/test_extended.py",
        "tests/api",
        "tests/test_plans.py",
        "tests/test_rooms.py",
    ]
    process = commands.run("pytest", "-q", f"--junitxml={report}", *arguments, check=False)
    results = {}
    for case in ElementTree.parse(report).iter("testcase"):
        failures = [each.text for each in case if each.tag in ("failure", "error", "skipped")]
        results[f"{case.get('classname')}.{case.get('name')}"] = "\n".join(map(str, failures))
    return Extended(commands, process.stdout, results)


def written_for(concurrency: str, code: str) -> str:
    """Return the code of a guide for async projects as it is in one of the other kind."""
    return code if concurrency == "async" else re.sub(r"\b(async|await) ", "", code)


def test_all_code_of_the_guide_is_used() -> None:
    languages = [language for language, _ in BLOCK.findall(GUIDE)]
    assert languages.count("python") == len(NEW_FILE.findall(GUIDE))
    assert set(languages) == {"python", "diff", "text"}


@pytest.mark.parametrize("case", CASES)
def test_case(extended: Extended, case: str) -> None:
    failure = extended.results[f"tests.test_extended.{case}"]
    assert not failure, failure


def test_tests_of_the_project(extended: Extended) -> None:
    """The endpoints that there were work as before."""
    failed = {name: text for name, text in extended.results.items() if text}
    assert [name for name in failed if "test_extended" not in name] == [], extended.output
    assert sum("tests.api." in name for name in extended.results) > 100


def test_what_no_index_serves_is_seen(extended: Extended) -> None:
    """Without the index and the exception of the guide, a test of the project fails."""
    models = extended.commands.project / "src" / "my_blog" / "models" / "post.py"
    plans = extended.commands.project / "tests" / "test_plans.py"
    kept = {path: path.read_text() for path in (models, plans)}
    for path, added in ((models, 'Index(None, "views", "id"),'), (plans, '{("/posts", "words")}')):
        assert kept[path].count(added) == 1
        path.write_text(kept[path].replace(added, "" if path == models else "set()"))
    try:
        process = extended.commands.run("pytest", "-q", "tests/test_plans.py", check=False)
    finally:
        for path, code in kept.items():
            path.write_text(code)
    for sort in ("views", "-views"):
        advice = "Declare it in schema.yml: indexes: [[views]]"
        assert f"GET /posts?sort={sort} reads 400 rows. {advice}" in process.stdout
    assert "add ('/posts', 'words') to UNSERVED" in process.stdout


def test_errors_are_those_of_the_guide(extended: Extended) -> None:
    """What the guide shows of errors is what the package says."""
    package = extended.commands.project / "src" / "my_blog"
    code = "".join(path.read_text() for path in package.rglob("*.py"))
    hint = "take a WriteSession: it has one transaction for all statements"
    (errors,) = [text for language, text in BLOCK.findall(GUIDE) if "RuntimeError" in text]
    for error in errors.splitlines():
        message = error.removeprefix("RuntimeError: ").replace(hint, "{USE_WRITE_SESSION}")
        assert f'"{message}"' in code
    assert f'"{hint}"' in code


def test_style(extended: Extended) -> None:
    for command in (["check"], ["format", "--check"]):
        extended.commands.run("ruff", *command, "src", "tests/api")


def test_types(extended: Extended) -> None:
    extended.commands.run("mypy")
