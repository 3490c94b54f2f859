"""The command line, on local branches."""

import stat
import sys
import tomllib
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from urllib.parse import unquote

import pytest
from dotenv import dotenv_values

from {{ package_name }} import cli
from {{ package_name }}.branches import BranchError
from {{ package_name }}.branches.env_file import write_database_url
from {{ package_name }}.branches.local import LocalBranches
from {{ package_name }}.settings import Settings

PYPROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"

Run = Callable[..., str]


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    embedded_server: Path,
) -> Run:
    """Return what runs `branch …`, with a `.env` of its own, and returns its output."""
    monkeypatch.setattr(cli, "ENV_FILE", tmp_path / ".env")
    monkeypatch.setenv("EMBEDDED_DIRECTORY", str(embedded_server))

    def run(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["command", "branch", *arguments])
        with pytest.raises(SystemExit) as end:
            cli.main()
        output = capsys.readouterr()
        return output.out if end.value.code == 0 else f"{end.value.code}{output.err}"

    return run


def test_the_command_is_installed() -> None:
    scripts = tomllib.loads(PYPROJECT.read_text())["project"]["scripts"]
    (target,) = scripts.values()
    module, function = target.split(":")
    assert getattr(import_module(module), function) is cli.main


def test_life_of_a_branch(run: Run, tmp_path: Path, embedded_server: Path) -> None:
    env_file = tmp_path / ".env"
    assert run("create", "feature", "--env") == (
        'Created the branch "feature"\n'
        f'DATABASE_URL in {env_file} leads to the branch "feature" now\n'
    )
    assert run("list") == "main  protected\nfeature  from main\n"
    (branch,) = LocalBranches(embedded_server).all()[1:]
    url = LocalBranches(embedded_server).url(branch)
    assert run("url", "feature") == f"{url}\n"
    assert env_file.read_text() == f"DATABASE_URL={url}\n"
    assert run("reset", "feature") == 'Reset the branch "feature"\n'
    assert run("delete", "feature") == 'Deleted the branch "feature"\n'
    assert run("list") == "main  protected\n"


def test_missing_branch(run: Run) -> None:
    assert run("url", "feature") == 'There is no branch "feature", but: main'
    assert run("delete", "feature", "--missing-ok") == 'There is no branch "feature"\n'


def test_main_is_protected(run: Run) -> None:
    assert "protected" in run("delete", "main", "--missing-ok")
    assert run("list") == "main  protected\n"


def test_missing_key(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEON_PROJECT_ID", "my-project")
    assert run("list") == "NEON_PROJECT_ID is set, but not NEON_API_KEY"


def test_other_server(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:secret@host/db")
    assert "set NEON_PROJECT_ID" in run("list")


def test_wrong_setting(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEON_PROJECT_ID", "../elsewhere")
    monkeypatch.setenv("NEON_API_KEY", "napi_secret")
    shown = run("list")
    assert "NEON_PROJECT_ID" in shown
    assert "napi_secret" not in shown


def test_env_file(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    lines = [
        "# DATABASE_URL= in words",
        "export DATABASE_URL='postgresql://main'",
        "",
        "POOL_SIZE=7",
        "database_url_unpooled = postgresql://direct",
    ]
    path.write_text("\n".join(lines))
    for url in ("postgresql://one", "postgresql://two", "postgresql://one"):
        write_database_url(path, url)
    assert path.read_text().splitlines() == [
        "# DATABASE_URL= in words",
        "# export DATABASE_URL='postgresql://main'",
        "# export DATABASE_URL='postgresql://two'",
        "export DATABASE_URL='postgresql://one'",
        "",
        "POOL_SIZE=7",
        "# database_url_unpooled = postgresql://direct",
    ]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "POOL_SIZE=7",
        "POOL_SIZE=7\n\n\n",
        "POOL_SIZE=7\r\nDATABASE_URL=postgresql://main # why\r\nOTHER='a b'\r\n",
        '\ufeffPOOL_SIZE=7\r\n  export database_url="postgresql://main"',
        "KEY='line\nDATABASE_URL=none\n'\nDATABASE_URL='two\nlines'\nOTHER=${KEY}\n",
        "this is no setting\nDATABASE_URL\nDATABASE_URL=twice\nDATABASE_URL=\n",
    ],
)
def test_env_file_is_read_as_it_was_written(tmp_path: Path, content: str) -> None:
    path = tmp_path / ".env"
    path.write_bytes(content.encode())
    others = {**dotenv_values(path), "DATABASE_URL": None, "database_url": None}
    url = "postgresql://me:p$w'd@host/db?sslmode=require&x=${HOME}"
    for _ in range(2):
        write_database_url(path, url)
        values = dotenv_values(path)
        assert unquote(values.pop("DATABASE_URL") or "") == url
        assert {**values, "DATABASE_URL": None, "database_url": None} == others
        written = path.read_bytes()
        # All lines have the ends that they had.
        assert written.count(b"\r\n") in (0, written.count(b"\n"))
        assert all(line.strip() in written for line in content.encode().splitlines())


def test_env_file_keeps_what_it_is(tmp_path: Path) -> None:
    """Its permissions stay; a link to it stays a link; nothing else is left in its folder."""
    path, link = tmp_path / "settings", tmp_path / "project" / ".env"
    path.write_text("POOL_SIZE=7\n")
    path.chmod(0o640)
    link.parent.mkdir()
    link.symlink_to(path)
    write_database_url(link, "postgresql://one")
    assert link.is_symlink()
    assert path.read_text() == "POOL_SIZE=7\nDATABASE_URL=postgresql://one\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert sorted(tmp_path.iterdir()) == [link.parent, path]


def test_env_file_is_replaced_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / ".env"
    path.write_text("POOL_SIZE=7\n")

    def fail(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(BranchError, match=r"\.env cannot be written: No space"):
        write_database_url(path, "postgresql://one")
    assert [file.read_text() for file in tmp_path.iterdir()] == ["POOL_SIZE=7\n"]


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_env_file_in_another_encoding(
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    encoding: str,
) -> None:
    path = tmp_path / ".env"
    content = "# für die Tests\nPOOL_SIZE=7\n".encode(encoding)
    path.write_bytes(content)
    with pytest.raises(BranchError, match="save it as UTF-8"):
        write_database_url(path, "postgresql://one")
    assert path.read_bytes() == content
    monkeypatch.setitem(Settings.model_config, "env_file", path)
    assert "save it as UTF-8" in run("list")


def test_new_env_file_is_private(tmp_path: Path) -> None:
    write_database_url(tmp_path / ".env", "postgresql://one")
    assert (tmp_path / ".env").stat().st_mode & 0o077 == 0
