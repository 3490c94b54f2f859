"""The environment in which all rendered projects run: one for all, so that none is installed."""

import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest
from filelock import FileLock

from tests.rendering import BIN, REPOSITORY

RENDERED = REPOSITORY / ".nox" / "rendered"
MEMORY = Path("/dev/shm")
# mypy may not share its cache with another process; each worker of pytest-xdist has its own.
MYPY_CACHE = REPOSITORY / ".nox" / f"rendered-mypy-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
START_TIMEOUT = 60  # seconds
STOP_TIMEOUT = 60  # seconds


def environment(project: Path, mypy_cache: Path = MYPY_CACHE) -> dict[str, str]:
    """Return the environment variables for commands in a rendered project.

    The project itself, of which the environment has none, is found by its path.
    """
    inherited = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    # Tests copy databases all the time, which takes several times as long on a disk.
    memory = {"TMPDIR": str(MEMORY)} if os.access(MEMORY, os.W_OK) else {}
    return inherited | {
        "MYPY_CACHE_DIR": str(mypy_cache),
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        # By default pytest shares a folder between runs, and sets its permissions anew: a server of
        # another user below it, as there is when root runs this, would lose its data.
        "PYTEST_DEBUG_TEMPROOT": str(project.parent),
        "PYTHONPATH": str(project / "src"),
        "UV_PROJECT_ENVIRONMENT": str(RENDERED),
        **memory,
    }


def free_port() -> int:
    """Return a port of this machine on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def wait_until_served(url: str, process: subprocess.Popen[str], log: Path) -> bytes:
    """Return what a service that was just started answers; fail with its log where it does not."""
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url) as response:
                answer: bytes = response.read()
            return answer
        except OSError:
            time.sleep(0.02)
    pytest.fail(f"{url} did not come up:\n{log.read_text()}")


class Commands:
    """Runs commands in a rendered project, with `uv run`."""

    def __init__(self, project: Path) -> None:
        self.project = project
        self.environment = environment(project)
        # Where PYTHONDONTWRITEBYTECODE is set, each command would compile all that it imports.
        options = ["--quiet", "--no-install-project", "--inexact", "--compile-bytecode"]
        # uv keeps two of its processes from one project, but not from one environment.
        with FileLock(RENDERED.with_name("rendered.lock")):
            subprocess.run(
                ["uv", "sync", *options],
                cwd=project,
                env=self.environment,
                check=True,
            )
        self.environment["UV_NO_SYNC"] = "1"

    def run(
        self,
        *command: str,
        check: bool = True,
        folder: Path | None = None,
        **variables: str,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end; fail where it fails, unless told not to check.

        It runs in the folder of the project, unless another one is given.
        """
        process = subprocess.run(
            ["uv", "run", "--project", str(self.project), *command],
            cwd=folder or self.project,
            env=self.environment | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert process.returncode == 0 or not check, process.stdout
        return process

    def start(
        self,
        *command: str,
        stdout: int | IO[str] = subprocess.PIPE,
        **variables: str,
    ) -> subprocess.Popen[str]:
        """Start a command in a process group of its own, as a terminal does."""
        return subprocess.Popen(
            ["uv", "run", *command],
            cwd=self.project,
            env=self.environment | variables,
            stdin=subprocess.PIPE,
            stdout=stdout,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    @contextmanager
    def running(
        self, log: Path, *command: str, **variables: str
    ) -> Iterator[subprocess.Popen[str]]:
        """Run a command that prints to `log`, and end it as Ctrl-C in a terminal does."""
        with log.open("w") as stdout:
            process = self.start(*command, stdout=stdout, **variables)
            try:
                yield process
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGINT)
                process.communicate(timeout=STOP_TIMEOUT)
