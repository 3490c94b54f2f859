"""Statements of rendered projects, with a field of each type."""

import json
import shutil
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from tests.environment import Commands
from tests.rendering import copier, variant_answers
from tests.schemas import TYPES

VALUES = ["draft", "in progress", "it's 100% \\ ok: ü"]


def field(type_: str, **keys: Any) -> dict[str, Any]:
    """Return a field; all that can be one are filters of the list."""
    values = {"values": VALUES} if type_ == "enum" else {}
    index = {} if type_ == "json" else {"index": True}
    return {"type": type_, **values, **index, **keys}


ENTITIES = {
    "specimen": {
        "fields": {
            **{f"a_{type_}": field(type_) for type_ in TYPES},
            **{f"some_{type_}": field(type_, optional=True) for type_ in TYPES},
            "a_price": {"type": "decimal", "precision": 8, "scale": 3},
        },
    },
    "label": {
        "fields": {"name": {"type": "str", "unique": True}},
        "relations": {"specimen": {"to": "specimen", "optional": True}},
    },
    "post": {
        "soft_delete": True,
        "fields": {"title": {"type": "str", "max_length": 10}},
        "relations": {"labels": {"to": "label", "kind": "many_to_many"}},
    },
}


@pytest.fixture(scope="module", params=["async-uuid7-cursor", "sync-bigint-offset"])
def commands(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, template: Path
) -> Commands:
    """Return what runs commands in a project with the tests of this folder."""
    folder = tmp_path_factory.mktemp("statements") / "my-blog"
    answers = variant_answers(request.param) | {"entities": json.dumps(ENTITIES)}
    project = copier(template, folder, answers)
    for path in Path(__file__).parent.glob("*_in_project.py"):
        name = path.stem.removesuffix("_in_project")
        shutil.copy(path, project / "tests" / f"test_of_{name}.py")
    commands = Commands(project)
    commands.run("alembic", "revision", "--autogenerate", "-m", "initial")
    return commands


@pytest.mark.parametrize("name", ["types", "requests"])
def test_statements(commands: Commands, name: str) -> None:
    # Rendered projects do without Hypothesis.
    environment = ["--with", f"hypothesis=={hypothesis.__version__}", "python", "-m"]
    commands.run(*environment, "pytest", "-q", f"tests/test_of_{name}.py")
