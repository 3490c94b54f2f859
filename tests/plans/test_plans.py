"""The lists of rendered projects read a page and little more, and each index is used."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from tests.environment import Commands
from tests.rendering import copier, example_answers, variant_answers

EXAMPLES = {
    "blog": "async-uuid7-cursor",
    "hr": "sync-uuid7-cursor",
    "school": "async-bigint-cursor",
    "shop": "async-uuid7-cursor",
    "tracker": "sync-bigint-cursor",
}

# What the examples do not have: a one-to-one with soft delete, and a boolean with an index.
LOCKERS = """
person:
  fields:
    name: str
locker:
  soft_delete: true
  fields:
    number: {type: int, unique: true}
    broken: {type: bool, default: false, index: true}
  relations:
    person: {to: person, kind: one_to_one, optional: true, on_delete: set_null}
"""


@pytest.mark.parametrize("example", EXAMPLES)
def test_example(template: Path, tmp_path: Path, example: str) -> None:
    answers = variant_answers(EXAMPLES[example]) | example_answers(example)
    check_plans(copier(template, tmp_path / "my-blog", answers))


def test_lockers(template: Path, tmp_path: Path) -> None:
    answers = {"entities": json.dumps(yaml.safe_load(LOCKERS))}
    check_plans(copier(template, tmp_path / "my-blog", answers))


def check_plans(project: Path) -> None:
    """Look at the plans of all lists of a project."""
    commands = Commands(project)
    commands.run("alembic", "revision", "--autogenerate", "-m", "initial")
    shutil.copy(Path(__file__).with_name("in_project.py"), project / "tests" / "test_plans.py")
    assert "1 passed" in commands.run("pytest", "-q", "tests/test_plans.py").stdout
