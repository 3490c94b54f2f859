# /// script
# requires-python = ">=3.11"
# dependencies = ["copier>=9.15", "pyyaml>=6.0"]
# ///
"""Bring the code in step with schema.yml; with `--latest`, with the newest template as well.

Copier merges what the template makes of schema.yml with what was edited by hand. This adds what
Copier leaves to its users: messages instead of tracebacks, and a look at what would be lost.
`uv run --script` reads the comment above and makes an environment for it.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

import copier
import yaml
from copier.errors import CopierError, UserMessageError

ANSWERS = ".copier-answers.yml"
SCHEMA = "schema.yml"

# More than any file has, so that a file which both sides changed is merged as a whole. With the few
# lines of its default, Copier may put an edit at another place that looks alike.
CONTEXT_LINES = 1_000_000

NEXT = """
Next:
    git diff                                      # look at the changes
    uv run nox -s migrations -- "what changes"    # write the migration and see its SQL
    uv run alembic upgrade head                   # apply it
    uv run nox                                    # all checks; then commit\
"""

Answers = dict[str, Any]
Files = dict[str, bytes]  # by path, with forward slashes


class RefusedError(Exception):
    """Something stands in the way and nothing was changed; the message says what to do."""


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="scaffold", description="Bring the code in step with schema.yml."
    )
    parser.add_argument("--latest", action="store_true", help="take the newest template as well")
    parser.add_argument(
        "--remove", action="store_true", help="also remove files that were edited by hand"
    )
    options = parser.parse_args()
    try:
        update(latest=options.latest, remove=options.remove)
    except RefusedError as refusal:
        sys.exit(f"{refusal}\n\nNothing was changed.")


def update(*, latest: bool, remove: bool) -> None:
    """Update the project in the current folder and report. Raises RefusedError.

    The template is rendered twice beforehand, for the domain on record and for that in schema.yml:
    this finds mistakes and losses while the project is still untouched.
    """
    check_repository()
    answers = read_answers()
    wanted = answers | {"entities": read_entities()}
    before = render_before(answers)
    after = render_after(wanted, None if latest else answers["_commit"])
    check_clean()
    new_answers = yaml.safe_load(after[ANSWERS])
    if not remove:
        old_names, new_names = answers["entities"].keys(), new_answers["entities"].keys()
        check_losses(before, after, old_names - new_names, new_names - old_names)
    try:
        copier.run_update(
            data=new_answers,
            vcs_ref=new_answers["_commit"],
            defaults=True,
            overwrite=True,
            quiet=True,
            context_lines=CONTEXT_LINES,
        )
    except UserMessageError as error:
        raise RefusedError(str(error)) from error
    report(before, after)


def check_repository() -> None:
    """Refuse where there is no git repository."""
    inside = ["git", "rev-parse", "--is-inside-work-tree"]
    if subprocess.run(inside, capture_output=True, check=False).returncode:
        raise RefusedError(
            "This is not a git repository. Copier needs one to tell your edits from the template's:\n"
            '    git init && git add --all && git commit -m "As generated"'
        )


def check_clean() -> None:
    """Refuse where something is not committed."""
    if changes := git("status", "--short"):
        raise RefusedError(
            "Commit these first, so that `git diff` shows what the update does:\n"
            + changes.rstrip()
        )


def check_losses(before: Files, after: Files, gone: set[str], new: set[str]) -> None:
    """Refuse where files would be removed that were edited by hand; `gone`, `new`: entities."""
    edited = [
        name
        for name in sorted(before.keys() - after.keys())
        if Path(name).is_file() and Path(name).read_bytes() != before[name]
    ]
    if not edited:
        return
    message = "These files would be removed, and what you wrote into them:\n" + indented(edited)
    if len(gone) == len(new) == 1:
        (old_name,), (new_name,) = gone, new
        moves = []
        for path in map(PurePosixPath, edited):
            moved = path.with_name(path.name.replace(old_name, new_name))
            moves.append(f"git mv {path} {moved}")
        message += (
            f"\nIf `{old_name}` is now called `{new_name}`: move them, put the new name into them, "
            "commit, and run this again.\n" + indented(moves)
        )
    raise RefusedError(message + "\nTo remove them (git keeps them), add: -- --remove")


def read_answers() -> Answers:
    """Return what .copier-answers.yml has on record."""
    path = Path(ANSWERS)
    if not path.is_file():
        raise RefusedError(
            f"{ANSWERS} is missing: it says which template made the project. Take it back from git."
        )
    answers: Answers = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not {"_src_path", "_commit"} <= answers.keys():
        raise RefusedError(
            f"{ANSWERS} lacks `_src_path` or `_commit`: where the template is, and its version. "
            "Nobody knows them where the template was not in git."
        )
    return answers


def read_entities() -> Any:
    """Return the domain in schema.yml."""
    path = Path(SCHEMA)
    if not path.is_file():
        raise RefusedError(f"{SCHEMA} is missing. Take it back from git.")
    try:
        schema = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise RefusedError(f"{SCHEMA} is not YAML: {error}") from error
    if not isinstance(schema, dict) or list(schema) != ["entities"]:
        raise RefusedError(f"{SCHEMA}: a mapping with the one key `entities` is needed.")
    return schema["entities"]


def render_before(answers: Answers) -> Files:
    """Return the project without any edits."""
    try:
        return render(answers, answers["_commit"])
    except UserMessageError as error:  # Copier is too old
        raise RefusedError(str(error)) from error
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[-1]
        raise RefusedError(
            f"Version {answers['_commit']} of the template cannot be had from "
            f"{answers['_src_path']}: {reason}\n"
            f"`_commit` and `_src_path` in {ANSWERS} have to name a version and a repository; "
            "a path has to be the full one."
        ) from error


def render_after(answers: Answers, version: str | None) -> Files:
    """Return the project as schema.yml wants it; `version` of the template, by default the newest."""
    try:
        # Only a newer template asks anything.
        return render(answers, version, ask=version is None and sys.stdin.isatty())
    except (CopierError, ValueError) as error:
        prefix = "Validation error for question 'entities': "
        raise RefusedError(str(error).replace(prefix, f"{SCHEMA}:\n")) from error


def render(answers: Answers, version: str | None, *, ask: bool = False) -> Files:
    """Return what the template makes of the answers."""
    with TemporaryDirectory() as folder:
        copier.run_copy(
            answers["_src_path"],
            folder,
            data=answers,
            vcs_ref=version,
            defaults=not ask,
            quiet=True,
        )
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in Path(folder).rglob("*")
            if path.is_file()
        }


def report(before: Files, after: Files) -> None:
    """Print what changed and what comes next. Exits with 1 where there are conflicts."""
    kinds: dict[str, list[str]] = {"Added": [], "Changed": [], "Removed": [], "In conflict": []}
    for line in git("status", "--short", "--untracked-files=all").splitlines():
        code, name = line[:2], line[3:]
        if "U" in code or code == "AA":
            kind = "In conflict"
        else:
            kind = {"?": "Added", "D": "Removed"}.get(code.strip()[0], "Changed")
        kinds[kind].append(name)
    kinds["Changed by the template, but you removed them"] = [
        name
        for name in sorted(before.keys() & after.keys())
        if before[name] != after[name] and not Path(name).exists()
    ]
    for kind, names in kinds.items():
        if names:
            print(f"{kind}:\n{indented(names)}")
    print_tables(tables(before), tables(after))
    if not any(kinds.values()):
        print("Nothing to do: the code is in step with schema.yml.")
    elif kinds["In conflict"]:
        sys.exit(
            "\nResolve the conflicts as after a merge; `git add` each file, then go on.\n" + NEXT
        )
    else:
        print(NEXT)


def print_tables(before: set[str], after: set[str]) -> None:
    """Print which tables come and which go."""
    if new := sorted(after - before):
        print("New tables:\n" + indented(new))
    if dropped := sorted(before - after):
        print("Tables to be dropped, with all their rows:\n" + indented(dropped))
        if new:
            print('A table that only has a new name needs op.rename_table("old", "new") instead.')


def tables(files: Files) -> set[str]:
    """Return the names of the tables that models declare."""
    text = b"\n".join(content for name, content in files.items() if "/models/" in name)
    return set(re.findall(r'__tablename__ = "(\w+)"', text.decode()))


def indented(lines: list[str]) -> str:
    """Return the lines, each below the other."""
    return "\n".join(f"    {line}" for line in lines)


def git(*arguments: str) -> str:
    """Return what git prints about this folder."""
    command = ["git", "-c", "status.relativePaths=true", *arguments, "--", "."]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    main()
