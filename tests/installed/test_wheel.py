"""A project that is installed as a wheel, elsewhere and without development dependencies."""

import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.environment import STOP_TIMEOUT, Commands, free_port, wait_until_served
from tests.rendering import BIN, copier, variant_answers

START_TIMEOUT = 60  # seconds


class Installed:
    """An environment that has the wheel of a project, in a folder that has nothing else."""

    def __init__(self, project: Path, folder: Path) -> None:
        self.folder = folder
        self.variables = {**os.environ, "ENVIRONMENT": "production"}
        # nox says where uv is to have its environment: not for this one.
        for name in ("VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT", "UV_PYTHON"):
            self.variables.pop(name, None)
        self._run(BIN / "uv", "build", "--quiet", "--wheel", project, "--out-dir", folder / "dist")
        self._run(BIN / "uv", "venv", "--quiet")
        (wheel,) = (folder / "dist").glob("*.whl")
        self._run(BIN / "uv", "pip", "install", "--quiet", wheel)

    def run(self, command: str, *arguments: str, **variables: str) -> tuple[int, str]:
        """Run a command of the environment; return its code and what it printed."""
        process = subprocess.run(
            [self.folder / ".venv" / "bin" / command, *arguments],
            cwd=self.folder,
            env=self.variables | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return process.returncode, process.stdout

    def _run(self, *command: str | Path) -> None:
        subprocess.run(command, cwd=self.folder, env=self.variables, check=True)


@pytest.fixture(scope="module", params=["async-uuid7-cursor", "sync-bigint-offset"])
def project(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    template: Path,
) -> Path:
    """Return a project with its first migration."""
    folder = tmp_path_factory.mktemp("project") / "my-blog"
    return copier(template, folder, variant_answers(request.param))


@pytest.fixture(scope="module")
def url(project: Path) -> Iterator[str]:
    """Return the URL of an empty database, on the embedded server of the project."""
    commands = Commands(project)
    commands.run("alembic", "revision", "--autogenerate", "-m", "initial schema")
    script = (
        "from my_blog.db.embedded import embedded_url; from my_blog.settings import Settings; "
        "print(embedded_url(Settings().embedded_directory), flush=True); input()"
    )
    process = commands.start("python", "-c", script)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.communicate("\n", timeout=STOP_TIMEOUT)


@pytest.fixture(scope="module")
def installed(project: Path, url: str, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Return the project as a container would have it. Its wheel is built after the migration."""
    return Installed(project, tmp_path_factory.mktemp("elsewhere"))


def test_serves(installed: Installed, url: str, tmp_path: Path) -> None:
    """It is not ready before its database is migrated, by its own command."""
    port = free_port()
    server = f"http://127.0.0.1:{port}"
    log = tmp_path / "log"
    with log.open("w") as stdout:
        process = subprocess.Popen(
            [
                str(installed.folder / ".venv" / "bin" / "fastapi"),
                "run",
                "--entrypoint=my_blog.app:app",
                "--host=127.0.0.1",
                f"--port={port}",
            ],
            cwd=installed.folder,
            env=installed.variables | {"DATABASE_URL": url},
            stdout=stdout,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            assert wait_until_served(f"{server}/health/live", process, log) == b'{"status":"ok"}'
            assert until_not(server, "database timed out") == "schema not at head"
            assert installed.run("my-blog", "migrate", DATABASE_URL=url)[0] == 0
            assert until_not(server, "schema not at head", "database timed out") == "ready"
            request = urllib.request.Request(
                f"{server}/tags",
                data=json.dumps({"name": "sql"}).encode(),
                headers={"Content-Type": "application/json"},
            )
            with urllib.request.urlopen(request) as answer:
                assert answer.status == 201
            with urllib.request.urlopen(f"{server}/tags") as answer:
                assert json.load(answer)["items"][0]["name"] == "sql"
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=STOP_TIMEOUT)
    assert "Traceback" not in log.read_text()


def test_command_line(installed: Installed, url: str) -> None:
    """It works, or says what to do."""
    code, output = installed.run("my-blog", "--help")
    assert code == 0
    assert "migrate" in output
    code, output = installed.run("my-blog", "migrate")
    assert code != 0
    assert "DATABASE_URL" in output
    neon = {"DATABASE_URL": url, "NEON_PROJECT_ID": "p", "NEON_API_KEY": "k"}
    code, output = installed.run("my-blog", "branch", "list", **neon)
    assert code != 0
    assert "need the package httpx2" in output
    assert "Traceback" not in output
    code, output = installed.run("my-blog", "branch", "list", DATABASE_URL=url)
    assert code != 0
    assert "set NEON_PROJECT_ID" in output


def until_not(server: str, *statuses: str) -> str:
    """Ask for readiness until it is another one, and return it."""
    deadline = time.monotonic() + START_TIMEOUT
    while True:
        status = readiness(server)
        if status not in statuses or time.monotonic() > deadline:
            return status
        time.sleep(0.2)


def readiness(server: str) -> str:
    """Return what the service says of itself."""
    try:
        with urllib.request.urlopen(f"{server}/health/ready") as answer:
            status: str = json.load(answer)["status"]
    except urllib.error.HTTPError as error:
        if error.code != 503:
            raise
        status = json.load(error)["status"]
    return status
