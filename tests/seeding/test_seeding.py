"""`nox -s seed` fills tables of any schema, and of models that were changed by hand."""

import shutil
from pathlib import Path

import pytest
import yaml

from tests.environment import Commands
from tests.fields.test_fields import HARD
from tests.rendering import copier


@pytest.mark.parametrize(
    "variant", [("async", "uuid7", "cursor"), ("sync", "bigint", "offset")], ids="-".join
)
def test_seeding(template: Path, tmp_path: Path, variant: tuple[str, str, str]) -> None:
    options = dict(zip(("concurrency", "primary_key", "pagination"), variant, strict=True))
    fields = {f"field{number}": field for number, field in enumerate(HARD)}
    answers = options | {"entities": yaml.safe_dump({"item": {"fields": fields}})}
    project = copier(template, tmp_path / "my-blog", answers)
    shutil.copy(Path(__file__).with_name("in_project.py"), project / "tests" / "test_by_hand.py")
    commands = Commands(project)
    commands.run("alembic", "revision", "--autogenerate", "-m", "initial")
    # Of the tests of the project one is enough: long texts that match a pattern take their time.
    for tests in (["tests/test_seed.py", "-k", "tables_have_rows"], ["tests/test_by_hand.py"]):
        assert " passed" in commands.run("pytest", "-q", *tests).stdout
