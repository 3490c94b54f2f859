"""Branches on Neon: how the client behaves, against answers made up here.

That its requests are those of Neon's OpenAPI file is tested in the template of this project.
"""

import json
from typing import Any

import httpx2
import psycopg
import pytest
from pydantic import SecretStr
from sqlalchemy import Engine

from {{ package_name }}.branches import Branch, BranchError, find
from {{ package_name }}.branches import neon as neon_module
from {{ package_name }}.branches.neon import NeonBranches, copy_revision
from {{ package_name }}.branches.neon_api import DELAYS, NeonApi

KEY = "napi_secret"
OPERATION = "d8ac46eb-a757-42b1-9907-f78322ee394e"
MAIN = {"id": "br-main", "name": "main", "default": True, "protected": False}
FEATURE = {
    "id": "br-feature",
    "name": "feature",
    "parent_id": "br-main",
    "default": False,
    "protected": False,
}


class Neon:
    """Stands for Neon: gives prepared answers and keeps the requests."""

    def __init__(self) -> None:
        self.answers: dict[str, list[httpx2.Response | Exception]] = {}
        self.requests: list[httpx2.Request] = []
        self.pauses: list[float] = []
        self.answer("GET /branches", {"branches": [MAIN, FEATURE]})
        api = NeonApi(
            SecretStr(KEY),
            "my-project",
            transport=httpx2.MockTransport(self.handle),
            sleep=self.pauses.append,
        )
        self.branches = NeonBranches(api)

    def answer(
        self,
        request: str,
        body: Any = None,
        status: int = 200,
        headers: dict[str, str] | None = None,
    ) -> None:
        """Prepare the next answer to a request; the last one is given again and again."""
        response = httpx2.Response(status, json=body, headers=headers)
        self.answers.setdefault(request, []).append(response)

    def fail(self, request: str, error: Exception) -> None:
        """Prepare an error of the network."""
        self.answers.setdefault(request, []).append(error)

    def handle(self, request: httpx2.Request) -> httpx2.Response:
        """Answer a request."""
        assert request.headers["Authorization"] == f"Bearer {KEY}"
        self.requests.append(request)
        path = request.url.path.removeprefix("/api/v2/projects/my-project")
        answers = self.answers[f"{request.method} {path}"]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def feature(self) -> Branch:
        """The branch `feature`, as the client has found it."""
        branch = find(self.branches, "feature")
        assert branch is not None
        return branch

    def sent(self, method: str) -> list[Any]:
        """Return the bodies of the requests with this method."""
        sent = [request for request in self.requests if request.method == method]
        return [json.loads(request.content or b"null") for request in sent]


@pytest.fixture
def neon() -> Neon:
    return Neon()


def problem(message: str, code: str = "") -> dict[str, str]:
    return {"message": message, "code": code}


def running(action: str, status: str) -> dict[str, str]:
    return {"id": OPERATION, "action": action, "status": status}


def test_create(neon: Neon) -> None:
    created = {"branch": FEATURE, "operations": [running("create_branch", "running")]}
    neon.answer("POST /branches", created, 201)
    for status in ("scheduling", "running", "finished"):
        operation = {"operation": running("create_branch", status)}
        neon.answer(f"GET /operations/{OPERATION}", operation)
    branch = neon.branches.create("feature", days=14)
    assert (branch.name, branch.parent, branch.protected) == ("feature", "main", False)
    (body,) = neon.sent("POST")
    assert body["endpoints"] == [{"type": "read_write"}]
    assert body["branch"]["name"] == "feature"
    assert body["branch"]["expires_at"].endswith("+00:00")
    assert len(neon.pauses) == 3


def test_failed_operation(neon: Neon) -> None:
    neon.answer("DELETE /branches/br-feature", {"operations": [running("delete", "failed")]})
    with pytest.raises(BranchError, match="delete is failed"):
        neon.branches.delete(neon.feature)


