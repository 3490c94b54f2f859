"""Defaults that follow from the project's name are valid, whatever it is, and the same in both tools."""

from pathlib import Path
from typing import Any

import pytest
from cookiecutter.exceptions import FailedHookException
from cookiecutter.prompt import render_variable
from cookiecutter.utils import create_env_with_context
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hooks import cookiecutter_adapter
from tests.rendering import REPOSITORY
from tests.reserved import RESERVED
from tests.test_questions import COOKIECUTTER, COPIER
from tests.validation import ENVIRONMENT, problems_of


@pytest.fixture
def cookiecutter_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lay the includes out as hooks/pre_prompt.py does."""
    (tmp_path / "includes").symlink_to(REPOSITORY / "includes")
    monkeypatch.setattr(cookiecutter_adapter, "TEMPLATES", tmp_path)
    cookiecutter_adapter.includes.cache_clear()


TAKEN = [
    *RESERVED.commands,
    *RESERVED.project_modules,
    *RESERVED.standard_library,
    *RESERVED.keywords,
    *RESERVED.special_modules,
]
NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=300) | st.sampled_from(TAKEN)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@example("Expense Tracker!?")
@example("ada's (v2)")
@example('C:\\"new" \\\\ {{ name }} {% x %}')
@example("2048")
@example("🎉 ¡日本!")
@example("- _--_ -")
@example("FastAPI")
@example("uv")
@example("test")
@example("class")
@example("a" * 300)
@example("a" * 35 + " b" * 9)
@example("A_b.c__d")
@given(NAMES)
def test_valid_whatever_the_name(cookiecutter_folders: None, name: str) -> None:
    answers: dict[str, Any] = {"project_name": name}
    if problems_of("project_name", answers):
        with pytest.raises(FailedHookException, match=r"^\nproject_name: "):
            by_cookiecutter("project_slug", answers)
        return
    for question in ("project_slug", "package_name"):
        default = ENVIRONMENT.from_string(COPIER[question]["default"]).render(answers)
        assert default == by_cookiecutter(question, answers)
        answers[question] = default
        assert problems_of(question, answers) == []


def by_cookiecutter(question: str, answers: dict[str, Any]) -> str:
    """Return the default that Cookiecutter shows."""
    options = {name: value for name, value in COOKIECUTTER.items() if name.startswith("_")}
    environment = create_env_with_context({"cookiecutter": options})
    default: str = render_variable(environment, COOKIECUTTER[question], answers)
    return default


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Expense Tracker!?", "expense-tracker"),
        ("ada's (v2)", "adas-v2"),
        ("Café Größe", "cafe-grosse"),
        ("2048", "app-2048"),
        ("日本", "app"),
        ("FastAPI", "fastapi-app"),
        ("snake_case.py", "snake-case-py"),
    ],
)
def test_readable(name: str, slug: str) -> None:
    template = ENVIRONMENT.from_string(COPIER["project_slug"]["default"])
    assert template.render(project_name=name) == slug


def test_only_names_that_are_taken_are_changed() -> None:
    template = ENVIRONMENT.from_string(COPIER["package_name"]["default"])
    assert template.render(project_slug="my-blog") == "my_blog"
    assert template.render(project_slug="class") == "class_app"
    assert template.render(project_slug="a-" * 25 + "b") == "a_" * 19 + "a"
