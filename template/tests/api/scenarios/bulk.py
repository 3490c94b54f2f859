{% from "includes/python.jinja" import sorted_imports with context %}
{% set soft_delete = schema | selectattr("soft_delete") | list %}
"""Many rows at once, all of them or none."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

{{ sorted_imports([
  [package_name ~ ".http.bulk", ["MOST_ROWS"]],
  ["tests.api.scenarios.scenario", ["NOWHERE", "Scenario", "as_json", "items"]],
  ["tests.resources", ["identifier_of"]],
  ["tests.rows", ["Rows"]],
]) }}

MANY = 20


class CreatingMany(Scenario):
    """A client sends several rows."""

    @property
    def path_of_many(self) -> str:
        """Return the path for several rows."""
        return f"{self.path}/bulk"

    def test_rows_come_back_in_their_order(self, client: TestClient, rows: Rows) -> None:
        bodies = rows.bodies(self.resource, MANY)
        response = client.post(self.path_of_many, json=bodies)
        assert response.status_code == 201, response.text
        created = response.json()
        assert len(created) == len(bodies)
        for row, body in zip(created, bodies, strict=True):
            assert row == row | {name: body[name] for name in body if name in row}
        assert items(client, self.path, limit=len(created)) == created[::-1]

    def test_statements_do_not_become_more(
        self, client: TestClient, rows: Rows, statements: list[str]
    ) -> None:
        bodies = rows.bodies(self.resource, MANY)
        if len(bodies) == 1 or not bodies[0]:
            pytest.skip("there is one row at most, or none has a value that is sent")
        counts = []
        for sent in (bodies[:1], bodies[1:]):
            statements.clear()
            assert client.post(self.path_of_many, json=sent).status_code == 201
            counts.append(len(statements))
        assert counts == [3, 3]  # INSERT, in a savepoint

    def test_none_is_created_if_one_is_invalid(self, client: TestClient, rows: Rows) -> None:
        body = self.body(rows)
        response = client.post(self.path_of_many, json=[body, body | {"no-such-field": 1}])
        assert response.status_code == 422
        assert response.json()["detail"][0]["loc"] == ["body", 1, "no-such-field"]
        assert items(client, self.path) == []

    def test_numbers_of_rows(self, client: TestClient, rows: Rows) -> None:
        for bodies in ([], [self.body(rows)] * (MOST_ROWS + 1)):
            response = client.post(self.path_of_many, json=bodies)
            assert response.status_code == 422
            assert response.json()["detail"][0]["loc"] == ["body"]
        assert items(client, self.path) == []


class DeletingMany(Scenario):
    """A client deletes several rows."""

    def delete(self, client: TestClient, identifiers: list[Any]) -> Any:
        """Delete rows and return the answer."""
        return client.post(f"{self.path}/bulk/delete", json={"ids": as_json(identifiers)})

    def test_rows_are_gone(self, client: TestClient, rows: Rows, statements: list[str]) -> None:
        made = rows.make_some(self.resource.model, 5)
        for some in (made[:1], made[1:4]):
            statements.clear()
            if some:
                response = self.delete(client, [identifier_of(row) for row in some])
                assert response.status_code == 204, response.text
                assert len(statements) == 1
        assert items(client, self.path) == [self.resource.shown(row) for row in made[4:]]
        for row in made[:4]:
            assert client.get(self.resource.path_of(row)).status_code == 404

    def test_none_is_deleted_if_one_does_not_exist(self, client: TestClient, rows: Rows) -> None:
        row = self.make(rows)
        response = self.delete(client, [identifier_of(row), NOWHERE])
        assert response.status_code == 404
        assert response.json()["detail"].endswith(f"not found: {NOWHERE}")
        assert items(client, self.path) == [self.resource.shown(row)]

    def test_numbers_of_rows(self, client: TestClient, rows: Rows) -> None:
        row = self.make(rows)
        twice = [identifier_of(row)] * 2
        for identifiers in ([], twice, [NOWHERE] * (MOST_ROWS + 1)):
            response = self.delete(client, identifiers)
            assert response.status_code == 422
            assert response.json()["detail"][0]["loc"] == ["body", "ids"]
        assert items(client, self.path) == [self.resource.shown(row)]
{% if soft_delete %}


class DeletingManyForNow(DeletingMany):
    """A client deletes several rows, which are kept."""

    def test_rows_are_restored(self, client: TestClient, rows: Rows) -> None:
        row = self.make(rows)
        for status_code in (204, 404):
            assert self.delete(client, [identifier_of(row)]).status_code == status_code
        response = client.post(f"{self.resource.path_of(row)}/restore")
        assert response.status_code == 200, response.text
{% endif %}
