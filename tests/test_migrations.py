"""Migrations of domains that change, in projects of the default variant."""

import itertools
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.environment import Commands
from tests.rendering import copier

# Text with a meaning in SQL, in SQLAlchemy's text, to the driver or in regular expressions.
AWKWARD = ["a :b", "it's", "p50%", "x::y z :q::r", "back\\slash"]
PATTERNS = [r"^\d+%$", "^(?:a|b's)$", r"^\(?:\d+$", "^[(?:]+$", r"^\\:\:c$", "^[[:alpha:]]+$"]

# Fields by their type, with a default if there can be one.
FIELDS: dict[str, dict[str, Any]] = {
    "str": {"default": "a"},
    "text": {"default": "it's"},
    "int": {"default": 0},
    "float": {"default": 0.5},
    "decimal": {"default": 1.5},
    "bool": {"default": True},
    "date": {"default": "2024-02-29"},
    "datetime": {"default": "2024-02-29T12:00:00Z"},
    "time": {"default": "12:30"},
    "uuid": {"default": "00000000-0000-4000-8000-000000000001"},
    "json": {"default": {}},
    "enum": {"values": ["a", "b"], "default": "b"},
    "email": {},
    "url": {},
}

# One process for many steps saves imports, and starts of the server.
STEPS = """
import json, pathlib, psycopg, sys
from alembic.config import main
from my_blog.db.embedded import embedded_url

url = embedded_url(pathlib.Path(".postgres"))
results = []
for step in sys.argv[1:]:
    if step.startswith("alembic "):
        main(step.split()[1:])
        continue
    with psycopg.connect(url) as connection:
        cursor = connection.execute(step)
        results += [cursor.fetchall()] if cursor.description else []
print(json.dumps(results))
"""


def run(commands: Commands, *steps: str) -> Any:
    """Run commands of Alembic and SQL in a project; return the rows of each SELECT."""
    return json.loads(commands.run("python", "-c", STEPS, *steps).stdout.splitlines()[-1])


def migrate(message: str) -> list[str]:
    """Return the steps that write a migration from the models, and apply it."""
    revision = f"alembic revision --autogenerate -m {message}"
    return [revision, "alembic upgrade head", "alembic check"]


def test_values_of_an_enum(template: Path, tmp_path: Path) -> None:
    project = copier(template, tmp_path / "my-blog", {})
    commands = Commands(project)
    user = "INSERT INTO users (email, name) VALUES ('a@example.com', 'A')"
    post = "INSERT INTO posts (title, body, author_id, status) SELECT 'T', 'B', id, '{}' FROM users"
    run(commands, *migrate("initial"), user, post.format("draft"))

    module = project / "src" / "my_blog" / "models" / "post.py"
    before = module.read_text()
    member = '    PUBLISHED = "published"\n'
    module.write_text(before.replace(member, member + '    ARCHIVED = "archived"\n'))
    output = commands.run("nox", "-s", "migrations", "--", "archived").stdout
    assert "CHECK (status IN ('draft', 'published', 'archived'));" in output
    with pytest.raises(AssertionError, match="ck_posts_status"):
        run(commands, post.format("archived"))
    statuses = "SELECT status FROM posts ORDER BY status"
    steps = ["alembic upgrade head", "alembic check", post.format("archived"), statuses]
    assert run(commands, *steps) == [[["archived"], ["draft"]]]

    steps = ["DELETE FROM posts WHERE status = 'archived'", "alembic downgrade -1"]
    with pytest.raises(AssertionError, match="ck_posts_status"):
        run(commands, *steps, post.format("archived"))
    remove_migration(project, "archived")
    module.write_text(before)
    assert run(commands, "alembic check", statuses) == [[["draft"]]]


