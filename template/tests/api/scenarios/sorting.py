{% from "includes/python.jinja" import sorted_imports with context %}
"""GET with `sort`: lists in another order than newest first."""

import random
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from fastapi.testclient import TestClient
from sqlalchemy import Connection, select
from sqlmodel import SQLModel

{{ sorted_imports([
  [package_name ~ ".data.references", ["table_of"]],
  ["seeding.values", ["field as field_of"]],
  ["tests.api.scenarios.constraints", ["unique_constraint"]],
  ["tests.api.scenarios.scenario", ["Scenario", "as_json", "assert_refused", "items"]],
  ["tests.rows", ["Rows"]],
] + ([["tests.resources", ["identifier_of"]]] if pagination == "cursor" else [])) }}

DIRECTIONS = ("", "-")


def in_order(elsewhere: Connection, model: type[SQLModel], sort: str) -> list[Any]:
    """Return the identifiers of all rows, as the database sorts them by itself."""
    columns = table_of(model).c
    order: list[Any] = [columns[sort.removeprefix("-")], columns["id"]]
    if sort.startswith("-"):
        order = [each.desc() for each in order]
    found: Iterable[Any] = elsewhere.scalars(select(columns["id"]).order_by(*order))
    return [as_json(identifier) for identifier in found]


class Sorting(Scenario):
    """A client reads the rows in the order of a field; where it is the same, of the identifiers."""

    fields: ClassVar[tuple[str, ...]]

    def test_pages_show_each_row_once(
        self,
        client: TestClient,
        rows: Rows,
        elsewhere: Connection,
        statements: list[str],
        field: str,
    ) -> None:
        self.make_with_ties(rows, field, 4)
        for direction in DIRECTIONS:
            sort = direction + field
            expected = in_order(elsewhere, self.resource.model, sort)
            for limit in (2, 3):
                seen = []
                for page in self.pages(client, sort, limit, statements):
                    seen += page
                assert seen == expected, sort
{% if pagination == "cursor" %}

    def test_rows_that_come_and_go_meanwhile_shift_nothing(
        self, client: TestClient, rows: Rows, elsewhere: Connection, field: str
    ) -> None:
        made = self.make_with_ties(rows, field, 5)
        random.shuffle(made)
        kept, going = made[: len(made) // 2], made[len(made) // 2 :]
        kept_ids = {as_json(identifier_of(row)) for row in kept}
        sort = random.choice(DIRECTIONS) + field
        seen: list[Any] = []
        for page in self.pages(client, sort, 1):
            seen += page
            if len(seen) <= len(made):  # in some orders, new rows are always the last
                rows.make_if_possible(self.resource.model)
            if going:
                client.delete(self.resource.path_of(going.pop()))
        assert len(set(seen)) == len(seen)
        expected = in_order(elsewhere, self.resource.model, sort)
        assert [each for each in seen if each in kept_ids] == [
            each for each in expected if each in kept_ids
        ]

    def test_a_cursor_is_good_for_one_order(
        self, client: TestClient, rows: Rows, field: str
    ) -> None:
        rows.make_some(self.resource.model, 2)
        cursor = client.get(self.path, params={"sort": field, "limit": 1}).json()["next_cursor"]
        for sort in (f"-{field}", "id", "-id"):
            params = {"sort": sort, "cursor": cursor}
            assert_refused(client.get(self.path, params=params), "cursor")
{% endif %}

    def make_with_ties(self, rows: Rows, field: str, number: int) -> list[SQLModel]:
        """Make rows, some of which have no value or share one, as far as that can be."""
        model = self.resource.model
        made = list(rows.make_some(model, number))
        values = [vars(row)[field] for row in made]
        if field_of(model, field).is_optional:
            values = [None, None, *values]
        try:
            unique_constraint(model, [field])
        except LookupError:
            for value in random.choices(values, k=number):
                if (row := rows.make_if_possible(model, **{field: value})) is not None:
                    made.append(row)
        return made

    def pages(
        self, client: TestClient, sort: str, limit: int, statements: list[str] | None = None
    ) -> Iterator[list[Any]]:
        """Yield the identifiers on each page, each read by one statement."""
        params: dict[str, Any] = {"sort": sort, "limit": limit}
        has_more = True
        while has_more:
            if statements is not None:
                statements.clear()
            response = client.get(self.path, params=params)
            assert response.status_code == 200, response.text
            assert statements is None or len(statements) == 1
            page = response.json()
            yield [item["id"] for item in page["items"]]
{% if pagination == "cursor" %}
            params["cursor"] = page["next_cursor"]
            has_more = params["cursor"] is not None
{% else %}
            params["offset"] = params.get("offset", 0) + limit
            has_more = page["has_more"]
{% endif %}


class SortingWithin(Scenario):
    """A client reads the rows in an order that an index has for rows of one value only."""

    fields: ClassVar[tuple[str, ...]]
    within: ClassVar[tuple[str, ...]]  # columns of which one value has to be asked for

    def test_the_order_needs_a_filter(
        self,
        client: TestClient,
        rows: Rows,
        elsewhere: Connection,
        statements: list[str],
        field: str,
    ) -> None:
        model = self.resource.model
        wanted = {name: rows.value(model, name) for name in self.within}
        made = rows.make_some(model, 3, **wanted)
        for sort in (field, f"-{field}"):
            assert_refused(client.get(self.path, params={"sort": sort}), "sort")
            statements.clear()
            sent = {name: as_json(value) for name, value in wanted.items()}
            found = [item["id"] for item in items(client, self.path, sort=sort, **sent)]
            assert len(statements) == 1
            assert len(found) == len(made)
            assert found == [each for each in in_order(elsewhere, model, sort) if each in found]
