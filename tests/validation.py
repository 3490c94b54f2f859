"""Validates domains in-process, which takes milliseconds; tests/rendering.py runs the tools."""

from typing import Any

import yaml
from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from tests.rendering import REPOSITORY

OPTIONS: dict[str, Any] = yaml.safe_load((REPOSITORY / "copier.yml").read_text())["_envops"]

# As Copier does it. tests/test_questions.py checks that Cookiecutter has the same options.
ENVIRONMENT = SandboxedEnvironment(
    loader=FileSystemLoader(REPOSITORY),
    **OPTIONS | {"undefined": StrictUndefined},
)
ENVIRONMENT.filters["from_yaml"] = yaml.safe_load  # which Copier has
TEMPLATE = ENVIRONMENT.get_template("includes/validate.jinja")


def problems(entities: Any) -> list[str]:
    """Return what is wrong with the answer `entities`, a line per problem."""
    return problems_of("entities", {"entities": entities})


def problems_of(question: str, answers: dict[str, Any]) -> list[str]:
    """Return what is wrong with the answer to a question, a line per problem."""
    text = TEMPLATE.render(answers, question=question)
    return [line for line in text.splitlines() if line.strip()]
