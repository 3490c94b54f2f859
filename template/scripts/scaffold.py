# /// script
# requires-python = ">=3.11"
# dependencies = ["copier>=9.17", "packaging>=24.0", "pyyaml>=6.0"]
# ///
"""Bring the code in step with schema.yml; with `--latest`, with the newest template as well.

Copier renders the project twice: as it was generated, and as it is to be. What differs is merged
with what was edited by hand, file by file, by git, in the files as they are on the disk: neither
settings of git nor what it ignores can hide an edit. All is merged before the first file is written.
`uv run --script` reads the comment above and makes an environment for it.
"""

import argparse
import ast
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from packaging.version import InvalidVersion, Version
from schema_file import ENTITIES, SCHEMA, UnreadableError, read_domain, read_yaml

PROJECT = SCHEMA.parent
ANSWERS = ".copier-answers.yml"
# Written once, if at all; then they belong to the user.
KEPT = re.compile(r"schema\.yml|\.env|migrations/versions/.*\.py")

# Of those that git may have, these could run something or hide a change. They go before all others.
GIT_SETTINGS = {"core.hooksPath": os.devnull, "core.fsmonitor": "false"}
MERGE_FILE = ["-c", "merge.conflictStyle=merge", "merge-file", "--stdout"]
LABELS = ["before updating", "last update", "after updating"]
MOST_CONFLICTS = 127  # with a greater exit code, `git merge-file` has merged nothing
MOST_LINES = 20  # of the files that are not committed

NEXT = """
Next:
    git diff                                      # look at the changes
    uv run nox -s migrations -- "what changes"    # write the migration and see its SQL
    uv run alembic upgrade head                   # apply it
    uv run nox                                    # all checks; then commit\
"""

Answers = dict[str, Any]
Files = dict[str, bytes]  # by path, with forward slashes; lines end with \n
Tables = dict[str, dict[str, str]]  # the types of their columns


class RefusedError(Exception):
    """Something stands in the way and nothing was changed; the message says what to do."""


@dataclass
class Merge:
    """What becomes of files, by path."""

    written: Files = field(default_factory=dict)
    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)  # the user removed them
    blocked: list[str] = field(default_factory=list)  # something else has their name


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
    os.chdir(PROJECT)
    try:
        update(latest=options.latest, remove=options.remove)
    except (RefusedError, UnreadableError) as refusal:
        sys.exit(f"{refusal}\n\nNothing was changed.")


def update(*, latest: bool, remove: bool) -> None:
    """Update the project and report. Raises RefusedError and UnreadableError.

    Mistakes and losses are found while the project is still untouched.
    """
    set_environment()
    folder = find_folder()
    answers = read_answers()
    wanted = answers | {ENTITIES: read_domain()}
    check_source(answers["_src_path"])
    before = render_before(answers)
    after = render_after(wanted, None if latest else answers["_commit"])
    check_rejects(before.keys() | after.keys())
    check_clean(folder)
    new_answers = yaml.safe_load(after[ANSWERS])
    check_versions(answers["_commit"], new_answers["_commit"])
    if not remove:
        old_names, new_names = answers[ENTITIES].keys(), new_answers[ENTITIES].keys()
        check_losses(before, after, old_names - new_names, new_names - old_names)
    merge = merge_all(before, after)
    check_writable([*merge.written, *merge.removed])
    mark_conflicts(folder, merge.conflicts, before, after)
    write(merge)
    report(merge, tables(before), tables(after))


def set_environment() -> None:
    """Have every git, Copier's too, look at this folder, with settings of ours.

    Within a hook, git tells its children which repository and which index to use. Its other settings
    stay: how to reach the template, whom to trust.
    """
    for name in git("rev-parse", "--local-env-vars").split():
        if not name.startswith("GIT_CONFIG"):
            os.environ.pop(name, None)
    count = int(os.environ.get("GIT_CONFIG_COUNT") or 0)
    for number, (name, value) in enumerate(GIT_SETTINGS.items(), start=count):
        os.environ[f"GIT_CONFIG_KEY_{number}"] = name
        os.environ[f"GIT_CONFIG_VALUE_{number}"] = value
    os.environ["GIT_CONFIG_COUNT"] = str(count + len(GIT_SETTINGS))


