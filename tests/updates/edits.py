"""Edits by hand, at places that an update does not change."""

import re
import subprocess
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise, product
from pathlib import Path
from random import Random

from tests.rendering import tree

# Not merged: one is written anew by each update, the other belongs to the user.
NOT_MERGED = (".copier-answers.yml", "schema.yml")
MARK = "# By hand: "
IN_CHANGED_FILES = 3  # edits of each file that the update changes
OTHER_FILES = 5

HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? ", re.MULTILINE)
DEFINITION = re.compile(r"(\s*)(?:class|def|async def) (\w+)")


@dataclass(frozen=True)
class Edit:
    """A line that was inserted."""

    file: str
    line: str
    neighbours: tuple[str, str]
    scope: tuple[str, ...]  # classes and functions around it


def edit(project: Path, fresh: Path, random: Random) -> list[Edit]:
    """Insert lines into files of a project that is to become like `fresh`, and return them.

    Between each and what the update changes there is at least one line.
    """
    old, new = tree(project), tree(fresh)
    common = [name for name in old if name in new and name not in NOT_MERGED and old[name]]
    changed = [name for name in common if old[name] != new[name]]
    edits: list[Edit] = []
    for name in sorted({*changed, *random.sample(common, OTHER_FILES)}):
        lines = old[name].decode().split("\n")
        hunks = changed_lines(project / name, fresh / name)
        # Of two lines that follow each other at several places, git may take one for the other.
        pairs = Counter(pairwise(lines)) | Counter(pairwise(new[name].decode().split("\n")))
        free = [
            number
            for number in range(1, len(lines) - 1)
            if all(number < start or number > end for start, end in hunks)
            and pairs[lines[number - 1], lines[number]] == 1
        ]
        chosen = random.sample(free, min(IN_CHANGED_FILES, len(free)))
        for number in sorted(chosen, reverse=True):  # so that the numbers above stay right
            line = f"{MARK}{len(edits)}"
            neighbours = (lines[number - 1], lines[number])
            edits.append(Edit(name, line, neighbours, scope(lines[:number])))
            lines.insert(number, line)
        (project / name).write_text("\n".join(lines), encoding="utf-8")
    return edits


def changed_lines(old: Path, new: Path) -> list[tuple[int, int]]:
    """Return where git sees changes: as indexes of lines of `old`, before which one may not insert.

    Where lines repeat, it may see a change at several places, and a merge at another than a diff.
    """
    hunks = []
    for algorithm, heuristic in product(("myers", "histogram"), ("", "no-")):
        options = [f"--diff-algorithm={algorithm}", f"--{heuristic}indent-heuristic"]
        command = ["git", "diff", "--no-index", "--unified=0", *options, str(old), str(new)]
        output = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        for match in HUNK.finditer(output):
            first, length = int(match[1]), int(match[2] or 1)
            # An insertion stands behind line `first`, which counts from 1.
            hunks.append((first, first) if length == 0 else (first - 1, first - 1 + length))
    return hunks


def scope(lines: list[str]) -> tuple[str, ...]:
    """Return the classes and functions that the last of these lines is in, by their names."""
    path: list[tuple[int, str]] = []
    for line in lines:
        if match := DEFINITION.match(line):
            indent = len(match[1])
            path = [outer for outer in path if outer[0] < indent] + [(indent, match[2])]
    return tuple(name for _, name in path)


def without_edits(files: dict[str, bytes]) -> dict[str, bytes]:
    """Return files without the lines that were inserted."""
    return {
        name: b"".join(
            line for line in text.splitlines(keepends=True) if not line.startswith(MARK.encode())
        )
        for name, text in files.items()
    }


def assert_kept(files: dict[str, bytes], edits: list[Edit]) -> None:
    """Check that each line is there once, between the same lines and in the same function."""
    for edit in edits:
        lines = files[edit.file].decode().split("\n")
        assert lines.count(edit.line) == 1, f"{edit} is there {lines.count(edit.line)} times"
        number = lines.index(edit.line)
        above = [line for line in lines[:number] if not line.startswith(MARK)]
        below = [line for line in lines[number:] if not line.startswith(MARK)]
        assert (above[-1], below[0]) == edit.neighbours, f"{edit} has moved"
        # A change may give functions other names.
        if f" {edit.scope[-1]}(" in "\n".join(lines) if edit.scope else True:
            assert scope(above) == edit.scope, f"{edit} has moved to {scope(above)}"
