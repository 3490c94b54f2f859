"""Domains whose code was not what linter and formatter want, until random ones brought it up."""

from pathlib import Path
from typing import Any

import pytest

from tests.rendering import assert_clean, copier

FOUND: dict[str, Any] = {
    # PostRead comes before PostRLink: imports are sorted without regard to capitals.
    "classes that differ in capitals": {
        "post": {"relations": {"r": {"to": "tag", "kind": "many_to_many"}}},
        "tag": {"fields": {"name": "str"}},
    },
    # A number of a thousand places fits no line.
    "decimals with many places": {
        "post": {
            "fields": {
                "size": {
                    "type": "decimal",
                    "precision": 1000,
                    "scale": 1000,
                    "gt": -0.6065,
                    "le": 0.0338,
                    "unique": True,
                }
            }
        }
    },
}


@pytest.mark.parametrize("name", FOUND)
def test_found(tmp_path: Path, template: Path, name: str) -> None:
    assert_clean(copier(template, tmp_path / "project", {"entities": FOUND[name]}))