def find_folder() -> str:
    """Return where the project is in its repository, "" if at the top; refuse if there is none."""
    try:
        folder = git("rev-parse", "--show-prefix").rstrip("\n")
        tracked = git("ls-files", "--", ANSWERS)
    except RefusedError as refusal:
        if "not a git repository" not in str(refusal):
            raise
        raise RefusedError(
            "This is not a git repository. One is needed to show what changes, and to take it back:\n"
            '    git init && git add --all && git commit -m "As generated"'
        ) from refusal
    if not tracked and Path(ANSWERS).is_file():
        raise RefusedError(
            f"git does not know {ANSWERS}, so it could not take anything back. Commit the project:\n"
            '    git add --all && git commit -m "As generated"\n'
            "If it is in another repository, which ignores it, say first: git init"
        )
    return folder


def check_source(source: str) -> None:
    """Refuse a local template that Copier would take for a plain folder, without versions."""
    path = Path(source).expanduser()
    if not path.is_dir() or path.suffix == ".git":
        return
    if git("-C", str(path), "rev-parse", "--show-prefix").strip():
        raise RefusedError(f"{source} is not a git repository, but a folder in one.")


def check_clean(folder: str) -> None:
    """Refuse where something is not committed."""
    options = ["--porcelain", "-z", "--untracked-files=all", "--no-renames"]
    changes = git("status", *options, "--", ".").split("\0")[:-1]
    if changes:
        lines = [change[:3] + change[3:].removeprefix(folder) for change in changes]
        if len(lines) > MOST_LINES:
            lines = [*lines[:MOST_LINES], f"and {len(lines) - MOST_LINES} more"]
        raise RefusedError(
            "Commit these first, so that `git diff` shows what the update does:\n"
            + "\n".join(lines)
        )


def check_rejects(names: set[str]) -> None:
    """Refuse where `copier update` left something that it could not merge."""
    if rejects := [f"{name}.rej" for name in sorted(names) if Path(f"{name}.rej").exists()]:
        raise RefusedError(
            "These have changes that an earlier update could not merge:\n"
            + indented(rejects)
            + "\nPut them into the files by hand, and remove these."
        )


def check_versions(old: str, new: str) -> None:
    """Refuse to go back to an older template."""
    try:
        older = version_key(new) < version_key(old)
    except InvalidVersion:  # a commit that no version comes before
        return
    if older:
        raise RefusedError(
            f"The project has version {old} of the template, the newest is {new}. "
            "Downgrades are not supported: wait for the next version."
        )


def version_key(described: str) -> tuple[Version, int]:
    """Return what orders versions, as `git describe` writes them: v1.0.0, or v1.0.0-2-gabcdef0."""
    version, commits, _ = re.split(r"(?:-(\d+)-g[0-9a-f]+)?$", described, maxsplit=1)
    return Version(version), int(commits or 0)


