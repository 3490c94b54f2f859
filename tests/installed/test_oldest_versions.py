"""The oldest versions that pyproject.toml allows: with them, too, a project is green on arrival."""

import subprocess
from pathlib import Path

from tests.environment import environment
from tests.rendering import BIN, copier


def test_oldest_versions(template: Path, tmp_path: Path) -> None:
    project = copier(template, tmp_path / "my-blog", {})
    variables = environment(project, mypy_cache=tmp_path / "mypy") | {
        # Of what the project names itself, that is; other packages are the newest.
        "UV_RESOLUTION": "lowest-direct",
        "UV_PROJECT_ENVIRONMENT": str(project / ".venv"),
    }
    process = subprocess.run(
        [BIN / "uv", "run", "--quiet", "nox"],
        cwd=project,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stdout
    assert " passed" in process.stdout
