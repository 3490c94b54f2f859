"""Give templates under Cookiecutter the names that they have under Copier.

The files of the template are written for Copier: answers go by their bare names, and `schema` is
derived from them. A Jinja extension, which cookiecutter.json names, makes the same files render under
Cookiecutter.
"""

import json
import os
import select
import shlex
import subprocess
import sys
from collections.abc import Hashable
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import yaml
from cookiecutter.exceptions import FailedHookException
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.ext import Extension
from jinja2.runtime import Context
from jinja2.utils import missing

if sys.platform != "win32":
    import termios

# Cookiecutter changes the folder while it renders; paths that users give are relative to this one.
STARTED_IN = Path.cwd()
TEMPLATES = Path(__file__).parents[1] / "templates"
QUIET_SECONDS = 0.2  # what is pasted arrives in less


class CopierContext(Context):
    """Look a name that is not defined up among the answers."""

    def __init__(
        self, environment: Environment, parent: dict[str, Any], *others: Any, **options: Any
    ) -> None:
        """Validate the newest answer if Cookiecutter is about to ask the next question."""
        super().__init__(environment, parent, *others, **options)
        answers = parent.get("cookiecutter", {})
        if answers and "_template" not in answers:  # which Cookiecutter adds after all questions
            validate(answers, list(answers)[-1:])

    def resolve_or_missing(self, key: str) -> Any:
        """Return the value of a name, as Copier would have it, or `missing`."""
        value = super().resolve_or_missing(key)
        if value is not missing or key == "cookiecutter":
            return value
        answers = super().resolve_or_missing("cookiecutter")
        if answers is missing:
            return missing
        if key == "entities":
            return read(answers["entities"])
        if key == "schema":
            return schema(json.dumps(answers))
        if key == "next_steps":
            return next_steps(Path(answers["_output_dir"], answers["project_slug"]))
        if key == "_copier_answers":
            return origin(answers["_template"], answers["_repo_dir"])
        return answers.get(key, missing)


class CopierNames(Extension):
    """Jinja extension: bare names for answers, and `checked` to validate them."""

    def __init__(self, environment: Environment) -> None:
        """Change how the environment resolves names."""
        super().__init__(environment)
        environment.context_class = CopierContext
        environment.filters["from_yaml"] = parse
        environment.globals["checked"] = checked
        # For defaults and hooks; for files, Cookiecutter sets one of its own.
        environment.loader = FileSystemLoader(TEMPLATES)


def checked(answers: dict[str, Any]) -> dict[str, Any]:
    """Return the answers if all are valid. Raises FailedHookException."""
    text = answers["entities"]
    # Cookiecutter reads one line. The next ones of what is pasted would run in the user's shell.
    if "\n" not in text and read(text) == text and text not in examples() and discard_input():
        refuse("entities: more than one line was pasted. Put them into a file and answer its path.")
    validate(answers, list(answers))
    return answers


def validate(answers: dict[str, Any], questions: list[str]) -> None:
    """Check the answers to some questions.

    Raises FailedHookException, which Cookiecutter shows without a traceback, with a line per problem.
    """
    template = includes().get_template("includes/validate.jinja")
    problems = ""
    for question in questions:
        if not question.startswith("_"):
            given = {**answers, "question": question}
            if question == "entities":
                given["entities"] = read(answers["entities"])
            try:
                problems += template.render(given)
            except (yaml.YAMLError, ValueError) as error:
                refuse(f"entities: this is not YAML: {where(error)}")
            except RecursionError:
                refuse("entities: this is nested too deeply.")
    if problems.strip():
        refuse(problems.strip())


def where(error: Exception) -> str:
    """Return what is wrong with YAML, on a line: the place first."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        mark = error.problem_mark
        return f"line {mark.line + 1}, column {mark.column + 1}: {error.problem}."
    return " ".join(str(error).split())


def refuse(problems: str) -> NoReturn:
    """End Cookiecutter with a message. Raises FailedHookException."""
    discard_input()
    raise FailedHookException("\n" + problems)


def read(answer: str) -> str:
    """Return the answer `entities`, or the text of the file that it names."""
    path = answer.strip()
    if "\n" in path or (not path.startswith("@") and not path.endswith((".yml", ".yaml"))):
        return answer
    return read_file(STARTED_IN / Path(path.removeprefix("@")).expanduser())


@cache
def read_file(path: Path) -> str:
    """Return the text of a file. Raises FailedHookException."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        refuse(f"entities: {path} is not in UTF-8. Save it as UTF-8.")
    except OSError as error:
        refuse(f"entities: {path} cannot be read: {error.strerror}.")
    return text


def discard_input() -> bool:
    """Take what waits on the terminal, and return whether there was something."""
    found = False
    if sys.platform != "win32" and sys.stdin is not None and sys.stdin.isatty():
        while select.select([sys.stdin], [], [], QUIET_SECONDS)[0] and os.read(0, 65536):
            found = True
        termios.tcflush(0, termios.TCIFLUSH)  # a last line without its end
    return found


class Loader(yaml.SafeLoader):
    """A loader that refuses a key which is there twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Return the mapping. Raises FailedHookException."""
        first: dict[tuple[str, str], yaml.Node] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag == "tag:yaml.org,2002:merge":
                continue
            if other := first.get((key.tag, key.value)):
                lines = f"lines {other.start_mark.line + 1} and {key.start_mark.line + 1}"
                refuse(
                    f"entities: `{key.value}` is there twice: {lines}. "
                    "Only the last would count. Make one of them, or rename one."
                )
            first[key.tag, key.value] = key
        return super().construct_mapping(node, deep)


def parse(text: str) -> Any:
    """Return YAML as data, as Copier's filter does."""
    return yaml.load(text, Loader)


@cache
def examples() -> set[str]:
    """Return the names of the examples."""
    return {path.stem for path in (TEMPLATES / "examples").glob("*.yml")}


@cache
def schema(answers_json: str) -> Any:
    """Return what Copier's hidden question `schema` holds."""
    answers = json.loads(answers_json)
    template = includes().get_template("includes/schema.jinja")
    return json.loads(template.render({**answers, "entities": read(answers["entities"])}))


def next_steps(project: Path) -> str:
    """Return what to do with the project that was made."""
    folder = project.relative_to(STARTED_IN) if project.is_relative_to(STARTED_IN) else project
    template = includes().get_template("includes/next_steps.jinja")
    return template.render(folder=shlex.quote(str(folder)))


@cache
def includes() -> Environment:
    """Return an environment for the includes, set up as in copier.yml."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["from_yaml"] = parse
    return environment


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
