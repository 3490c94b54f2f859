{% from "includes/python.jinja" import sorted_imports with context %}
"""Lists under a row, whatever makes other rows belong to it."""

from typing import Any, ClassVar

import pytest
from fastapi.testclient import TestClient
from sqlmodel import SQLModel

{{ sorted_imports([
  [package_name ~ ".data.includes", ["MOST_INCLUDED"]],
  ["tests.api.scenarios.scenario", ["NOWHERE", "Scenario", "items"]],
  ["tests.resources", ["Resource"]],
  ["tests.rows", ["Rows"]],
]) }}


class ListedUnder(Scenario):
    """Rows that belong to one are listed under it, and included with it."""

    name: ClassVar[str]  # as it is in the path

    @property
    def relation(self) -> str:
        """Return the name of the relation."""
        return self.name.replace("-", "_")

    @property
    def others(self) -> Resource:
        """Return what the rows are that belong to one."""
        raise NotImplementedError

    def belonging(self, rows: Rows, row: SQLModel, number: int) -> list[SQLModel]:
        """Make rows that belong to a row; return them in the order of the list."""
        raise NotImplementedError

    def path_under(self, row: SQLModel) -> str:
        """Return the path of the list under a row."""
        return f"{self.resource.path_of(row)}/{self.name}"

    def test_there_may_be_none(self, client: TestClient, rows: Rows) -> None:
        row = self.make(rows)
        assert items(client, self.path_under(row)) == []
        assert client.get(f"{self.path}/{NOWHERE}/{self.name}").status_code == 404
        assert self.included(client, row)["items"] == []

    def test_others_stay_out(self, client: TestClient, rows: Rows, statements: list[str]) -> None:
        other, row = self.make(rows), self.make(rows)
        expected = [self.others.shown(each) for each in self.belonging(rows, row, 3)]
        self.belonging(rows, other, 1)
        for limit in (1, 3):
            statements.clear()
            assert items(client, self.path_under(row), limit=limit) == expected[:limit]
            assert len(statements) == 1

    def test_they_are_included(self, client: TestClient, rows: Rows, statements: list[str]) -> None:
        made = [self.make(rows) for _ in range(3)]
        expected = [
            [self.others.shown(each) for each in self.belonging(rows, row, number)]
            for number, row in enumerate(made)
        ]
        for row, belonging in zip(made, expected, strict=True):
            assert self.included(client, row)["items"] == belonging
        statements.clear()
        listed = {item["id"]: item for item in items(client, self.path, include=self.relation)}
        assert len(statements) == 2
        for row, belonging in zip(made, expected, strict=True):
            item = listed[self.resource.shown(row)["id"]]
            assert item.pop(self.relation)["items"] == belonging
            assert item == self.resource.shown(row)

    def test_the_first_of_many_are_included(self, client: TestClient, rows: Rows) -> None:
        row = self.make(rows)
        belonging = self.belonging(rows, row, MOST_INCLUDED + 1)
        if len(belonging) <= MOST_INCLUDED:
            pytest.skip("there is no room for so many rows")
        expected = [self.others.shown(each) for each in belonging]
        included = self.included(client, row)
        assert included["items"] == expected[:-1]
{% if pagination == "cursor" %}
        rest = items(client, self.path_under(row), cursor=included["next_cursor"])
        assert rest == expected[-1:]
{% else %}
        assert included["has_more"]
{% endif %}

    def included(self, client: TestClient, row: SQLModel) -> dict[str, Any]:
        """Return what is shown of the list with the row."""
        shown = client.get(self.resource.path_of(row), params={"include": self.relation}).json()
        found: dict[str, Any] = shown.pop(self.relation)
        assert shown == client.get(self.resource.path_of(row)).json()
        return found
