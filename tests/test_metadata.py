"""Whatever is accepted as free text, the project can be built, and says what was answered."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from hatchling.metadata.core import ProjectMetadata
from hatchling.metadata.spec import get_core_metadata_constructors
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from tests.validation import ENVIRONMENT, problems_of

PIECES = ['"', "'", '"""', "\\", "{{", "}}", "{%", "{#", "</script>", "<", ">", "@", ",", ";", "\n"]
PIECES += [
    "\t",
    "\r\n",
    " ",
    "#",
    ":",
    "- ",
    "$HOME",
    "%s",
    "\u202e",
    "\u200f",
    "\x85",
    "\0",
    "é",
    "日",
]
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=12).map("".join)
MAILBOX = st.text("ab.\"\\(),:;<>@[] +-_!'`é", min_size=1, max_size=8)
EMAILS = st.builds("{}@{}".format, MAILBOX, st.text("ab1.-_é[]", min_size=1, max_size=8))


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@example("x", "", "Ada", 'a"b\\@x')
@example("x", "y", 'Lovelace, Ada "the first" <x>', "ada+x@example.com")
@example("x" * 1000, "x" * 1000, "x" * 1000, "a@b")
@given(TEXTS, TEXTS, TEXTS, EMAILS | TEXTS | st.just(""))
def test_can_be_built(
    tmp_path: Path, project_name: str, description: str, author_name: str, author_email: str
) -> None:
    texts = {
        "project_name": project_name,
        "description": description,
        "author_name": author_name,
        "author_email": author_email,
    }
    for question in ("project_name", "description", "author_name"):
        assume(not problems_of(question, texts))
    if problems_of("author_email", texts):
        texts["author_email"] = ""
    answers = {
        "project_slug": "my-blog",
        "package_name": "my_blog",
        "license": "Proprietary",
        "python_version": "3.11",
        "concurrency": "async",
        "primary_key": "uuid7",
        "pagination": "cursor",
        "entities": "blog",
        "schema": [],
        "_copier_answers": {},
    }
    files = {
        name: ENVIRONMENT.get_template(f"template/{name}").render(answers | texts)
        for name in ("pyproject.toml", "README.md", ".copier-answers.yml")
    }
    (tmp_path / "README.md").write_text(files["README.md"], encoding="utf-8")

    metadata: ProjectMetadata[Any] = ProjectMetadata(
        str(tmp_path), None, tomllib.loads(files["pyproject.toml"])
    )
    assert "\nName: my-blog\n" in get_core_metadata_constructors()["2.4"](metadata)
    assert metadata.core.description == " ".join(description.split())
    assert tomllib.loads(files["pyproject.toml"])["project"]["authors"][0]["name"] == " ".join(
        author_name.split()
    )
    assert texts.items() <= yaml.safe_load(files[".copier-answers.yml"]).items()


@pytest.mark.parametrize(
    "email",
    ["ada@example.com", "ada.b+c@sub.example.org", "o'neil@localhost", "a_b-c!#$%&*/=?^`{|}~@x.y"],
)
def test_ordinary_addresses_are_accepted(email: str) -> None:
    assert problems_of("author_email", {"author_email": email}) == []
