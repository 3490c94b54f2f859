"""The application as it is imported: what comes along with it, and which routers it finds."""

import sys
from pathlib import Path

import pytest

from tests.environment import Commands
from tests.rendering import copier, variant_answers

APP = "from my_blog.main import create_app; app = create_app()"

# What it is made of. With any route, FastAPI imports `pydantic.v1` to refuse its models.
NEEDED = """
import fastapi, sqlmodel, sqlmodel.ext.asyncio.session, pydantic.v1, pydantic_settings, psycopg
import sqlalchemy.dialects.postgresql
"""
# Packages that come along, and of the standard library so many modules.
PACKAGES = {"my_blog", "psycopg_pool"}
STANDARD_MODULES = 12

# What only commands and servers need.
COMMANDS = ("my_blog.app", "my_blog.branches", "my_blog.cli", "my_blog.dev")

OWN_ROUTERS = {
    "deps.py": "LIMIT = 3",
    "clocks.py": """
from contextlib import asynccontextmanager

from my_blog.http.router import Router


@asynccontextmanager
async def lifespan(app):
    clocks.append("started")
    yield


clocks: list[str] = []
router = Router(prefix="/clocks", lifespan=lifespan)


@router.get("")
async def list_clocks() -> list[str]:
    return clocks
""",
    "admin/__init__.py": "",
    "admin/jobs.py": """
from fastapi import APIRouter

router = APIRouter()


@router.get("/jobs")
def list_jobs() -> None: ...
""",
    "reports/__init__.py": """
from fastapi import APIRouter

from my_blog.api.reports import daily

router = APIRouter(prefix="/reports")
router.include_router(daily.router)
""",
    "reports/daily.py": """
from fastapi import APIRouter

router = APIRouter()


@router.get("/daily")
def read_daily() -> None: ...
""",
}


# A route of an entity is the application's own; a router that does more than hold routes is included.
USE_ROUTERS = """
from fastapi import HTTPException
from fastapi.testclient import TestClient

from my_blog.http.dependencies import read_session

assert [route for route in app.routes if getattr(route, "path", "") == "/posts/{post_id}"]
with TestClient(app) as client:
    assert client.get("/clocks").json() == ["started"]

    def not_now():
        raise HTTPException(418)

    app.dependency_overrides[read_session] = not_now
    assert client.get("/posts").status_code == 418
"""


@pytest.fixture(scope="module", params=["async-uuid7-cursor", "sync-uuid7-cursor"])
def commands(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    template: Path,
) -> Commands:
    """Return what runs commands in a project of its own."""
    folder = tmp_path_factory.mktemp("app") / "my-blog"
    return Commands(copier(template, folder, variant_answers(request.param)))


def test_no_more_is_imported_than_is_needed(commands: Commands) -> None:
    """The fewer modules, the sooner a service, a command and a test start."""

    def imported(code: str) -> set[str]:
        output = commands.run("python", "-c", f"{code}\nimport sys\nprint(*sys.modules)").stdout
        return set(output.split())

    modules, needed = imported(APP), imported(NEEDED)
    packages = {name.split(".")[0] for name in modules} - {name.split(".")[0] for name in needed}
    assert packages - sys.stdlib_module_names <= PACKAGES
    standard = {name for name in modules - needed if name.split(".")[0] in sys.stdlib_module_names}
    assert len(standard) <= STANDARD_MODULES, sorted(standard)
    assert [name for name in modules if name.startswith(COMMANDS)] == []


def test_an_import_does_not_read_settings(commands: Commands) -> None:
    production = "production"
    commands.run("python", "-c", "import my_blog.main", ENVIRONMENT=production)
    process = commands.run(
        "python", "-c", "import my_blog.app", check=False, ENVIRONMENT=production
    )
    assert process.returncode != 0
    assert process.stdout == "DATABASE_URL is required when ENVIRONMENT is production\n"


def test_own_routers_are_found(commands: Commands) -> None:
    """A module without one is left alone; a package with one says what belongs to it."""
    for name, text in OWN_ROUTERS.items():
        path = commands.project / "src" / "my_blog" / "api" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    code = f'{APP}\n{USE_ROUTERS}\nprint(*app.openapi()["paths"])'
    url = "postgresql://nobody@127.0.0.1:1/none"  # for which nothing asks
    paths = set(commands.run("python", "-c", code, DATABASE_URL=url).stdout.split())
    assert {"/posts", "/jobs", "/clocks", "/reports/daily"} <= paths
    assert "/daily" not in paths
