"""The tutorial can be followed: its commands run, its edits apply and its output is what it says."""

import re
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.environment import Commands, environment
from tests.rendering import REPOSITORY, copier

TUTORIAL = REPOSITORY / "docs" / "tutorial.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TIMEOUT = 900  # seconds

# A job started with `&` gets a process group, as in a terminal; none is left behind.
PROLOGUE = """
set -eum
trap 'for job in $(jobs -p); do kill -- -$job; done' EXIT
"""
END = "---- end of block"


@dataclass
class Step:
    """Commands, and the output that the tutorial shows."""

    commands: str
    output: str = ""


def test_tutorial(tmp_path: Path, origin: Path) -> None:
    # All rendered projects share an environment, which the first one makes.
    Commands(copier(origin, tmp_path / "environment", {}))
    steps = read(TUTORIAL)
    for step, output in zip(steps, run(tmp_path, [step.commands for step in steps]), strict=True):
        expected = ".*".join(re.escape(part) for part in step.output.split("…"))
        assert re.search(expected, output, re.DOTALL), f"{step.commands}\n{output}"


def read(tutorial: Path) -> list[Step]:
    """Return what a tutorial tells its readers to do."""
    steps: list[Step] = []
    for language, text in BLOCK.findall(tutorial.read_text(encoding="utf-8")):
        if language == "sh":
            steps.append(Step(text))
        elif language == "diff":
            steps.append(Step(f"git apply <<'END OF DIFF'\n{text}END OF DIFF\n"))
        else:
            assert language == "text"
            steps[-1].output = text
    return steps


def run(folder: Path, blocks: list[str]) -> list[str]:
    """Run blocks in one shell, and return the output of each."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    script = f'echo "{END}"\n'.join([PROLOGUE, *blocks]).replace("8000", port)
    process = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env=environment(folder / "my-blog") | {"UV_NO_SYNC": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=TIMEOUT,
    )
    assert process.returncode == 0, process.stdout
    output = re.sub(r" +$", "", process.stdout, flags=re.MULTILINE)
    return output.split(f"{END}\n")[1:]
