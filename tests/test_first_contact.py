"""What a person meets first: the question about the domain, its mistakes, and the last words."""

import os
import select
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.rendering import BIN, REPOSITORY, RefusedError, cookiecutter, copier, tree
from tests.validation import ENVIRONMENT

HEADER = """\
# yaml-language-server: $schema=docs/schema.schema.json
# The domain of this project. Change it, commit, and let the code follow: uv run nox -s scaffold
"""
WHOLE = """\
# Who lends what.
entities:
  # A person.
  reader:
    fields:
      name: {type: str, max_length: 40}   # as on the card

  book:
    fields: {title: str}
"""
PART = WHOLE.replace("# Who lends what.\nentities:\n", "").replace("\n  ", "\n").removeprefix("  ")
TIMEOUT = 60  # seconds


def test_example_by_name(tmp_path: Path, template: Path) -> None:
    project = copier(template, tmp_path / "copier", {"entities": "shop"})
    assert tree(project) == tree(
        cookiecutter(template, tmp_path / "cookiecutter", {"entities": "shop"})
    )
    shop = (REPOSITORY / "examples" / "shop.yml").read_text()
    assert (project / "schema.yml").read_text() == HEADER + shop.split("\n", 1)[1]
    # On record is the domain itself: the example may change with the template.
    answers = yaml.safe_load((project / ".copier-answers.yml").read_text())
    assert answers["entities"] == yaml.safe_load(shop)["entities"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (WHOLE, WHOLE),
        (HEADER + WHOLE, WHOLE),
        (WHOLE.replace("\n", "  \r\n") + "\n\n", WHOLE),
        (PART, "entities:\n  # A person.\n" + WHOLE.split("# A person.\n")[1]),
        # On one line, or with marks that may not be indented: laid out.
        ("{reader: {fields: {name: str}}}", "entities:\n  reader:\n    fields:\n      name: str\n"),
        (
            "---\nreader: {fields: {name: str}}",
            "entities:\n  reader:\n    fields:\n      name: str\n",
        ),
    ],
)
def test_text_is_kept(tmp_path: Path, template: Path, text: str, expected: str) -> None:
    """Copier takes it from --data or a paste, Cookiecutter from a file."""
    file = tmp_path / "library.yml"
    file.write_bytes(text.encode())
    by_copier = copier(template, tmp_path / "copier", {"entities": text})
    by_cookiecutter = cookiecutter(template, tmp_path / "cookiecutter", {"entities": str(file)})
    assert tree(by_copier) == tree(by_cookiecutter)
    assert (by_copier / "schema.yml").read_bytes().decode() == HEADER + expected


def test_data_file_of_copier(tmp_path: Path, template: Path) -> None:
    """Its comments are lost, but not where the file is in the project's folder already."""
    project = tmp_path / "library"
    project.mkdir()
    (project / "schema.yml").write_text(WHOLE)
    data_file = f"--data-file={project / 'schema.yml'}"
    run("copier", "copy", "--quiet", "--defaults", data_file, template, project)
    assert (project / "schema.yml").read_text() == WHOLE
    assert (project / "src/my_blog/models/reader.py").exists()


def run(*command: Any, cwd: Path | None = None) -> str:
    command = (BIN / command[0], *command[1:])
    return subprocess.check_output(command, cwd=cwd, text=True, stderr=subprocess.STDOUT)


MISTAKES = [
    (WHOLE + "  reader: {fields: {name: str}}\n", "`reader` is there twice: lines 4 and 10."),
    (WHOLE.replace("book", "reader"), "`reader` is there twice: lines 4 and 8."),
    (WHOLE + "    fields: {name: str}\n", "`fields` is there twice: lines 9 and 10."),
    (WHOLE.replace("40}", "40, type: text}"), "`type` is there twice: lines 6 and 6."),
    (WHOLE + "entities: {}\n", "`entities` is there twice: lines 2 and 10."),
    ("entities: {a: {b", "this is not YAML: line 1, column 17: expected ',' or '}'"),
    ("entities:\n\ta: {fields: {b: str}}", "this is not YAML: line 2, column 1: found character"),
    ("a: {b: 2026-13-45}", "this is not YAML: month must be in 1..12"),
    ("a: " + "[" * 5000, "this is nested too deeply."),
    ("a: \x01", "this is not YAML: unacceptable character"),
    ("größe".encode("latin-1"), "library.yml is not in UTF-8. Save it as UTF-8."),
    (WHOLE.encode("utf-16"), "library.yml is not in UTF-8. Save it as UTF-8."),
    (None, "library.yml cannot be read: No such file or directory."),
]


