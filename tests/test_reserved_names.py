"""The lists in includes/reserved.jinja hold what Python and its packages reserve.

Modules of dependencies are compared where these are installed: tests/variants.
"""

import keyword
import re
import sys
from pathlib import Path

import pytest
import yaml
from sqlmodel import SQLModel

from tests.rendering import copier
from tests.reserved import RESERVED


@pytest.mark.parametrize(
    ("name", "reserved"),
    [
        ("keywords", keyword.kwlist),
        (
            "standard_library",
            [name for name in sys.stdlib_module_names if not name.startswith("_")],
        ),
    ],
)
def test_complete(name: str, reserved: list[str]) -> None:
    assert set(reserved) <= set(getattr(RESERVED, name))


def test_attributes_of_models_are_reserved() -> None:
    prefixes = tuple(RESERVED.attribute_prefixes)
    attributes = {name for name in dir(SQLModel) if not name.startswith(("_", *prefixes))}
    # The registry is that of SQLAlchemy: a mapped class may not have a column of that name.
    assert set(RESERVED.attributes) == attributes | {"registry"}


def test_commands_are_reserved(tmp_path: Path, template: Path) -> None:
    """The command of the project comes before those that it uses, wherever it says so."""
    project = copier(template, tmp_path / "project", {})
    used = {"python", "git", "uv", "sh"}
    for path in [*project.glob("*.md"), *project.glob("docs/*.md")]:
        for block in re.findall(r"```sh\n(.*?)```", path.read_text(), re.DOTALL):
            used |= commands(block)
    for path in project.glob(".github/workflows/*.yml"):
        jobs = yaml.safe_load(path.read_text())["jobs"].values()
        for step in [step for job in jobs for step in job["steps"]]:
            used |= commands(step.get("run", ""))
    for hook in yaml.safe_load((project / ".pre-commit-config.yaml").read_text())["repos"][0][
        "hooks"
    ]:
        used |= commands(hook["entry"])
    noxfile = (project / "noxfile.py").read_text()
    used |= set(re.findall(r'run\(\s*(?:session,\s*)?"([a-z-]+)"', noxfile))
    assert {"nox", "alembic", "fastapi", "pytest", "mypy", "ruff", "check-yaml"} <= used
    assert used - {"my-blog"} <= set(RESERVED.commands)


def commands(script: str) -> set[str]:
    """Return the commands that lines of a shell script begin with, or run with `uv run`."""
    found = set()
    for line in script.splitlines():
        words = [word for word in line.split() if not re.match("[A-Z_]+=", word)]
        if words[:2] == ["uv", "run"]:
            found |= {"uv", next(word for word in words[2:] if not word.startswith("-"))}
        else:
            found |= {word for word in words[:1] if re.fullmatch("[a-z][a-z-]*", word)}
    return found - {"if", "then", "else", "fi", "for", "do", "done", "exit", "test", "echo"}
