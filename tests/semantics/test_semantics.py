"""What the schema language says of references and unique lists holds in rendered projects."""

import re
import shutil
from pathlib import Path
from textwrap import indent

import pytest
import yaml

from tests.environment import Commands
from tests.language import TEXT
from tests.rendering import copier

DOMAIN = """
category:
  fields:
    name: str
    position: {type: int, optional: true}
  relations:
    parent: {to: category, inverse: children, optional: true}
  unique:
    - [parent, name]
    - {columns: [parent, position], nulls: distinct}
post:
  soft_delete: true
  fields:
    title: str
  relations:
    category: {to: category, optional: true}
    tags: {to: tag, kind: many_to_many}
  unique:
    - [category, title]
tag:
  soft_delete: true
  fields:
    name: str
comment:
  fields:
    body: text
  relations:
    post: {to: post}
    parent: {to: comment, inverse: replies, optional: true, on_delete: cascade}
note:
  soft_delete: true
  fields:
    body: text
  relations:
    post: {to: post}
"""

MIGRATION = '''"""no circle"""

from alembic import op

revision = "0000000c17c1"
down_revision = "{previous}"
branch_labels = None
depends_on = None


{recipe}'''


@pytest.mark.parametrize(
    "variant", [("async", "uuid7", "cursor"), ("sync", "bigint", "offset")], ids="-".join
)
def test_semantics(template: Path, tmp_path: Path, variant: tuple[str, str, str]) -> None:
    options = dict(zip(("concurrency", "primary_key", "pagination"), variant, strict=True))
    answers = options | {"entities": yaml.safe_load(DOMAIN)}
    project = copier(template, tmp_path / "my-blog", answers)
    (circle,) = recipes("### Trees")
    key, agreement, refer = recipes("### References that have to agree")

    start, more = key.splitlines(keepends=True)[0], key.splitlines(keepends=True)[:-2]
    model = project / "src" / "my_blog" / "models" / "comment.py"
    replace(model, f"    {start}", indent("".join(more), "    "))
    imported = "from sqlalchemy import "
    imports = f"{imported}ForeignKeyConstraint, UniqueConstraint\n{imported}"
    replace(model, imported, imports)
    imported = "from seeding.values import "
    rows = project / "tests" / "rows.py"
    replace(rows, imported, f"from my_blog.models.comment import Comment\n{imported}")
    rows.write_text(f"{rows.read_text()}\n\n{agreement}")
    test_comment = project / "tests" / "api" / "test_comment.py"
    imported = "from tests.api.scenarios import "
    replace(test_comment, imported, f"from sqlmodel import SQLModel\n\n{imported}")
    attributes = '    column = "parent_id"\n    to = COMMENT\n'
    replace(test_comment, attributes, f"{attributes}\n{indent(refer, '    ')}")

    commands = Commands(project)
    commands.run("ruff", "check", "tests")
    commands.run("mypy")
    commands.run("alembic", "revision", "--autogenerate", "-m", "initial")
    (first,) = project.glob("migrations/versions/*.py")
    (previous,) = re.findall(r'^revision\b.*"(\w+)"$', first.read_text(), re.MULTILINE)
    second = first.with_name("9_no_circle.py")
    second.write_text(MIGRATION.format(previous=previous, recipe=circle))
    shutil.copy(Path(__file__).with_name("in_project.py"), project / "tests" / "test_semantics.py")
    tests = ("tests/test_semantics.py", "tests/test_migrations.py", "tests/api")
    assert " passed" in commands.run("pytest", "-q", *tests).stdout


def recipes(section: str) -> list[str]:
    """Return the Python of a section of docs/schema-language.md."""
    text = TEXT.partition(f"\n{section}\n")[2].partition("\n##")[0]
    return re.findall(r"```python\n(.*?)```\n", text, re.DOTALL)


def replace(path: Path, old: str, new: str) -> None:
    """Replace what is in a file once."""
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))