@pytest.mark.parametrize(("content", "message"), MISTAKES)
def test_unusable_file(
    tmp_path: Path, template: Path, content: str | bytes | None, message: str
) -> None:
    file = tmp_path / "library.yml"
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(RefusedError) as refusal:
        cookiecutter(template, tmp_path / "output", {"entities": f"@{file}"})
    assert message in str(refusal.value)
    assert "Traceback" not in str(refusal.value)
    assert not list(tmp_path.glob("output/*"))


def test_file_is_named_to_copier(tmp_path: Path, template: Path) -> None:
    with pytest.raises(RefusedError, match=r'"my.yml" is a file, .* --data-file FILE'):
        copier(template, tmp_path / "project", {"entities": "my.yml"})


@pytest.mark.parametrize("folder", ["out", "spaced dir"])
def test_both_tools_say_what_is_next(tmp_path: Path, template: Path, folder: str) -> None:
    words = []
    for command in (
        ("copier", "copy", "--defaults", template, f"{folder}/my-blog"),
        ("cookiecutter", "--no-input", "--output-dir", folder, template),
    ):
        cwd = tmp_path / command[0]
        cwd.mkdir()
        output = run(*command, cwd=cwd)
        words.append(output[output.index("Next:") :].strip())
    assert words[0] == words[1]
    commands = [line for line in words[0].splitlines() if line.startswith("    ")]
    assert len(commands) == 3
    # The first two run as they stand.
    roles = ("GIT_AUTHOR", "GIT_COMMITTER")
    people = {f"{role}_NAME": "Ada" for role in roles}
    people |= {f"{role}_EMAIL": "ada@example.com" for role in roles}
    process = subprocess.run(
        ["bash", "-c", "\n".join(["set -e", *commands[:2]])],
        cwd=tmp_path / "copier",
        env=os.environ | people,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "As generated" in process.stdout
    assert commands[2].split("#")[0].strip() == "uv run nox -s dev"


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
@pytest.mark.parametrize("pasted", ["entities:\n  a:\n", "{a: {fields: {b: str}}}\necho 1\necho 2"])
def test_rest_of_a_paste_does_not_reach_the_shell(
    tmp_path: Path, template: Path, pasted: str
) -> None:
    """Cookiecutter reads a line; its shell would read the next."""
    terminal, program_side = os.openpty()
    process = subprocess.Popen(
        [BIN / "cookiecutter", "--output-dir", tmp_path / "output", template],
        stdin=program_side,
        stdout=program_side,
        stderr=program_side,
        start_new_session=True,
    )
    try:
        for number in range(1, 12):
            read_until(terminal, f"[{number}/12]")
            os.write(terminal, b"\n")
        read_until(terminal, "[12/12]")
        os.write(terminal, pasted.encode())
        if not pasted.endswith("\n"):
            time.sleep(0.5)
        read_until(terminal, "entities: more than one line was pasted.")
        assert process.wait(TIMEOUT) == 1
        os.write(terminal, b"end\n")
        assert os.read(program_side, 1000) == b"end\n"
    finally:
        process.kill()
        os.close(terminal)
        os.close(program_side)
    assert not list(tmp_path.glob("output/*"))


def read_until(terminal: int, text: str) -> None:
    """Read what a program prints until it has printed this."""
    printed = ""
    deadline = time.monotonic() + TIMEOUT
    while text not in printed:
        assert select.select([terminal], [], [], max(0, deadline - time.monotonic()))[0], printed
        printed += os.read(terminal, 10_000).decode(errors="replace")


def test_examples_are_those_of_the_folder() -> None:
    module: Any = ENVIRONMENT.get_template("includes/domain.jinja").make_module({"entities": None})
    assert sorted(module.examples) == sorted(
        path.stem for path in (REPOSITORY / "examples").glob("*.yml")
    )
