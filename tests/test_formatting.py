"""Domains whose code was not what linter and formatter want, until random ones brought it up."""

from pathlib import Path
from typing import Any

import pytest

from tests.environment import Commands
from tests.rendering import assert_clean, copier

WORDS = ["pass", "password", "passwd", "pwd", "token", "secret", "tmp", "a/tmp/x"]

FOUND: dict[str, Any] = {
    # PostRead comes before PostRLink: imports are sorted without regard to capitals.
    "classes that differ in capitals": {
        "post": {"relations": {"r": {"to": "tag", "kind": "many_to_many"}}},
        "tag": {"fields": {"name": "str"}},
    },
    # Ruff suspects secrets, addresses and temporary files.
    "names and values that look like secrets": {
        "token": {
            "description": "/tmp/x",
            "fields": {
                "password": {"type": "str", "default": "hunter2", "index": True},
                "secret": {"type": "enum", "values": WORDS, "default": "pass", "index": True},
                "pwd": {"type": "str", "default": "x", "access": "internal"},
                "host": {"type": "str", "default": "0.0.0.0", "description": "0.0.0.0"},
                "folder": {"type": "str", "default": "/tmp/uploads", "access": "read_only"},
                "file": {"type": "text", "default": "/dev/shm/x", "optional": True},
                "passphrase": {"type": "str", "pattern": "^[a-z]+$", "unique": True},
            },
            "relations": {"secret_of": {"to": "password", "description": "/var/tmp/x"}},
        },
        "password": {"fields": {"token": {"type": "bool", "default": True}}},
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


def test_name_and_description_like_an_address_and_a_file(tmp_path: Path, template: Path) -> None:
    answers = {"project_name": "0.0.0.0", "project_slug": "project", "description": "/tmp/x"}
    assert_clean(copier(template, tmp_path / "project", answers))


def test_migration_of_what_looks_like_secrets(tmp_path: Path, template: Path) -> None:
    """The first migration, and one that changes all of it."""
    entities = FOUND["names and values that look like secrets"]
    project = copier(template, tmp_path / "my-blog", {"entities": entities})
    commands = Commands(project)
    commands.run("nox", "-s", "migrations")
    (model,) = project.glob("src/*/models/token.py")
    model.write_text(model.read_text().replace("hunter2", "/tmp/x").replace("/tmp/uploads", "::"))
    commands.run("nox", "-s", "migrations", "--", "other values")
    assert len(list(project.glob("migrations/versions/*.py"))) == 2
    assert_clean(project)
