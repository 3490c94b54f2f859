{% set soft_delete = schema | selectattr("soft_delete") | list %}
"""Rows that are linked to others, many to many, and the lists of them."""

{% if soft_delete %}
import datetime as dt
{% endif %}
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar

from fastapi.testclient import TestClient
from sqlmodel import SQLModel

from tests.api.scenarios.constraints import check_constraint, reference_constraints
from tests.api.scenarios.lists import ListedUnder
from tests.api.scenarios.scenario import NOWHERE, as_json, assert_no_reference, items
from tests.resources import Resource, identifier_of
from tests.rows import Rows, model_of


class Linked(ListedUnder):
    """Rows that are linked to one are listed under it."""

    to: ClassVar[Resource]
    # The table of links, and its columns.
    table: ClassVar[str]
    near: ClassVar[str]
    far: ClassVar[str]

    @property
    def link(self) -> type[SQLModel]:
        """Return the model of the links."""
        return model_of(SQLModel.metadata.tables[self.table])

    def connect(self, rows: Rows, row: SQLModel, other: SQLModel) -> None:
        """Link a row to another one."""
        rows.make(self.link, **{self.near: identifier_of(row), self.far: identifier_of(other)})

    @property
    def others(self) -> Resource:
        """Return what the rows are that are linked to one."""
        return self.to

    def belonging(self, rows: Rows, row: SQLModel, number: int) -> list[SQLModel]:
        """Make rows that are linked to a row; return them in the order of the list."""
        others = rows.make_some(self.to.model, number)
        for other in others:
            self.connect(rows, row, other)
        return others[::-1]

    def shows(self, client: TestClient, row: SQLModel, others: list[SQLModel]) -> bool:
        """Tell whether the list under a row shows these others."""
        return items(client, self.path_under(row)) == [self.to.shown(each) for each in others]
{% if soft_delete %}


class LinkedToDeletable(Linked):
    """Rows that are linked to one are listed under it, unless they are deleted."""

    def test_deleted_rows_stay_out(self, client: TestClient, rows: Rows) -> None:
        row = self.make(rows)
        deleted = rows.make(self.to.model, deleted_at=dt.datetime.now(dt.UTC))
        self.connect(rows, row, deleted)
        assert self.shows(client, row, [])
        assert self.included(client, row)["items"] == []
{% endif %}


