"""The command line, on local branches."""

import sys
import tomllib
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

from {{ package_name }} import cli
from {{ package_name }}.branches.env_file import write_database_url
from {{ package_name }}.branches.local import LocalBranches

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
    assert "neon_project_id" in shown
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
        "",
        "POOL_SIZE=7",
        "# database_url_unpooled = postgresql://direct",
        "# DATABASE_URL=postgresql://two",
        "DATABASE_URL=postgresql://one",
    ]


def test_new_env_file_is_private(tmp_path: Path) -> None:
    write_database_url(tmp_path / ".env", "postgresql://one")
    assert (tmp_path / ".env").stat().st_mode & 0o077 == 0
