"""The lists in includes/reserved.jinja hold what Python reserves."""

import keyword
import re
import sys
import tomllib
from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader
from sqlmodel import SQLModel

from tests.rendering import REPOSITORY, copier

RESERVED = (
    Environment(loader=FileSystemLoader(REPOSITORY))
    .get_template("includes/reserved.jinja")
    .make_module()
)


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
    prefixes = tuple(RESERVED.attribute_prefixes)  # type: ignore[attr-defined]
    attributes = {name for name in dir(SQLModel) if not name.startswith(("_", *prefixes))}
    # The registry is that of SQLAlchemy: a mapped class may not have a column of that name.
    assert set(RESERVED.attributes) == attributes | {"registry"}  # type: ignore[attr-defined]


def test_commands_are_reserved(tmp_path: Path, template: Path) -> None:
    project = copier(template, tmp_path / "project", {})
    hooks = re.findall("entry: uv run ([a-z-]+)", (project / ".pre-commit-config.yaml").read_text())
    sessions = re.findall(r'run\(\s*session,\s*"([a-z]+)"', (project / "noxfile.py").read_text())
    used = {"python", "nox", "pre-commit", *hooks, *sessions}
    assert set(RESERVED.commands) == used  # type: ignore[attr-defined]


def test_dependencies_are_reserved(tmp_path: Path, template: Path) -> None:
    pyproject = copier(template, tmp_path / "project", {}) / "pyproject.toml"
    project = tomllib.loads(pyproject.read_text())
    requirements = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    modules = {
        requirement.split(">")[0].split("[")[0].replace("-", "_") for requirement in requirements
    }
    # A distribution without a module of that name.
    assert modules - {"pre_commit_hooks"} <= set(RESERVED.project_modules)  # type: ignore[attr-defined]
