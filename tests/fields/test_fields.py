"""Values that the tests of a project make fit the rules of their fields, whatever these are."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from tests.environment import Commands
from tests.fuzz.cases import draw
from tests.rendering import copier
from tests.schemas import ALL
from tests.validation import problems

HARD: list[dict[str, Any]] = [
    {"type": "int"},
    {"type": "int", "ge": -(2**31), "le": 2**31 - 1},
    {"type": "int", "gt": 2**31 - 2},
    {"type": "int", "lt": -(2**31) + 3},
    {"type": "int", "ge": 7, "le": 7},
    {"type": "int", "gt": 1, "lt": 4},
    {"type": "float"},
    {"type": "float", "ge": -1e15, "le": 1e15},
    {"type": "float", "ge": 0.1, "le": 0.1},
    {"type": "float", "gt": 1, "lt": 1.0000000000000009},
    {"type": "float", "ge": 1e300},
    {"type": "float", "le": -1e300},
    {"type": "float", "ge": -1.7e308, "le": 1.7e308},
    {"type": "float", "gt": 0, "lt": 1e-320},
    {"type": "decimal"},
    {"type": "decimal", "ge": 0.1, "le": 0.1},
    {"type": "decimal", "gt": 0.1, "lt": 0.2},
    {"type": "decimal", "le": 0.5, "ge": -(10**400)},
    {"type": "decimal", "ge": 10**40 + 1, "le": 10**40 + 1},
    {"type": "decimal", "gt": 10**40},
    {"type": "decimal", "lt": 1e300},
    {"type": "decimal", "precision": 1},
    {"type": "decimal", "precision": 1, "scale": 1, "gt": 0.7},
    {"type": "decimal", "precision": 3, "scale": 2, "ge": 9.99},
    {"type": "decimal", "precision": 4, "scale": 2, "ge": 0.01, "le": 10.01},
    {"type": "decimal", "precision": 40, "scale": 30, "gt": 5.5},
    {"type": "decimal", "precision": 400, "scale": 2, "le": 10**300},
    {"type": "decimal", "precision": 1000, "scale": 1000, "ge": 0.01},
    {"type": "decimal", "precision": 1000, "scale": 1000, "gt": -0.6},
    {"type": "str"},
    {"type": "str", "max_length": 1},
    {"type": "text", "min_length": 5000, "max_length": 5000},
    {"type": "str", "min_length": 4, "max_length": 8, "pattern": "^[a-z]+$"},
    {"type": "str", "min_length": 1000, "pattern": "^[a-z]+$"},
    {"type": "str", "min_length": 40, "max_length": 40, "pattern": "^[a-z]+-[0-9]{2}$"},
    {"type": "str", "pattern": "^[a-f]{150}$"},
    {"type": "str", "pattern": "^[A-Z]{3}-[0-9]{4}$", "max_length": 8},
]
# Fields with rules, and nothing else.
RULES = replace(
    ALL,
    types=("int", "float", "decimal", "str", "text"),
    field_keys=frozenset(
        {"min_length", "max_length", "pattern", "ge", "gt", "le", "lt", "precision", "scale"}
    ),
    accesses=("read_write",),
    entities=1,
    relations=0,
    awkward_names=False,
)
DRAWN = 40  # random domains


def test_values_fit(template: Path, tmp_path: Path) -> None:
    fields = [*HARD]
    for index in range(DRAWN):
        (entity,) = draw(1, index, RULES).schema.values()
        fields += [
            {"type": rules} if isinstance(rules, str) else rules
            for rules in entity["fields"].values()
        ]
    domain = {"item": {"fields": {f"field_{number}": rules for number, rules in enumerate(fields)}}}
    assert problems(domain) == []
    project = copier(template, tmp_path / "my-blog", {"entities": yaml.safe_dump(domain)})
    shutil.copy(Path(__file__).with_name("in_project.py"), project / "tests" / "fields.py")
    Commands(project).run("python", "-m", "tests.fields")
