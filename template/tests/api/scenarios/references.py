{% from "includes/python.jinja" import sorted_imports with context %}
{% set soft_delete = schema | selectattr("soft_delete") | list %}
"""Rows that refer to another row, and the lists of them."""

{% if soft_delete %}
import datetime as dt
{% endif %}
from typing import ClassVar

from fastapi.testclient import TestClient
from sqlmodel import SQLModel

{{ sorted_imports([
  ["tests.api.scenarios.constraints", ["check_constraint", "reference_constraints"]],
  ["tests.api.scenarios.lists", ["ListedUnder"]],
  ["tests.api.scenarios.scenario", ["NOWHERE", "Scenario", "as_json", "assert_no_reference", "items"]],
  ["tests.resources", ["Resource", "identifier_of"]],
  ["tests.rows", ["Rows"]],
] + ([[package_name ~ ".models.base", ["SoftDeleted"]]] if soft_delete else [])) }}


class Referring(Scenario):
    """A row refers to another one."""

    column: ClassVar[str]
    to: ClassVar[Resource]

    def refer(self, row: SQLModel) -> dict[str, object]:
        """Return what a client sends to refer to a row."""
        return {self.column: as_json(identifier_of(row))}

    def assert_refused(self, client: TestClient, rows: Rows, to: object) -> None:
        """Check that neither a new row nor a changed one may refer to this identifier."""
        constraints = reference_constraints(self.resource.model, self.column)
        body = self.body(rows) | {self.column: to}
        assert_no_reference(client.post(self.path, json=body), constraints)
        row = self.make(rows)
        response = client.patch(self.resource.path_of(row), json={self.column: to})
        assert_no_reference(response, constraints)
        assert client.get(self.resource.path_of(row)).json() == self.resource.shown(row)
        self.assert_refused_among_others(client, rows, to)

    def assert_refused_among_others(self, client: TestClient, rows: Rows, to: object) -> None:
        """Check that none of several rows is created if the last one refers to this identifier."""
        *others, last = rows.bodies(self.resource, 2)
        before = items(client, self.path)
        bodies = [*others, last | {self.column: to}]
        response = client.post(f"{self.path}/bulk", json=bodies)
        assert_no_reference(response, reference_constraints(self.resource.model, self.column))
        assert response.json()["detail"][0]["loc"] == ["body", len(others)]
        assert items(client, self.path) == before

    def test_it_is_set_and_changed(self, client: TestClient, rows: Rows) -> None:
        first, second = rows.make(self.to.model), rows.make(self.to.model)
        body = self.body(rows, **{self.column: identifier_of(first)})
        created = client.post(self.path, json=body).json()
        assert created | self.refer(first) == created
        changed = client.patch(f"{self.path}/{created['id']}", json=self.refer(second)).json()
        assert changed | self.refer(second) == changed

    def test_it_filters_the_list(self, client: TestClient, rows: Rows) -> None:
        other, wanted = rows.make(self.to.model), rows.make(self.to.model)
        row = self.make(rows, **{self.column: identifier_of(wanted)})
        self.make(rows, **{self.column: identifier_of(other)})
        assert items(client, self.path, **self.refer(wanted)) == [self.resource.shown(row)]

    def test_the_other_row_exists(self, client: TestClient, rows: Rows) -> None:
        self.assert_refused(client, rows, NOWHERE)

    def test_it_is_included(self, client: TestClient, rows: Rows, statements: list[str]) -> None:
        relation = self.column.removesuffix("_id")
        others = [rows.make(self.to.model) for _ in range(2)]
        expected = [
            self.resource.shown(self.make(rows, **{self.column: identifier_of(other)}))
            | {relation: self.to.shown(other)}
            for other in others
        ]
        statements.clear()
        ids = {"include": relation, self.column: [as_json(identifier_of(each)) for each in others]}
        assert items(client, self.path, **ids) == expected[::-1]
        assert len(statements) == 2
        shown = client.get(f"{self.path}/{expected[0]['id']}", params={"include": relation})
        assert shown.json() == expected[0]


