"""Branches on Neon: what the API is asked for each command."""

import datetime as dt
import uuid

import psycopg
from pydantic import BaseModel, Field, SecretStr

from {{ package_name }}.branches import (
    Branch,
    BranchError,
    refuse_protected,
    refuse_without_parent,
)
from {{ package_name }}.branches.neon_api import NeonApi

PAGE_SIZE = 1000

# Seconds between two looks at an operation, and how often to look.
POLL_INTERVAL = 1
MAX_POLLS = 300

RUNNING = {"scheduling", "running", "cancelling"}
FAILED = {"failed", "error"}


class NeonBranch(BaseModel):
    """A branch, as the API describes it."""

    id: str
    name: str
    parent_id: str | None = None
    default: bool
    protected: bool
    expires_at: dt.datetime | None = None


class Pagination(BaseModel):
    """Where the next page starts."""

    next: str | None = None


class Page(BaseModel):
    """Some of the branches."""

    branches: list[NeonBranch]
    pagination: Pagination = Field(default_factory=Pagination)


class Operation(BaseModel):
    """What Neon does after it has answered."""

    id: uuid.UUID
    action: str
    status: str


class OneOperation(BaseModel):
    """An operation that was asked for."""

    operation: Operation


class Operations(BaseModel):
    """The operations that follow from a request."""

    operations: list[Operation] = []


class Created(Operations):
    """A new branch."""

    branch: NeonBranch


class Database(BaseModel):
    """A database of a branch."""

    name: str
    owner_name: str


class Databases(BaseModel):
    """The databases of a branch."""

    databases: list[Database]


class ConnectionUri(BaseModel):
    """How to connect to a database."""

    uri: SecretStr


class NeonBranches:
    """The branches of a project on Neon; `database` is needed where it has several."""

    def __init__(self, api: NeonApi, database: str | None = None) -> None:
        self._api = api
        self._database = database

    def all(self) -> list[Branch]:
        """Return all branches of the project."""
        listed = self._list()
        names = {branch.id: branch.name for branch in listed}
        return [_branch(branch, names) for branch in listed]

    def create(self, name: str, *, schema_only: bool = False, days: int | None = None) -> Branch:
        """Return a new branch of the project's default branch, with a compute."""
        main = next(branch for branch in self._list() if branch.default)
        branch: dict[str, str] = {"name": name, "parent_id": main.id}
        if schema_only:
            branch["init_source"] = "schema-only"
        if days is not None:
            expires_at = dt.datetime.now(dt.UTC) + dt.timedelta(days=days)
            branch["expires_at"] = expires_at.isoformat(timespec="seconds")
        # Without an endpoint, the branch would have no compute to connect to.
        body = {"branch": branch, "endpoints": [{"type": "read_write"}]}
        created = self._api.request(Created, "POST", "/branches", body=body)
        self._wait(created.operations)
        if schema_only:
            source = self._connection_uri(main.id, pooled=False)
            copy_revision(source, self._connection_uri(created.branch.id, pooled=False))
        return _branch(created.branch, {main.id: main.name})

    def reset(self, branch: Branch) -> None:
        """Make a branch what its parent is now."""
        refuse_protected(branch)
        refuse_without_parent(branch)
        parents = {listed.id: listed.parent_id for listed in self._list()}
        body = {"source_branch_id": parents[branch.id]}
        path = f"/branches/{branch.id}/restore"
        self._wait(self._api.request(Operations, "POST", path, body=body).operations)

    def delete(self, branch: Branch) -> None:
        """Delete a branch and its compute."""
        refuse_protected(branch)
        path = f"/branches/{branch.id}"
        self._wait(self._api.request(Operations, "DELETE", path).operations)

    def url(self, branch: Branch) -> str:
        """Return the pooled connection string of a branch, for the owner of the database."""
        return self._connection_uri(branch.id, pooled=True)

    def _list(self) -> list[NeonBranch]:
        params: dict[str, str | int] = {"limit": PAGE_SIZE}
        listed: list[NeonBranch] = []
        while True:
            page = self._api.request(Page, "GET", "/branches", params=params)
            listed += page.branches
            if not page.branches or page.pagination.next is None:
                return listed
            params["cursor"] = page.pagination.next

    def _wait(self, operations: list[Operation]) -> None:
        """Return when all operations have ended. Raises BranchError where one failed."""
        for operation in operations:
            for _ in range(MAX_POLLS):
                if operation.status not in RUNNING:
                    break
                self._api.sleep(POLL_INTERVAL)
                path = f"/operations/{operation.id}"
                operation = self._api.request(OneOperation, "GET", path).operation
            if operation.status in RUNNING | FAILED:
                raise BranchError(f"Neon: {operation.action} is {operation.status}")

    def _connection_uri(self, branch_id: str, *, pooled: bool) -> str:
        path = f"/branches/{branch_id}/databases"
        databases = self._api.request(Databases, "GET", path).databases
        chosen = [item for item in databases if self._database in (None, item.name)]
        if len(chosen) != 1:
            names = ", ".join(item.name for item in databases)
            raise BranchError(f"NEON_DATABASE must be one of the databases: {names}")
        params = {
            "branch_id": branch_id,
            "database_name": chosen[0].name,
            "role_name": chosen[0].owner_name,
            "pooled": pooled,
        }
        answer = self._api.request(ConnectionUri, "GET", "/connection_uri", params=params)
        return answer.uri.get_secret_value()


def copy_revision(source: str, target: str) -> None:
    """Tell Alembic, on a branch without rows, which migrations its schema comes from.

    Its table is empty there like any other: it would run all migrations again.
    """
    with psycopg.connect(source) as connection:
        table = connection.execute("SELECT to_regclass('alembic_version')").fetchone()
        if table == (None,):
            return
        rows = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    with psycopg.connect(target) as connection, connection.cursor() as cursor:
        cursor.executemany("INSERT INTO alembic_version VALUES (%s) ON CONFLICT DO NOTHING", rows)


def _branch(branch: NeonBranch, names: dict[str, str]) -> Branch:
    return Branch(
        id=branch.id,
        name=branch.name,
        parent=names.get(branch.parent_id or ""),
        protected=branch.default or branch.protected,
        expires_at=branch.expires_at,
    )