class Linking(Linked):
    """A client links rows, one by one or all at once, and unlinks them."""

    ids: ClassVar[str]  # the field of all at once

    def path_to(self, row: SQLModel, other: SQLModel) -> str:
        """Return the path of the link of two rows."""
        return f"{self.path_under(row)}/{identifier_of(other)}"

    def send(self, *others: SQLModel) -> dict[str, object]:
        """Return what a client sends to link a row to these, and to no others."""
        return {self.ids: [as_json(identifier_of(other)) for other in others]}

    def assert_refused(self, client: TestClient, rows: Rows, to: Any) -> None:
        """Check that neither a new row nor a changed one is linked to this identifier."""
        kept = rows.make(self.to.model)
        change = {self.ids: [as_json(identifier_of(kept)), to]}
        constraints = reference_constraints(self.link, self.far)
        response = client.post(self.path, json=self.body(rows) | change)
        assert_no_reference(response, constraints)
        *others, last = rows.bodies(self.resource, 2)
        bodies = [*(other | self.send(kept) for other in others), last | change]
        before = items(client, self.path)
        response = client.post(f"{self.path}/bulk", json=bodies)
        assert_no_reference(response, constraints)
        assert response.json()["detail"][0]["loc"] == ["body", len(others)]
        assert items(client, self.path) == before
        row = self.make(rows)
        self.connect(rows, row, kept)
        assert_no_reference(client.patch(self.resource.path_of(row), json=change), constraints)
        assert client.put(f"{self.path_under(row)}/{to}").status_code == 404
        assert self.shows(client, row, [kept])

    def test_one_by_one(self, client: TestClient, rows: Rows) -> None:
        row, other = self.make(rows), rows.make(self.to.model)
        for _ in range(2):  # to link twice changes nothing
            assert client.put(self.path_to(row, other)).status_code == 204
            assert self.shows(client, row, [other])
        nobodys = f"{self.path}/{NOWHERE}/{self.name}/{identifier_of(other)}"
        assert client.put(nobodys).status_code == 404
        assert client.delete(self.path_to(row, other)).status_code == 204
        assert client.delete(self.path_to(row, other)).status_code == 404
        assert self.shows(client, row, [])

    def test_all_at_once(self, client: TestClient, rows: Rows) -> None:
        first, second = rows.make(self.to.model), rows.make(self.to.model)
        body = self.body(rows) | self.send(first, first)
        path = f"{self.path}/{client.post(self.path, json=body).json()['id']}"
        assert items(client, f"{path}/{self.name}") == [self.to.shown(first)]
        for change in (self.send(second), {}):  # what is not sent stays
            assert client.patch(path, json=change).status_code == 200
            assert items(client, f"{path}/{self.name}") == [self.to.shown(second)]
        assert client.patch(path, json=self.send()).status_code == 200
        assert items(client, f"{path}/{self.name}") == []

    def test_all_at_once_in_a_version(self, client: TestClient, rows: Rows) -> None:
        """To change the links makes another version of the row."""
        row = self.make(rows)
        path = self.resource.path_of(row)
        headers = {"If-Match": client.get(path).headers["etag"]}
        others = rows.make_some(self.to.model, 1)
        response = client.patch(path, json=self.send(*others), headers=headers)
        assert response.status_code == 200, response.text
        assert response.headers["etag"] == client.get(path).headers["etag"]
        assert client.patch(path, json=self.send(), headers=headers).status_code == 412
        assert self.shows(client, row, others)

    def test_of_many_rows(self, client: TestClient, rows: Rows, statements: list[str]) -> None:
        """Each of several rows is linked to others of its own, in the same statement."""
        others = rows.make_some(self.to.model, 3)
        bodies = rows.bodies(self.resource, 5)
        links = [others[: number % 4] for number in range(len(bodies))]
        sent = [body | self.send(*some, *some) for body, some in zip(bodies, links, strict=True)]
        statements.clear()
        response = client.post(f"{self.path}/bulk", json=sent)
        assert response.status_code == 201, response.text
        if bodies[0]:  # with no values of their own, rows are created one by one
            assert len(statements) == 3
        for row, some in zip(response.json(), links, strict=True):
            shown = items(client, f"{self.path}/{row['id']}/{self.name}")
            assert shown == [self.to.shown(other) for other in some[::-1]]

    def test_all_at_once_by_several_clients(self, client: TestClient, rows: Rows) -> None:
        """The links of one of them are there in the end, and no mixture."""
        row = self.make(rows)
        sets = [rows.make_some(self.to.model, 3) for _ in range(4)]
        changes = [self.send(*others) for others in sets]
        with ThreadPoolExecutor(len(changes)) as executor:
            sent = [
                executor.submit(client.patch, self.resource.path_of(row), json=change)
                for change in changes * 3
            ]
        assert {each.result().status_code for each in sent} == {200}
        assert any(self.shows(client, row, others[::-1]) for others in sets)
        changed = client.get(self.resource.path_of(row)).json()
        assert changed.get("updated_at") != self.resource.shown(row).get("updated_at", "never")

    def test_the_other_row_exists(self, client: TestClient, rows: Rows) -> None:
        self.assert_refused(client, rows, NOWHERE)
{% if soft_delete %}


class LinkingToDeletable(Linking, LinkedToDeletable):
    """A client links rows, which may be marked as deleted."""

    def test_the_other_row_is_not_deleted(self, client: TestClient, rows: Rows) -> None:
        deleted = rows.make(self.to.model, deleted_at=dt.datetime.now(dt.UTC))
        self.assert_refused(client, rows, as_json(identifier_of(deleted)))
{% endif %}


class LinkingToItsOwn(Linking):
    """A client links rows of one table."""

    def test_no_row_is_linked_to_itself(self, client: TestClient, rows: Rows) -> None:
        row = self.make(rows)
        check = check_constraint(self.link, f'"{self.near}" <> "{self.far}"')
        assert_no_reference(client.put(self.path_to(row, row)), [check])
        response = client.patch(self.resource.path_of(row), json=self.send(row))
        assert_no_reference(response, [check])
        assert self.shows(client, row, [])
