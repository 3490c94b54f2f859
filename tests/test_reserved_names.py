"""The lists in includes/reserved.jinja hold what Python and its packages reserve.

Modules of dependencies are compared where these are installed: tests/variants.
"""

import keyword
import re
import sys
from pathlib import Path

import pytest
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
    project = copier(template, tmp_path / "project", {})
    hooks = re.findall("entry: uv run ([a-z-]+)", (project / ".pre-commit-config.yaml").read_text())
    sessions = re.findall(r'run\(\s*session,\s*"([a-z]+)"', (project / "noxfile.py").read_text())
    used = {"python", "nox", "pre-commit", *hooks, *sessions}
    assert set(RESERVED.commands) == used