def test_operation_without_end(neon: Neon) -> None:
    neon.answer("DELETE /branches/br-feature", {"operations": [running("delete", "running")]})
    neon.answer(f"GET /operations/{OPERATION}", {"operation": running("delete", "running")})
    with pytest.raises(BranchError, match="delete is running"):
        neon.branches.delete(neon.feature)


def test_schema_only(neon: Neon, monkeypatch: pytest.MonkeyPatch) -> None:
    copied = []
    monkeypatch.setattr(neon_module, "copy_revision", lambda *urls: copied.append(urls))
    neon.answer("POST /branches", {"branch": FEATURE}, 201)
    for branch in ("br-main", "br-feature"):
        databases = {"databases": [{"name": "db", "owner_name": "me"}]}
        neon.answer(f"GET /branches/{branch}/databases", databases)
        neon.answer("GET /connection_uri", {"uri": f"postgresql://{branch}"})
    neon.branches.create("feature", schema_only=True)
    (body,) = neon.sent("POST")
    assert body["branch"]["init_source"] == "schema-only"
    assert body["branch"]["parent_id"] == "br-main"
    assert copied == [("postgresql://br-main", "postgresql://br-feature")]


def test_copy_revision(engine: Engine, empty_database: Engine) -> None:
    source, target = (
        each.url.set(drivername="postgresql").render_as_string(hide_password=False)
        for each in (engine, empty_database)
    )
    create = "CREATE TABLE alembic_version (version_num text PRIMARY KEY)"
    select = "SELECT version_num FROM alembic_version"
    copy_revision(target, source)  # nothing was ever migrated
    with psycopg.connect(target) as connection:
        connection.execute(create)
    copy_revision(source, target)
    with psycopg.connect(source) as one, psycopg.connect(target) as other:
        assert one.execute(select).fetchall() == other.execute(select).fetchall() != []


def test_reset(neon: Neon) -> None:
    neon.answer("POST /branches/br-feature/restore", {"operations": []})
    neon.branches.reset(neon.feature)
    assert neon.sent("POST") == [{"source_branch_id": "br-main"}]


def test_delete_of_what_is_gone(neon: Neon) -> None:
    neon.answers["DELETE /branches/br-feature"] = [httpx2.Response(204)]
    neon.branches.delete(neon.feature)


@pytest.mark.parametrize("change", ["reset", "delete"])
@pytest.mark.parametrize("kind", ["default", "protected"])
def test_protected_branches_are_left_alone(neon: Neon, change: str, kind: str) -> None:
    neon.answers["GET /branches"].clear()
    neon.answer("GET /branches", {"branches": [MAIN, FEATURE | {kind: True}]})
    with pytest.raises(BranchError, match="protected"):
        getattr(neon.branches, change)(neon.feature)
    assert {request.method for request in neon.requests} == {"GET"}


def test_list_has_pages(neon: Neon) -> None:
    neon.answers["GET /branches"].clear()
    neon.answer("GET /branches", {"branches": [MAIN], "pagination": {"next": "more"}})
    neon.answer("GET /branches", {"branches": [FEATURE], "pagination": {"next": "end"}})
    neon.answer("GET /branches", {"branches": []})
    assert [branch.name for branch in neon.branches.all()] == ["main", "feature"]
    cursors = [request.url.params.get("cursor") for request in neon.requests]
    assert cursors == [None, "more", "end"]


def test_url(neon: Neon) -> None:
    databases = {"databases": [{"name": "db", "owner_name": "me"}]}
    neon.answer("GET /branches/br-feature/databases", databases)
    neon.answer("GET /connection_uri", {"uri": "postgresql://me:secret@host/db"})
    assert neon.branches.url(neon.feature) == "postgresql://me:secret@host/db"
    assert dict(neon.requests[-1].url.params) == {
        "branch_id": "br-feature",
        "database_name": "db",
        "role_name": "me",
        "pooled": "true",
    }


def test_several_databases(neon: Neon) -> None:
    databases = [{"name": "one", "owner_name": "me"}, {"name": "two", "owner_name": "me"}]
    neon.answer("GET /branches/br-feature/databases", {"databases": databases})
    with pytest.raises(BranchError, match="NEON_DATABASE must be one of the databases: one, two"):
        neon.branches.url(neon.feature)