def check_losses(before: Files, after: Files, gone: set[str], new: set[str]) -> None:
    """Refuse where files would be removed that were edited by hand; `gone`, `new`: entities."""
    edited = [
        name
        for name in sorted(before.keys() - after.keys())
        if read(name) not in (None, before[name])
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


def check_writable(names: list[str]) -> None:
    """Refuse where a file may not be written."""
    locked = []
    for name in names:
        path = Path(name)
        nearest = next(place for place in (path, *path.parents) if place.exists())
        if not os.access(nearest, os.W_OK):
            locked.append(name)
    if locked:
        raise RefusedError("These may not be written by you:\n" + indented(sorted(locked)))


def read_answers() -> Answers:
    """Return what .copier-answers.yml has on record."""
    path = Path(ANSWERS)
    if not path.is_file():
        raise RefusedError(
            f"{ANSWERS} is missing: it says which template made the project. Take it back from git."
        )
    answers = read_yaml(path)
    if not isinstance(answers, dict) or not isinstance(answers.get(ENTITIES), dict):
        raise RefusedError(f"{ANSWERS} is not as it was written. Take it back from git.")
    if not {"_src_path", "_commit"} <= answers.keys():
        raise RefusedError(
            f"{ANSWERS} lacks `_src_path` or `_commit`: where the template is, and its version. "
            "Nobody knows them where the template was not in git, or git did not trust it because "
            "it belongs to somebody else."
        )
    return answers


def render_before(answers: Answers) -> Files:
    """Return the project without any edits."""
    try:
        return render(answers, answers["_commit"])
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[-1]
        raise RefusedError(
            f"Version {answers['_commit']} of the template cannot be had from "
            f"{answers['_src_path']}: {reason}\n"
            f"`_commit` and `_src_path` in {ANSWERS} have to name a version and a repository; "
            "a path has to be the full one. Where the template has moved, write its new place there."
        ) from error


def render_after(answers: Answers, version: str | None) -> Files:
    """Return the project as schema.yml wants it; `version` of the template, by default the newest."""
    try:
        # Only a newer template asks anything.
        return render(answers, version, ask=version is None and sys.stdin.isatty())
    except (OSError, ValueError) as error:
        prefix = "Validation error for question 'entities': "
        raise RefusedError(str(error).replace(prefix, f"{SCHEMA.name}:\n")) from error


def render(answers: Answers, version: str | None, *, ask: bool = False) -> Files:
    """Return what the template makes of the answers."""
    # It keeps the environment in which it is imported.
    import copier
    from copier.errors import CopierError

    with TemporaryDirectory() as folder:
        try:
            copier.run_copy(
                answers["_src_path"],
                folder,
                data=answers,
                vcs_ref=version,
                defaults=not ask,
                quiet=True,
            )
        except CopierError as error:
            raise RefusedError(str(error)) from error
        files = {
            path.relative_to(folder).as_posix(): as_text(path.read_bytes())
            for path in Path(folder).rglob("*")
            if path.is_file()
        }
    return files


def merge_all(before: Files, after: Files) -> Merge:
    """Return what becomes of each file that the template changes."""
    merge = Merge()
    for name in sorted(before.keys() | after.keys()):
        base, theirs, ours = before.get(name), after.get(name), read(name)
        if base == theirs or ours == theirs or (ours is not None and KEPT.fullmatch(name)):
            continue
        if theirs is None:
            merge.removed.append(name)
        elif ours is None and base is not None:
            merge.missing.append(name)
        elif ours is None and is_blocked(Path(name)):
            merge.blocked.append(name)
        elif ours is None:
            merge.written[name] = theirs
            merge.added.append(name)
        elif ours == base or name == ANSWERS:
            merge.written[name] = theirs
            merge.changed.append(name)
        else:
            merge.written[name], is_conflict = merge_texts(ours, base or b"", theirs)
            (merge.conflicts if is_conflict else merge.changed).append(name)
    return merge


def merge_texts(ours: bytes, base: bytes, theirs: bytes) -> tuple[bytes, bool]:
    """Return what two sides made of a text, and whether they are in conflict."""
    with TemporaryDirectory() as folder:
        paths = [str(Path(folder, name)) for name in ("ours", "base", "theirs")]
        for path, text in zip(paths, (ours, base, theirs), strict=True):
            Path(path).write_bytes(text)
        labels = [option for label in LABELS for option in ("-L", label)]
        process = subprocess.run(
            ["git", *MERGE_FILE, *labels, *paths], cwd=folder, capture_output=True, check=False
        )
    if process.returncode > MOST_CONFLICTS:  # not a text
        return ours, True
    return process.stdout, process.returncode > 0


def mark_conflicts(folder: str, names: list[str], before: Files, after: Files) -> None:
    """Tell git which files are in conflict, and between what, as a merge does."""
    entries = git("ls-files", "--stage", "--full-name", "-z", "--", *names) if names else ""
    index = ""
    for entry in entries.split("\0")[:-1]:
        details, path = entry.split("\t")
        mode, ours, _ = details.split()
        name = path.removeprefix(folder)
        index += f"0 {'0' * len(ours)}\t{path}\0"
        for stage, text in enumerate((before.get(name), None, after[name]), start=1):
            if stage == 2:
                index += f"{mode} {ours} {stage}\t{path}\0"
            elif text is not None:
                blob = git("hash-object", "-w", "--stdin", stdin=text).strip()
                index += f"{mode} {blob} {stage}\t{path}\0"
    if index:
        git("update-index", "-z", "--index-info", stdin=index.encode())


def write(merge: Merge) -> None:
    """Write and remove files. A file keeps its line ends."""
    for name in merge.removed:
        path = Path(name)
        path.unlink()
        for parent in path.parents:
            if any(parent.iterdir()):
                break
            parent.rmdir()
    for name, text in merge.written.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        has_crlf = path.exists() and b"\r\n" in path.read_bytes()
        path.write_bytes(text.replace(b"\n", b"\r\n") if has_crlf else text)


def read(name: str) -> bytes | None:
    """Return the text of a file in the project, None if there is none."""
    path = Path(name)
    return as_text(path.read_bytes()) if path.is_file() and not path.is_symlink() else None


def as_text(content: bytes) -> bytes:
    """Return a text with the line ends of the template: git may have given it those of Windows."""
    return content.replace(b"\r\n", b"\n")


def is_blocked(path: Path) -> bool:
    """Tell whether there is something else where a file is to be."""
    return os.path.lexists(path) or any(parent.is_file() for parent in path.parents)


def report(merge: Merge, before: Tables, after: Tables) -> None:
    """Print what changed and what comes next. Exits with 1 where there are conflicts."""
    kinds = {
        "Added": merge.added,
        "Changed": merge.changed,
        "Removed": merge.removed,
        "In conflict": merge.conflicts,
        "Changed by the template, but you removed them": merge.missing,
        "Not added, because something else has the name": merge.blocked,
    }
    for kind, names in kinds.items():
        if names:
            print(f"{kind}:\n{indented(names)}")
    print_tables(before, after)
    if not any(kinds.values()):
        print("Nothing to do: the code is in step with schema.yml.")
    elif merge.conflicts:
        sys.exit(
            "\nResolve the conflicts as after a merge; `git add` each file, then go on.\n" + NEXT
        )
    else:
        print(NEXT)


def print_tables(before: Tables, after: Tables) -> None:
    """Print which tables and columns come and go, and which may only have a new name."""
    new, gone = sorted(after.keys() - before.keys()), sorted(before.keys() - after.keys())
    renames = [
        f'op.rename_table("{old}", "{name}")'
        for old in gone
        for name in new
        if sorted(before[old].values()) == sorted(after[name].values())
        or len(gone) == len(new) == 1
    ]
    columns = []
    for table in sorted(before.keys() & after.keys()):
        for old in sorted(before[table].keys() - after[table].keys()):
            columns.append(f"{table}.{old}")
            renames += [
                f'op.alter_column("{table}", "{old}", new_column_name="{name}")'
                for name in sorted(after[table].keys() - before[table].keys())
                if before[table][old] == after[table][name]
            ]
    for heading, names in {
        "New tables": new,
        "Tables to be dropped, with all their rows": gone,
        "Columns to be dropped, with all their values": columns,
        "What only has a new name loses nothing if the migration says so, in place of dropping the old "
        "and creating the new": renames,
    }.items():
        if names:
            print(f"{heading}:\n{indented(names)}")


def tables(files: Files) -> Tables:
    """Return the tables that models declare."""
    classes = {
        node.name: node
        for name, text in files.items()
        if "/models/" in name
        for node in ast.parse(text).body
        if isinstance(node, ast.ClassDef)
    }
    found: Tables = {}
    for node in classes.values():
        for item in node.body:
            if isinstance(item, ast.Assign) and ast.unparse(item.targets[0]) == "__tablename__":
                found[ast.literal_eval(item.value)] = columns(node, classes)
    return found


def columns(model: ast.ClassDef, classes: dict[str, ast.ClassDef]) -> dict[str, str]:
    """Return the columns of a model and the classes that it has them from, each with its type."""
    found: dict[str, str] = {}
    for base in model.bases:
        if (name := ast.unparse(base)) in classes:
            found |= columns(classes[name], classes)
    for item in model.body:
        if not isinstance(item, ast.AnnAssign):
            continue
        keywords = []
        if isinstance(item.value, ast.Call):
            if ast.unparse(item.value.func) == "Relationship":
                continue
            keywords = item.value.keywords
        arguments = {keyword.arg: ast.unparse(keyword.value) for keyword in keywords}
        parts = [ast.unparse(item.annotation).removesuffix(" | None")]
        parts += [arguments.get(name, "") for name in ("sa_type", "foreign_key")]
        # An enum and a pattern are named after their field.
        own = model.name.removesuffix("Base")
        found[ast.unparse(item.target)] = re.sub(rf"\b{own}\w+", "its own", " ".join(parts))
    return found


def indented(lines: list[str]) -> str:
    """Return the lines, each below the other."""
    return "\n".join(f"    {line}" for line in lines)


def git(*arguments: str, stdin: bytes | None = None) -> str:
    """Return what git prints. Raises RefusedError with its words."""
    try:
        process = subprocess.run(
            ["git", *arguments],
            input=stdin,
            capture_output=True,
            check=False,
            env=os.environ | {"LC_ALL": "C"},
        )
    except FileNotFoundError as error:
        raise RefusedError("git is needed, and was not found: https://git-scm.com") from error
    if process.returncode:
        raise RefusedError(f"git says: {process.stderr.decode(errors='replace').strip()}")
    return process.stdout.decode(errors="replace")


if __name__ == "__main__":
    main()
