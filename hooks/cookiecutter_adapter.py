"""Give templates under Cookiecutter the names that they have under Copier.

The files of the template are written for Copier: answers go by their bare names, `entities` is a
mapping and `schema` is derived from it. A Jinja extension, which cookiecutter.json names, makes the
same files render under Cookiecutter.
"""

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from cookiecutter.exceptions import FailedHookException
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.ext import Extension
from jinja2.runtime import Context
from jinja2.utils import missing

# Cookiecutter changes the folder while it renders; a path to the template is relative to this one.
STARTED_IN = Path.cwd()


class CopierContext(Context):
    """Look a name that is not defined up among the answers."""

    def resolve_or_missing(self, key: str) -> Any:
        """Return the value of a name, as Copier would have it, or `missing`."""
        value = super().resolve_or_missing(key)
        if value is not missing or key == "cookiecutter":
            return value
        answers = super().resolve_or_missing("cookiecutter")
        if answers is missing:
            return missing
        if key == "entities":
            return parse(answers["entities"])
        if key == "schema":
            return schema(json.dumps(answers))
        if key == "_copier_answers":
            return origin(answers["_template"], answers["_repo_dir"])
        return answers.get(key, missing)


class CopierNames(Extension):
    """Jinja extension: bare names for answers, and `checked` to validate them."""

    def __init__(self, environment: Environment) -> None:
        """Change how the environment resolves names."""
        super().__init__(environment)
        environment.context_class = CopierContext
        environment.globals["checked"] = checked


def checked(answers: dict[str, Any]) -> dict[str, Any]:
    """Return the answers if all are valid.

    Raises FailedHookException, which Cookiecutter shows without a traceback, with a line per problem.
    """
    try:
        entities = parse(answers["entities"])
    except yaml.YAMLError as error:
        raise FailedHookException(f"entities: this is not YAML: {error}") from error
    validate = includes(answers["_repo_dir"]).get_template("includes/validate.jinja")
    problems = ""
    for question in answers:
        if not question.startswith("_"):
            context = {**answers, "entities": entities, "question": question}
            problems += validate.render(context)
    if problems.strip():
        raise FailedHookException("\n" + problems.strip())
    return answers


def parse(text: str) -> Any:
    """Return the answer `entities` as data. A whole schema file, with its key, will do as well."""
    answer = yaml.safe_load(text)
    if isinstance(answer, dict) and list(answer) == ["entities"]:
        return answer["entities"]
    return answer


@cache
def schema(answers_json: str) -> Any:
    """Return what Copier's hidden question `schema` holds."""
    answers = json.loads(answers_json)
    template = includes(answers["_repo_dir"]).get_template("includes/schema.jinja")
    return json.loads(template.render({**answers, "entities": parse(answers["entities"])}))


@cache
def includes(repository: str) -> Environment:
    """Return an environment for the includes, set up as in copier.yml."""
    return Environment(
        loader=FileSystemLoader(Path(repository) / "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


@cache
def origin(template: str, repository: str) -> dict[str, str]:
    """Return where the template came from, in the words of Copier; nothing if it is not in git.

    `template` is what Cookiecutter was asked for: a path, a URL or one of its abbreviations, of which
    Copier knows but some. `repository` is a copy of the clone, and knows the URL.
    """
    local = STARTED_IN / Path(template).expanduser()
    try:
        commit = git(repository, "describe", "--tags", "--always")
        if local.exists():
            return {"_commit": commit, "_src_path": str(local.resolve())}
        url = git(repository, "config", "remote.origin.url")
    except (OSError, subprocess.CalledProcessError):  # no git, or not a repository
        return {}
    # By one of these Copier knows the URL of a repository.
    return {"_commit": commit, "_src_path": url if url.endswith(".git") else f"git+{url}"}


def git(repository: str, *arguments: str) -> str:
    """Return what git prints."""
    command = ["git", "-C", repository, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