@pytest.mark.parametrize("status", [423, 429, 503])
def test_what_was_not_begun_is_repeated(neon: Neon, status: int) -> None:
    neon.answer("POST /branches", problem("later"), status)
    neon.answer("POST /branches", problem("later"), status, {"Retry-After": "7"})
    neon.answer("POST /branches", {"branch": FEATURE}, 201)
    neon.branches.create("feature")
    assert neon.pauses == [DELAYS[0], 7]


def test_what_may_have_been_done_is_not_repeated(neon: Neon) -> None:
    neon.answer("POST /branches", problem("oops"), 500)
    with pytest.raises(BranchError, match="500: oops"):
        neon.branches.create("feature")
    neon.answers["POST /branches"].clear()
    neon.fail("POST /branches", httpx2.ReadTimeout("too slow"))
    with pytest.raises(BranchError, match="does not answer: too slow"):
        neon.branches.create("feature")
    assert len(neon.sent("POST")) == 2
    assert neon.pauses == []


def test_what_changes_nothing_is_repeated(neon: Neon) -> None:
    neon.answers["GET /branches"].clear()
    neon.answer("GET /branches", problem("oops"), 500)
    neon.fail("GET /branches", httpx2.ReadTimeout("too slow"))
    neon.answer("GET /branches", {"branches": [MAIN]})
    assert len(neon.branches.all()) == 1
    assert neon.pauses == list(DELAYS[:2])


def test_what_was_not_sent_is_repeated(neon: Neon) -> None:
    neon.fail("POST /branches", httpx2.ConnectError("refused"))
    neon.answer("POST /branches", {"branch": FEATURE}, 201)
    neon.branches.create("feature")
    assert neon.pauses == [DELAYS[0]]


def test_repeating_has_an_end(neon: Neon) -> None:
    neon.answer("POST /branches", problem("locked"), 423)
    with pytest.raises(BranchError, match="423: locked"):
        neon.branches.create("feature")
    assert neon.pauses == list(DELAYS)


@pytest.mark.parametrize("after", ["3600", "Fri, 31 Dec 2100 23:59:59 GMT"])
def test_too_long_a_wait(neon: Neon, after: str) -> None:
    neon.answer("POST /branches", problem("too many"), 429, {"Retry-After": after})
    with pytest.raises(BranchError, match="429: too many"):
        neon.branches.create("feature")
    assert neon.pauses == []


@pytest.mark.parametrize(
    ("status", "code", "hint"),
    [
        (401, "", "check NEON_API_KEY"),
        (403, "", "does not allow"),
        (404, "", "check NEON_PROJECT_ID"),
        (422, "BRANCHES_LIMIT_EXCEEDED", "allows no more branches"),
        (422, "ROOT_BRANCHES_LIMIT_EXCEEDED", "allows no more branches"),
    ],
)
def test_hints(neon: Neon, status: int, code: str, hint: str) -> None:
    neon.answer("POST /branches", problem("no", code), status)
    with pytest.raises(BranchError, match=f"{status}: no .*{hint}"):
        neon.branches.create("feature")


def test_secrets_stay_hidden(neon: Neon) -> None:
    neon.answer("POST /branches", problem(f"{KEY} is wrong"), 401)
    with pytest.raises(BranchError) as refused:
        neon.branches.create("feature")
    databases = {"databases": [{"name": "db", "owner_name": "me"}]}
    neon.answer("GET /branches/br-feature/databases", databases)
    neon.answer("GET /connection_uri", {"url": "postgresql://me:password@host/db"})
    with pytest.raises(BranchError) as strange:
        neon.branches.url(neon.feature)
    shown = f"{refused.value!r} {strange.value!r} {neon.branches!r} {vars(neon.branches)!r}"
    assert KEY not in shown
    assert "password" not in shown
    assert strange.value.__suppress_context__
