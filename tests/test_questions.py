"""copier.yml and cookiecutter.json ask the same."""

import json
from typing import Any

import pytest
import yaml

from tests.rendering import REPOSITORY

COPIER: dict[str, Any] = yaml.safe_load((REPOSITORY / "copier.yml").read_text())
COPIER_QUESTIONS = {
    name: question
    for name, question in COPIER.items()
    if not name.startswith("_") and question.get("when") is not False
}
COOKIECUTTER: dict[str, Any] = json.loads((REPOSITORY / "cookiecutter.json").read_text())
COOKIECUTTER_QUESTIONS = {
    name: answer for name, answer in COOKIECUTTER.items() if not name.startswith("_")
}


def test_same_questions_in_the_same_order() -> None:
    assert list(COPIER_QUESTIONS) == list(COOKIECUTTER_QUESTIONS)


@pytest.mark.parametrize("name", [name for name in COPIER_QUESTIONS if name != "entities"])
def test_same_prompt(name: str) -> None:
    assert COPIER_QUESTIONS[name]["help"] == COOKIECUTTER["__prompts__"][name]


def test_prompt_for_the_domain_names_the_examples() -> None:
    """The tools take files in ways of their own."""
    names = ", ".join(sorted(path.stem for path in (REPOSITORY / "examples").glob("*.yml")))
    for prompt in (COPIER_QUESTIONS["entities"]["help"], COOKIECUTTER["__prompts__"]["entities"]):
        assert prompt.startswith(f"The domain: an example ({names}) or ")
        assert len(prompt.splitlines()) == 2
        assert all(len(line) <= 80 for line in prompt.splitlines())


# The default of `entities` is the blog in both: the variants compare what comes of it.
@pytest.mark.parametrize("name", [name for name in COPIER_QUESTIONS if name != "entities"])
def test_same_default_and_choices(name: str) -> None:
    question, answer = COPIER_QUESTIONS[name], COOKIECUTTER_QUESTIONS[name]
    if isinstance(answer, list):
        # Cookiecutter's default is the first choice.
        assert (question["choices"], question["default"]) == (answer, answer[0])
    else:
        assert question["default"] == answer
        assert question["validator"]


def test_same_jinja_environment() -> None:
    options = COOKIECUTTER["_jinja2_env_vars"]
    # Cookiecutter always keeps trailing newlines and is always strict.
    always = {"keep_trailing_newline": True, "undefined": "jinja2.StrictUndefined"}
    assert COPIER["_envops"] == options | always


def test_copier_runs_no_code() -> None:
    assert not {"_tasks", "_migrations", "_jinja_extensions"} & set(COPIER)
