"""A template with versions, and projects that were made from it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rendering import git
from tests.updates.projects import VERSION


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that choose random changes."""
    group = parser.getgroup("updates")
    group.addoption("--changes", type=int, default=15, help="how many random changes to try")
    group.addoption("--change-seed", type=int, default=1, help="other seeds draw other changes")


@pytest.fixture(scope="session", autouse=True)
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return what stands for GitHub: git finds its repositories in this folder.

    Nothing of the machine that runs the tests is read or changed: no settings of git, no caches.
    """
    folder = tmp_path_factory.mktemp("machine")
    github = folder / "github"
    (folder / "gitconfig").write_text(
        "[user]\nname = Ada\nemail = ada@example.com\n"
        "[init]\ndefaultBranch = main\n"
        "[advice]\ndetachedHead = false\n"
        f'[url "{github.as_uri()}/"]\ninsteadOf = https://github.com/\n'
    )
    (folder / "cookiecutter.yml").write_text(
        f'cookiecutters_dir: "{folder}/cookiecutters"\nreplay_dir: "{folder}/replay"\n'
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GIT_CONFIG_GLOBAL", str(folder / "gitconfig"))
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        patch.setenv("COPIER_CACHE_DIR", str(folder / "copier"))
        patch.setenv("COOKIECUTTER_CONFIG", str(folder / "cookiecutter.yml"))
        yield github


@pytest.fixture(scope="session")
def origin(template: Path, machine: Path) -> Path:
    """Return the repository of the template, with a version; it also is on what stands for GitHub."""
    git(template, "tag", VERSION)
    git(template, "clone", "--quiet", "--bare", ".", str(machine / "org" / "template.git"))
    return template
