"""ETag, If-None-Match and If-Match: a client knows which version of a row it has."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar

from fastapi.testclient import TestClient
from sqlmodel import SQLModel

from tests.api.scenarios.scenario import NOWHERE, Scenario
from tests.rows import Rows

# No row has been made by this transaction.
NEVER = '"1"'


class Versioned(Scenario):
    """A client reads a row if it has changed, and deletes it if it has not."""

    def version(self, client: TestClient, row: SQLModel) -> str:
        """Return the version that a row has."""
        return client.get(self.resource.path_of(row)).headers["etag"]

    def test_a_new_row_has_a_version(self, client: TestClient, rows: Rows) -> None:
        created = client.post(self.path, json=self.body(rows))
        read = client.get(f"{self.path}/{created.json()['id']}")
        assert read.headers["etag"] == created.headers["etag"]

    def test_what_a_client_has_is_not_sent(
        self, client: TestClient, rows: Rows, statements: list[str]
    ) -> None:
        row = self.make(rows)
        version = self.version(client, row)
        for known in (version, f"W/{version}", f'"x", {version}', "*"):
            statements.clear()
            headers = {"If-None-Match": known}
            response = client.get(self.resource.path_of(row), headers=headers)
            assert (response.status_code, response.content) == (304, b""), known
            assert response.headers["etag"] == version
            assert len(statements) == 1

    def test_what_a_client_has_not_is_sent(self, client: TestClient, rows: Rows) -> None:
        row = self.make(rows)
        version = self.version(client, row)
        for headers in (
            {"If-None-Match": NEVER},
            {"If-None-Match": version.strip('"')},  # no entity tag
            {"If-Match": version},
            {"If-Match": "*"},
        ):
            response = client.get(self.resource.path_of(row), headers=headers)
            assert response.json() == self.resource.shown(row), headers
            assert response.headers["etag"] == version

    def test_another_version_is_not_read(self, client: TestClient, rows: Rows) -> None:
        headers = {"If-Match": NEVER}
        response = client.get(self.resource.path_of(self.make(rows)), headers=headers)
        assert response.status_code == 412

    def test_a_row_that_does_not_exist(self, client: TestClient) -> None:
        for method in ("GET", "PATCH", "DELETE"):
            for headers in ({"If-Match": NEVER}, {"If-Match": "*"}, {"If-None-Match": "*"}):
                path = f"{self.path}/{NOWHERE}"
                response = client.request(method, path, json={}, headers=headers)
                assert response.status_code == 404, (method, headers)

    def test_another_version_is_not_deleted(
        self, client: TestClient, rows: Rows, statements: list[str]
    ) -> None:
        row = self.make(rows)
        version = self.version(client, row)
        for headers in (
            {"If-Match": NEVER},
            {"If-Match": f"W/{version}"},
            {"If-None-Match": version},
            {"If-None-Match": "*"},
        ):
            for method in ("PATCH", "DELETE"):
                path = self.resource.path_of(row)
                response = client.request(method, path, json={}, headers=headers)
                assert response.status_code == 412, (method, headers)
        assert client.get(self.resource.path_of(row)).json() == self.resource.shown(row)
        statements.clear()
        headers = {"If-Match": f"{NEVER}, {version}"}
        assert client.delete(self.resource.path_of(row), headers=headers).status_code == 204
        assert len(statements) == 1

    def test_what_is_no_version_is_refused(self, client: TestClient, rows: Rows) -> None:
        """It would guard nothing."""
        row = self.make(rows)
        headers = {"If-Match": self.version(client, row).strip('"')}
        response = client.delete(self.resource.path_of(row), headers=headers)
        assert response.status_code == 422
        assert response.json()["detail"][0]["loc"][:2] == ["header", "If-Match"]


class VersionedWhenChanged(Versioned):
    """A client changes a row if nobody else has."""

    fields: ClassVar[tuple[str, ...]]

    def change(self, row: SQLModel) -> dict[str, Any]:
        """Return what a client sends: to write a row is a change, whatever is written."""
        shown = self.resource.shown(row)
        return {name: shown[name] for name in self.fields}

    def test_another_version_is_not_changed(
        self, client: TestClient, rows: Rows, statements: list[str]
    ) -> None:
        row = self.make(rows)
        path = self.resource.path_of(row)
        headers = {"If-Match": self.version(client, row)}
        statements.clear()
        first = client.patch(path, json=self.change(row), headers=headers)
        assert first.status_code == 200, first.text
        assert len(statements) == 1
        assert first.headers["etag"] == self.version(client, row) != headers["If-Match"]
        for change in (self.change(row), {}):
            assert client.patch(path, json=change, headers=headers).status_code == 412
        read = client.get(path, headers={"If-None-Match": headers["If-Match"]})
        assert read.json() == first.json()

    def test_one_of_several_clients_changes_it(self, client: TestClient, rows: Rows) -> None:
        row = self.make(rows)
        path = self.resource.path_of(row)
        headers = {"If-Match": self.version(client, row)}
        with ThreadPoolExecutor(4) as executor:
            sent = [
                executor.submit(client.patch, path, json=self.change(row), headers=headers)
                for _ in range(4)
            ]
        assert sorted(each.result().status_code for each in sent) == [200, 412, 412, 412]
