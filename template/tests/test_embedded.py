{% from "includes/python.jinja" import sorted_imports with context %}
"""The embedded server: one for all processes that use it, and none without."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, make_url, text

{{ sorted_imports([
  [package_name ~ ".db.embedded", ["EmbeddedError", "database_url", "embedded_url", "is_embedded", "stop_embedded"]],
  [package_name ~ ".db.urls", ["DRIVER"]],
  ["tests.scratch", ["scratch"]],
]) }}

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the wheel runs the server there")

SOURCE = Path(__file__).parents[1] / "src"
USE = """
import sys
from pathlib import Path
from {{ package_name }}.db.embedded import embedded_url
print(embedded_url(Path(sys.argv[1])), flush=True)
input()
"""
STOP_TIMEOUT = 30  # seconds


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Return a folder that is removed: pytest would keep its own, and 40 MB for each server."""
    with tempfile.TemporaryDirectory(prefix="embedded-", dir=scratch()) as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def data(folder: Path) -> Iterator[Path]:
    """Return the folder of a server, which no test leaves running."""
    yield folder / "data"
    stop_embedded(folder / "data")


def use(data: Path) -> subprocess.Popen[str]:
    """Start another process that uses the server."""
    command = [sys.executable, "-c", USE, str(data)]
    pipe = subprocess.PIPE
    environment = os.environ | {"PYTHONPATH": str(SOURCE)}
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment)


def select_one(url: str) -> None:
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def server_pid(data: Path) -> int:
    return int((data / "postmaster.pid").read_text().split()[0])


def wait_until_stopped(data: Path) -> None:
    deadline = time.monotonic() + STOP_TIMEOUT
    while (data / "postmaster.pid").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("name", ["a b'c\"d$HOME;#?&@%41+ä,:日本", "x" * 150])
def test_any_path(folder: Path, name: str) -> None:
    data = folder / name / "data"
    url = embedded_url(data)
    select_one(url)
    engine = create_engine(make_url(url).set(drivername=DRIVER))
    with engine.connect() as connection:
        assert connection.scalar(text("SHOW data_directory")) == str(data)
    engine.dispose()
    branch = make_url(database_url(data, "branch_a/b?c d"))
    assert is_embedded(branch, data)
    assert branch.database == "branch_a/b?c d"
    stop_embedded(data)
    assert not (data / "postmaster.pid").exists()


def test_processes_share_a_server(data: Path) -> None:
    """Several may start at once; it stops with the last one, even if that is killed."""
    processes = [use(data) for _ in range(3)]
    outputs = [process.stdout for process in processes]
    urls = {output.readline().strip() for output in outputs if output}
    assert len(urls) == 1
    (url,) = urls
    one, two, three = processes
    one.communicate("", timeout=STOP_TIMEOUT)
    two.kill()
    two.communicate()
    select_one(url)
    three.kill()
    three.communicate()
    wait_until_stopped(data)


def test_a_killed_server_starts_again(data: Path) -> None:
    select_one(embedded_url(data))
    os.kill(server_pid(data), signal.SIGKILL)
    select_one(embedded_url(data))
    stop_embedded(data)


def test_the_number_of_a_process_says_nothing(data: Path) -> None:
    """After a crash it may be that of any process."""
    embedded_url(data)
    files = [data / "postmaster.pid", data / ".s.PGSQL.5432.lock"]
    contents = [file.read_text() for file in files]
    stop_embedded(data)
    # A process that the server may send signals to: of its own user.
    user = data.stat().st_uid if os.geteuid() == 0 else None
    with subprocess.Popen(["sleep", "60"], user=user) as other:  # noqa: S607
        for file, content in zip(files, contents, strict=True):
            file.write_text("\n".join([str(other.pid), *content.splitlines()[1:], ""]))
        select_one(embedded_url(data))
        stop_embedded(data)
        assert other.poll() is None
        other.kill()


def test_a_folder_that_is_removed(data: Path) -> None:
    embedded_url(data)
    former = server_pid(data)
    data.rename(data.with_name("moved"))
    select_one(embedded_url(data))
    assert server_pid(data) != former
    with pytest.raises(ProcessLookupError):
        os.kill(former, 0)
    stop_embedded(data)


def test_settings_for_others_do_not_matter(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("PGDATA", "/nowhere")
    monkeypatch.setenv("LC_ALL", "xx_XX")
    select_one(embedded_url(data))
    stop_embedded(data)


def test_folders_that_cannot_be_used(tmp_path: Path) -> None:
    def problem(data: Path) -> str:
        with pytest.raises(EmbeddedError, match="Set EMBEDDED_DIRECTORY") as error:
            embedded_url(data)
        assert str(data) in str(error.value)
        return str(error.value)

    file = tmp_path / "file"
    file.touch()
    assert "directory" in problem(file)
    assert "other files" in problem(tmp_path)
    older = tmp_path / "older"
    older.mkdir()
    (older / "PG_VERSION").write_text("16\n")
    assert '"16"' in problem(older)
    (older / "PG_VERSION").write_text("18\n")
    assert "could not" in problem(older)
