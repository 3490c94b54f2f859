"""Each request that a project can make to Neon is one of Neon's OpenAPI file."""

import ast
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx2
import pytest
from openapi_core.exceptions import OpenAPIError
from pydantic import BaseModel, SecretStr

from tests.neon.openapi import Neon, download
from tests.rendering import copier

BRANCHES = "src/my_blog/branches"


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Neon:
    return Neon(download(tmp_path_factory.mktemp("npm")))


@pytest.fixture(scope="module")
def project(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copier(template, tmp_path_factory.mktemp("neon") / "my-blog", {})


@pytest.fixture(scope="module")
def client(project: Path) -> ModuleType:
    """Return the client of a rendered project."""
    sys.path.append(str(project / "src"))
    from my_blog.branches import neon

    assert isinstance(neon, ModuleType)
    return neon


@pytest.fixture
def neon(described: Neon) -> Neon:
    neon = described
    neon.reset()
    branch = neon.example("Branch")
    main = branch | {"id": "br-main", "name": "main", "default": True}
    feature = branch | {"id": "br-feature", "name": "feature", "parent_id": "br-main"}
    neon.answers["listProjectBranches"] = {"branches": [main, feature]}
    neon.answers["createProjectBranch"] = {"branch": feature}
    operation = neon.example("Operation") | {"status": "finished"}
    neon.answers["getProjectOperation"] = {"operation": operation}
    return neon


@pytest.fixture
def api(client: ModuleType, neon: Neon) -> Any:
    return connect(client, neon.handle)


@pytest.fixture
def branches(client: ModuleType, api: Any) -> Any:
    return client.NeonBranches(api)


def connect(client: ModuleType, handle: Callable[[httpx2.Request], httpx2.Response]) -> Any:
    transport = httpx2.MockTransport(handle)
    return client.NeonApi(SecretStr("key"), "my-project", transport=transport, sleep=lambda _: None)


def test_every_request_is_valid(
    project: Path,
    client: ModuleType,
    neon: Neon,
    branches: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    copied = []
    monkeypatch.setattr(client, "copy_revision", lambda *urls: copied.append(urls))
    main, feature = branches.all()
    assert (main.name, main.protected, feature.parent) == ("main", True, "main")
    assert branches.create("feature", days=30) == feature
    branches.create("feature", schema_only=True)
    assert len(copied) == 1
    branches.reset(feature)
    assert branches.url(feature) == "some-text"
    branches.delete(feature)
    assert set(neon.seen) == {
        "createProjectBranch",
        "deleteProjectBranch",
        "getConnectionURI",
        "getProjectOperation",
        "listProjectBranchDatabases",
        "listProjectBranches",
        "restoreProjectBranch",
    }
    # There is no request in the source that was not made here.
    assert len(set(neon.seen)) == requests_in(project / BRANCHES / "neon.py")


def requests_in(source: Path) -> int:
    """Return the number of places where a request is made."""
    return sum(
        isinstance(node, ast.Call) and ast.unparse(node.func) == "self._api.request"
        for node in ast.walk(ast.parse(source.read_text()))
    )


def test_further_pages(client: ModuleType, neon: Neon) -> None:
    first = neon.answers["listProjectBranches"]
    first["pagination"] = {"next": "more", "sort_by": "name", "sort_order": "asc"}
    pages = [first, first | {"branches": []}]

    def next_page(request: httpx2.Request) -> httpx2.Response:
        neon.answers["listProjectBranches"] = pages.pop(0)
        return neon.handle(request)

    assert len(client.NeonBranches(connect(client, next_page)).all()) == 2
    assert not pages


@pytest.mark.parametrize(("status", "hint"), [(401, "NEON_API_KEY"), (404, "NEON_PROJECT_ID")])
def test_errors_are_understood(neon: Neon, branches: Any, status: int, hint: str) -> None:
    neon.statuses["listProjectBranches"] = status
    neon.answers["listProjectBranches"] = {"message": "No."}
    with pytest.raises(Exception, match=rf"{status}: No\. .*{hint}"):
        branches.all()


class Anything(BaseModel):
    """Any answer will do."""


WRONG: list[Callable[[Any], Any]] = [
    lambda send: send("GET", "/branchs"),
    lambda send: send("PUT", "/branches"),
    lambda send: send("GET", "/branches", params={"name": "feature"}),
    lambda send: send("GET", "/branches", params={"limit": 0}),
    lambda send: send("GET", "/connection_uri", params={"database_name": "db"}),
    lambda send: send("POST", "/branches", body={"branch": {"expire_at": "2026-11-24T12:00:00Z"}}),
    lambda send: send("POST", "/branches", body={"branch": {"expires_at": "tomorrow"}}),
    lambda send: send("POST", "/branches", body={"endpoints": [{"type": "write"}]}),
    lambda send: send("POST", "/branches/br-1/restore", body={}),
    lambda send: send("GET", "/operations/1"),
]


@pytest.mark.parametrize("request_", WRONG, ids=range(len(WRONG)))
def test_wrong_requests_are_found(api: Any, request_: Callable[[Any], Any]) -> None:
    def send(method: str, path: str, **options: Any) -> Any:
        return api.request(Anything, method, path, **options)

    send("GET", "/branches")
    with pytest.raises((OpenAPIError, AssertionError)):
        request_(send)
