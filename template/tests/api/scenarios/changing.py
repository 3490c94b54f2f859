{% from "includes/python.jinja" import import_from with context %}
{% set soft_delete = schema | selectattr("soft_delete") | list %}
"""PATCH and DELETE: a row is changed and deleted{{ ", and restored" if soft_delete }}."""

{% if soft_delete %}
import datetime as dt
{% endif %}
from typing import ClassVar

import pytest
from fastapi.testclient import TestClient

{{ import_from("tests.api.scenarios.scenario", (
  (["NOWHERE"] if soft_delete else []) + ["Scenario", "as_json", "assert_refused", "fields_of", "items"]
)) }}
from tests.rows import Rows
from tests.values import another_value, wrong_values


class Fixed(Scenario):
    """A client sends what it may not change."""

    # Fields that are set once, and those that only the server sets.
    fixed: ClassVar[tuple[str, ...]]

    def test_what_is_fixed_is_refused(self, client: TestClient, rows: Rows) -> None:
        row = self.make(rows)
        for name, value in fields_of(row, *self.fixed):
            assert_refused(client.patch(self.resource.path_of(row), json={name: value}), name)
        assert client.get(self.resource.path_of(row)).json() == self.resource.shown(row)

    def test_nothing_changes_if_nothing_is_sent(self, client: TestClient, rows: Rows) -> None:
        row = self.make(rows)
        response = client.patch(self.resource.path_of(row), json={})
        assert response.json() == self.resource.shown(row)


class Changing(Fixed):
    """A client sends some fields; the others stay as they are."""

    fields: ClassVar[tuple[str, ...]]

    def test_only_what_is_sent_changes(self, client: TestClient, rows: Rows, field: str) -> None:
        row = self.make(rows)
        before = self.resource.shown(row)
        value = another_value(self.resource.model, field, vars(row)[field])
        if value is None:
            pytest.skip(f"{field} has no other value")
        change = {field: as_json(value)}
        response = client.patch(self.resource.path_of(row), json=change)
        assert response.status_code == 200, response.text
        after = response.json()
        assert client.get(self.resource.path_of(row)).json() == after
        if "updated_at" in before:
            assert after.pop("updated_at") > before.pop("updated_at")
        assert after == before | change

    def test_one_statement_is_sent(
        self, client: TestClient, rows: Rows, statements: list[str]
    ) -> None:
        row = self.make(rows)
        change = {name: self.resource.shown(row)[name] for name in self.fields}
        statements.clear()
        assert client.patch(self.resource.path_of(row), json=change).status_code == 200
        assert len(statements) == 1

    def test_values_that_break_a_rule_are_refused(self, client: TestClient, rows: Rows) -> None:
        names = self.body(rows).keys() & self.resource.update.model_fields.keys()
        row = self.make(rows)
        for name in names:
            for value in wrong_values(self.resource.model, name):
                response = client.patch(self.resource.path_of(row), json={name: value})
                assert_refused(response, name)
        assert client.get(self.resource.path_of(row)).json() == self.resource.shown(row)


class Deleting(Scenario):
    """A client deletes a row."""

    def test_the_row_is_gone(self, client: TestClient, rows: Rows) -> None:
        path = self.resource.path_of(self.make(rows))
        assert client.delete(path).status_code == 204
        assert client.get(path).status_code == 404
        assert client.patch(path, json={}).status_code == 404
        assert client.delete(path).status_code == 404
        assert items(client, self.path) == []

    def test_one_statement_is_sent(
        self, client: TestClient, rows: Rows, statements: list[str]
    ) -> None:
        row = self.make(rows)
        statements.clear()
        assert client.delete(self.resource.path_of(row)).status_code == 204
        assert len(statements) == 1
{% if soft_delete %}


class Restoring(Scenario):
    """A deleted row is kept, and a client may take it back."""

    def test_a_deleted_row_is_not_shown(self, client: TestClient, rows: Rows) -> None:
        deleted = self.make(rows, deleted_at=dt.datetime.now(dt.UTC))
        assert client.get(self.resource.path_of(deleted)).status_code == 404
        assert items(client, self.path) == []

    def test_a_deleted_row_is_restored(self, client: TestClient, rows: Rows) -> None:
        row = self.make(rows)
        client.delete(self.resource.path_of(row))
        response = client.post(f"{self.resource.path_of(row)}/restore")
        assert response.status_code == 200, response.text
        restored = response.json()
        read = client.get(self.resource.path_of(row))
        assert read.json() == restored
        assert read.headers["etag"] == response.headers["etag"]
        assert restored | {"updated_at": None} == self.resource.shown(row) | {"updated_at": None}

    def test_a_row_that_does_not_exist(self, client: TestClient) -> None:
        assert client.post(f"{self.path}/{NOWHERE}/restore").status_code == 404
{% endif %}
