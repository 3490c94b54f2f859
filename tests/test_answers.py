"""Answers: unusable ones are refused by both tools alike, all others render to valid files."""

import ast
import tomllib
from pathlib import Path

import pytest
import yaml

from tests.rendering import RefusedError, assert_clean, cookiecutter, copier, tree

UNUSABLE = [
    ({"project_slug": "../evil"}, 'project_slug: "../evil" is not usable'),
    ({"project_slug": ""}, 'project_slug: "" is not usable'),
    ({"project_slug": "My Project"}, 'project_slug: "My Project" is not usable'),
    ({"project_slug": "-a"}, 'project_slug: "-a" is not usable'),
    ({"project_slug": "a--b"}, 'project_slug: "a--b" is not usable'),
    ({"project_slug": "python"}, 'project_slug: "python" is not usable: it would hide a command'),
    ({"project_slug": "python-discovery", "package_name": "a"}, "it would hide a package"),
    ({"project_slug": "uv"}, 'project_slug: "uv" is not usable: it would hide a command'),
    ({"project_slug": "a" * 64}, "has 64 characters; at most 63 are allowed"),
    ({"package_name": "../evil"}, 'package_name: "../evil" is not usable'),
    ({"package_name": ""}, 'package_name: "" is not usable'),
    ({"package_name": "class"}, 'package_name: "class" is not usable: it is a keyword'),
    ({"package_name": "My Package"}, 'package_name: "My Package" is not usable'),
    ({"package_name": "json"}, 'package_name: "json" is not usable: it would hide'),
    ({"package_name": "sqlmodel"}, 'package_name: "sqlmodel" is not usable: it would hide'),
    ({"package_name": "test"}, 'package_name: "test" is not usable: it would hide'),
    ({"package_name": "dist"}, 'package_name: "dist" is not usable: it would hide'),
    ({"package_name": "click"}, 'package_name: "click" is not usable: it would hide'),
    ({"package_name": "a" * 41}, "has 41 characters; at most 40 are allowed"),
    ({"project_name": " ", "project_slug": "a"}, "project_name: this may not be empty"),
    ({"author_name": ""}, "author_name: this may not be empty"),
    ({"author_email": "nobody"}, 'author_email: "nobody" is not an e-mail address'),
    ({"author_email": 'a"b\\@x'}, 'author_email: "a\\"b\\\\@x" is not an e-mail address'),
    ({"author_name": "a" * 1001}, "author_name: at most 1000 characters are allowed, not 1001"),
    ({"description": "a\x07b"}, "description: remove the control characters"),
    ({"description": "a\uffffb"}, "description: remove the control characters"),
    ({"entities": "blgo"}, 'entities: there is no example "blgo". There are: blog, hr,'),
    ({"entities": "entities:"}, "entities: a mapping of at least one entity is needed"),
    ({"entities": "{}"}, "entities: a mapping of at least one entity is needed"),
    ({"entities": "[]"}, "entities: a mapping of at least one entity is needed"),
    ({"entities": "{a: {fields: {b: strange}}}"}, 'a.b: unknown type "strange"'),
]


@pytest.mark.parametrize(("answers", "message"), UNUSABLE, ids=str)
def test_unusable(tmp_path: Path, template: Path, answers: dict[str, str], message: str) -> None:
    output = tmp_path / "output"
    output.mkdir()
    with pytest.raises(RefusedError) as by_copier:
        copier(template, output / "project", answers)
    with pytest.raises(RefusedError) as by_cookiecutter:
        cookiecutter(template, output, answers)
    for refusal in (by_copier, by_cookiecutter):
        lines = [line for line in str(refusal.value).splitlines() if message in line]
        assert len(lines) == 1, str(refusal.value)
    # Copier puts words of its own in front of the first problem.
    assert problem(by_copier, message) == problem(by_cookiecutter, message)
    assert list(tmp_path.rglob("*")) == [output]


def problem(refusal: pytest.ExceptionInfo[RefusedError], message: str) -> str:
    text = str(refusal.value)
    return text[text.index(message) :].splitlines()[0]


AWKWARD = [
    """Tom "the 'fox'" O'Neil""",
    """It's "quoted" twice: "so".""",
    r"C:\new\table \" \\",
    "two\nlines\tand a tab",
    # Not the openings of Jinja's tags: Cookiecutter renders answers given on the command line.
    "{braces} }} %} #} $HOME ${x} %s",
    "Grüße, 你好, 😀 — “quotes”",
    "'''triple''' \"\"\"quotes\"\"\"",
    "ends with a backslash\\",
    "# a comment: - [yes, no] & *anchor | > !tag",
]


@pytest.mark.parametrize("text", AWKWARD)
def test_awkward_text(tmp_path: Path, template: Path, text: str) -> None:
    answers = {
        "project_name": text,
        "project_slug": "awkward",
        "description": text,
        "author_name": text,
        "license": "MIT",
        "entities": {
            "thing": {
                "description": text,
                "fields": {"size": {"type": "int", "description": text}},
            }
        },
    }
    project = copier(template, tmp_path / "copier", answers)
    assert tree(project) == tree(cookiecutter(template, tmp_path / "cookiecutter", answers))

    line = " ".join(text.split())
    metadata = tomllib.loads((project / "pyproject.toml").read_text())["project"]
    assert metadata["description"] == line
    assert metadata["authors"] == [{"name": line}]
    assert_clean(project)
    assert text in literals(project / "src/awkward/main.py")
    assert text in literals(project / "src/awkward/models/thing.py")
    assert yaml.safe_load((project / ".copier-answers.yml").read_text())["author_name"] == text
    assert yaml.safe_load((project / "schema.yml").read_text())["entities"] == answers["entities"]


@pytest.mark.parametrize("package_name", ["a", "zz", "a_package_name_of_forty_letters_or_digit"])
def test_package_name(tmp_path: Path, template: Path, package_name: str) -> None:
    answers = {"package_name": package_name, "project_slug": package_name.replace("_", "-")}
    assert_clean(copier(template, tmp_path / "project", answers))


PYTHONS = ["3.11", "3.12", "3.13"]


@pytest.mark.parametrize("python_version", PYTHONS)
def test_python_version(tmp_path: Path, template: Path, python_version: str) -> None:
    """Ruff asks for the newest syntax that the version allows: the code must do for all of them."""
    project = copier(template, tmp_path / "project", {"python_version": python_version})
    metadata = tomllib.loads((project / "pyproject.toml").read_text())["project"]
    assert metadata["requires-python"] == f">={python_version}"
    assert_clean(project)


@pytest.mark.parametrize("license_name", ["Proprietary", "MIT", "BSD-3-Clause"])
def test_license(tmp_path: Path, template: Path, license_name: str) -> None:
    answers = {"license": license_name, "author_name": "Ada", "author_email": "ada@example.com"}
    project = copier(template, tmp_path / "copier", answers)
    assert tree(project) == tree(cookiecutter(template, tmp_path / "cookiecutter", answers))
    assert (project / "LICENSE").exists() is (license_name != "Proprietary")
    metadata = tomllib.loads((project / "pyproject.toml").read_text())["project"]
    assert metadata["authors"] == [{"name": "Ada", "email": "ada@example.com"}]


def literals(path: Path) -> list[object]:
    return [
        node.value
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant)
    ]