class Keeping(Referring):
    """A row refers to another one, which cannot be deleted before."""

    def test_what_it_refers_to_is_not_deleted(self, client: TestClient, rows: Rows) -> None:
        kept, other = rows.make(self.to.model), rows.make(self.to.model)
        self.make(rows, **{self.column: identifier_of(kept)})
        response = client.delete(self.to.path_of(kept))
        assert response.status_code == 409, response.text
        ids = [as_json(identifier_of(row)) for row in (other, kept)]
        response = client.post(f"{self.to.path}/bulk/delete", json={"ids": ids})
        assert response.status_code == 409, response.text
        constraints = reference_constraints(self.resource.model, self.column)
        assert response.json()["constraint"] in constraints
        for row in (other, kept):
            assert client.get(self.to.path_of(row)).status_code == 200


class ReferringToItsOwn(Referring):
    """A row refers to another one of its own table."""

    def test_it_is_not_the_row_itself(self, client: TestClient, rows: Rows) -> None:
        row = self.make(rows)
        check = check_constraint(self.resource.model, f'"{self.column}" <> "id"')
        response = client.patch(self.resource.path_of(row), json=self.refer(row))
        assert_no_reference(response, [check])


{% if soft_delete %}
class ReferringToDeletable(Referring):
    """A row refers to another one, which may be marked as deleted."""

    def test_the_other_row_is_not_deleted(self, client: TestClient, rows: Rows) -> None:
        deleted = rows.make(self.to.model, deleted_at=dt.datetime.now(dt.UTC))
        self.assert_refused(client, rows, as_json(identifier_of(deleted)))

    def test_what_referred_to_it_before_stays(self, client: TestClient, rows: Rows) -> None:
        deleted = rows.make(self.to.model, deleted_at=dt.datetime.now(dt.UTC))
        row = self.make(rows, **{self.column: identifier_of(deleted)})
        assert client.get(self.resource.path_of(row)).json() == self.resource.shown(row)
        assert items(client, self.path, **self.refer(deleted)) == [self.resource.shown(row)]

    def test_a_deleted_row_is_not_included(self, client: TestClient, rows: Rows) -> None:
        relation = self.column.removesuffix("_id")
        deleted = rows.make(self.to.model, deleted_at=dt.datetime.now(dt.UTC))
        row = self.make(rows, **{self.column: identifier_of(deleted)})
        shown = client.get(self.resource.path_of(row), params={"include": relation}).json()
        assert shown == self.resource.shown(row) | {relation: None}


{% endif %}
class ReferredToBy(ListedUnder):
    """Rows that refer to one are listed under it."""

    by: ClassVar[Resource]
    column: ClassVar[str]

    @property
    def others(self) -> Resource:
        """Return what the rows are that refer to one."""
        return self.by

    def belonging(self, rows: Rows, row: SQLModel, number: int) -> list[SQLModel]:
        """Make rows that refer to a row; return them in the order of the list."""
        return rows.make_some(self.by.model, number, **{self.column: identifier_of(row)})[::-1]
{% if soft_delete %}


class ReferredToByDeletable(ReferredToBy):
    """Rows that refer to one are listed under it, unless they are deleted."""

    def test_deleted_rows_stay_out(self, client: TestClient, rows: Rows) -> None:
        row = self.make(rows)
        refers = {self.column: identifier_of(row)}
        rows.make(self.by.model, **refers, deleted_at=dt.datetime.now(dt.UTC))
        assert items(client, self.path_under(row)) == []
        assert self.included(client, row)["items"] == []
{% endif %}


class ReferredToByOne(Scenario):
    """One row at most refers to another, and is included with it."""

    relation: ClassVar[str]
    by: ClassVar[Resource]
    column: ClassVar[str]

    def test_it_is_included(self, client: TestClient, rows: Rows, statements: list[str]) -> None:
        alone, row = self.make(rows), self.make(rows)
        other = rows.make(self.by.model, **{self.column: identifier_of(row)})
        for each, expected in ((alone, None), (row, self.by.shown(other))):
            statements.clear()
            shown = client.get(self.resource.path_of(each), params={"include": self.relation})
            assert shown.json() == self.resource.shown(each) | {self.relation: expected}
            assert len(statements) == 2
{% if soft_delete %}

    def test_a_deleted_row_is_not_included(self, client: TestClient, rows: Rows) -> None:
        if not issubclass(self.by.model, SoftDeleted):
            return
        row = self.make(rows)
        refers = {self.column: identifier_of(row)}
        rows.make(self.by.model, **refers, deleted_at=dt.datetime.now(dt.UTC))
        (item,) = items(client, self.path, include=self.relation, limit=1)
        assert item == self.resource.shown(row) | {self.relation: None}
{% endif %}