def test_text_comes_through_as_it_is(template: Path, tmp_path: Path) -> None:
    """Fields come and go, with values, patterns and defaults that are hard to quote."""
    fields: dict[str, Any] = {"name": "str"}
    entities = {"thing": {"fields": fields}}
    project = copier(template, tmp_path / "my-blog", {"entities": entities})
    src = project / "src"
    shutil.copytree(src, tmp_path / "old")
    commands = Commands(project)
    run(commands, *migrate("initial"), "INSERT INTO things (name) VALUES ('a')")

    fields["kind"] = {"type": "enum", "values": AWKWARD, "default": AWKWARD[0]}
    fields["note"] = {"type": "str", "default": " ".join(AWKWARD)}
    for number, pattern in enumerate(PATTERNS):
        fields[f"code{number}"] = {"type": "str", "pattern": pattern, "optional": True}
    new = copier(template, tmp_path / "new", {"entities": entities}) / "src"
    replace(src, new)
    checks = (
        "SELECT pg_get_constraintdef(oid, true) FROM pg_constraint"
        " WHERE conname LIKE 'ck_things_code%' ORDER BY conname"
    )
    updates = [f"UPDATE things SET kind = {quoted(value)}" for value in AWKWARD]
    steps = ["SELECT kind, note FROM things", checks, *updates]
    expected = [
        [[AWKWARD[0], " ".join(AWKWARD)]],
        [
            [f"CHECK (code{number}::text ~ {quoted(pattern)}::text)"]
            for number, pattern in enumerate(PATTERNS)
        ],
    ]
    assert run(commands, *migrate("more"), *steps) == expected
    script = commands.run("alembic", "upgrade", "base:head", "--sql").stdout
    assert all(quoted(text) in script for text in AWKWARD + PATTERNS)

    # What a migration removes, its downgrade restores from the words of the database.
    replace(src, tmp_path / "old")
    assert run(commands, *migrate("fewer"), checks, "alembic downgrade -1", *steps) == [
        [],
        *expected,
    ]
    remove_migration(project, "fewer")
    replace(src, new)
    run(commands, "alembic check")


def test_each_type_becomes_each_other(template: Path, tmp_path: Path) -> None:
    """With a default before, after, both times and never."""
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for had in (True, False):
        for has in (True, False):
            entity = f"thing_{had:d}{has:d}"
            before[entity] = {"fields": {}}
            after[entity] = {"fields": {}}
            for old, new in itertools.permutations(FIELDS, 2):
                before[entity]["fields"][f"{old}_{new}"] = of_type(old, had)
                after[entity]["fields"][f"{old}_{new}"] = of_type(new, has)
    project = copier(template, tmp_path / "my-blog", {"entities": before})
    new_src = copier(template, tmp_path / "new", {"entities": after}) / "src"
    commands = Commands(project)
    run(commands, *migrate("initial"))
    shutil.copytree(project / "src", tmp_path / "old")
    replace(project / "src", new_src)
    run(commands, *migrate("others"), "alembic downgrade -1")
    remove_migration(project, "others")
    replace(project / "src", tmp_path / "old")
    run(commands, "alembic check")


def of_type(name: str, has_default: bool) -> dict[str, Any]:
    """Return a field of a type."""
    field = {"type": name} | FIELDS[name]
    return field if has_default else {key: field[key] for key in field if key != "default"}


def test_pattern_that_postgresql_does_not_know(template: Path, tmp_path: Path) -> None:
    entities = {"thing": {"fields": {"code": {"type": "str", "pattern": r"^\p{L}+$"}}}}
    project = copier(template, tmp_path / "my-blog", {"entities": entities})
    arguments = ["alembic", "revision", "--autogenerate", "-m", "initial"]
    process = Commands(project).run(*arguments, check=False)
    assert process.returncode != 0
    message = r"FAILED: thing.code: the pattern '^\\p{L}+$' is not valid in PostgreSQL: invalid"
    assert message in " ".join(process.stdout.split())
    assert list(project.glob("migrations/versions/*.py")) == []


def quoted(text: str) -> str:
    """Return text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def remove_migration(project: Path, message: str) -> None:
    """Remove a migration that was downgraded."""
    (path,) = project.glob(f"migrations/versions/*_{message}_*.py")
    path.unlink()


def replace(folder: Path, other: Path) -> None:
    """Replace a folder by a copy of another."""
    shutil.rmtree(folder)
    shutil.copytree(other, folder)
