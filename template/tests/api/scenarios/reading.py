"""GET: rows are read, one by one and in lists."""

from typing import {{ "Any, " if pagination == "cursor" }}ClassVar

from fastapi.testclient import TestClient

from tests.api.scenarios.scenario import NOWHERE, Scenario, as_json, assert_refused, items
from tests.rows import Rows
from tests.values import another_value


class Reading(Scenario):
    """A client reads one row."""

    def test_the_answer_shows_the_row(
        self, client: TestClient, rows: Rows, statements: list[str]
    ) -> None:
        row = self.make(rows)
        statements.clear()
        assert client.get(self.resource.path_of(row)).json() == self.resource.shown(row)
        assert len(statements) == 1

    def test_a_row_that_does_not_exist(self, client: TestClient) -> None:
        for method in ("GET", "PATCH", "DELETE"):
            assert client.request(method, f"{self.path}/{NOWHERE}", json={}).status_code == 404
            assert client.request(method, f"{self.path}/nonsense", json={}).status_code == 422


class Hiding(Scenario):
    """Some fields are kept, and never shown."""

    fields: ClassVar[tuple[str, ...]]

    def test_no_answer_shows_them(self, client: TestClient, rows: Rows) -> None:
        created = client.post(self.path, json=self.body(rows)).json()
        path = f"{self.path}/{created['id']}"
        answers = [
            created,
            client.get(path).json(),
            *items(client, self.path),
            client.patch(path, json={}).json(),
        ]
        for answer in answers:
            assert "id" in answer
            assert not answer.keys() & self.fields


class Listing(Scenario):
    """A client reads the rows page by page, the newest first."""

    def test_pages_show_each_row_once(
        self, client: TestClient, rows: Rows, statements: list[str]
    ) -> None:
        made = rows.make_some(self.resource.model, 5)
        expected = [self.resource.shown(row) for row in reversed(made)]
{% if pagination == "cursor" %}
        seen: list[dict[str, Any]] = []
        params: dict[str, Any] = {"limit": 2}
        while params.get("cursor", "") is not None:
            statements.clear()
            page = client.get(self.path, params=params).json()
            assert len(statements) == 1
            seen += page["items"]
            params["cursor"] = page["next_cursor"]
        assert seen == expected
{% else %}
        for offset in range(0, len(made) + 1, 2):
            params = {"limit": 2, "offset": offset}
            statements.clear()
            page = client.get(self.path, params=params).json()
            assert len(statements) == 1
            assert page["items"] == expected[offset : offset + 2]
            assert page["has_more"] is (offset + 2 < len(made))
            assert page["total"] is None
        page = client.get(self.path, params={"with_total": True}).json()
        assert page["items"] == expected
        assert page["total"] == len(made)
{% endif %}
{% if pagination == "cursor" %}

    def test_rows_that_arrive_meanwhile_shift_nothing(self, client: TestClient, rows: Rows) -> None:
        made = rows.make_some(self.resource.model, 2)
        page = client.get(self.path, params={"limit": 1}).json()
        self.make(rows)
        seen = page["items"] + items(client, self.path, cursor=page["next_cursor"])
        assert seen == [self.resource.shown(row) for row in reversed(made)]

    def test_a_cursor_is_good_for_one_list(self, client: TestClient, rows: Rows) -> None:
        rows.make_some(self.resource.model, 2)
        cursor = client.get(self.path, params={"limit": 1}).json()["next_cursor"]
        changed = cursor[:-4] + ("AAAA" if cursor[-4:] != "AAAA" else "BBBB")
        for params in ({"cursor": cursor, "sort": "id"}, {"cursor": changed[4:]}, {"cursor": "é"}):
            assert_refused(client.get(self.path, params=params), "cursor")
{% endif %}

    def test_malformed_queries_are_refused(self, client: TestClient) -> None:
        for query in (
            "limit=0",
            "limit=201",
{% if pagination == "cursor" %}
            "cursor=malformed",
{% else %}
            "offset=-1",
{% endif %}
            "no-such-parameter=1",
            "sort=no_such_field",
            "include=no_such_relation",
        ):
            assert client.get(f"{self.path}?{query}").status_code == 422, query


class Filtering(Scenario):
    """A client reads the rows that have a value."""

    fields: ClassVar[tuple[str, ...]]

    def test_other_rows_stay_out(self, client: TestClient, rows: Rows, field: str) -> None:
        row = self.make(rows)
        value = vars(row)[field]
        another = another_value(self.resource.model, field, value)
        if another is not None:
            self.make(rows, **{field: another})
        assert items(client, self.path, **{field: as_json(value)}) == [self.resource.shown(row)]

    def test_several_values_are_one_or_the_other(
        self, client: TestClient, rows: Rows, statements: list[str], field: str
    ) -> None:
        made = rows.make_some(self.resource.model, 3)
        wanted = {as_json(vars(row)[field]): row for row in made[:2]}
        statements.clear()
        found = items(client, self.path, **{field: list(wanted)})
        assert len(statements) == 1
        assert found == [
            self.resource.shown(row)
            for row in reversed(made)
            if as_json(vars(row)[field]) in wanted
        ]


class FilteringByNull(Scenario):
    """A client reads the rows that have no value, or have one."""

    fields: ClassVar[tuple[str, ...]]

    def test_rows_with_and_without(self, client: TestClient, rows: Rows, field: str) -> None:
        row, empty = self.make(rows), self.make(rows, **{field: None})
        assert vars(row)[field] is not None
        is_null = f"{field}_is_null"
        assert items(client, self.path, **{is_null: True}) == [self.resource.shown(empty)]
        assert items(client, self.path, **{is_null: False}) == [self.resource.shown(row)]


class FilteringByPrefix(Scenario):
    """A client reads the rows whose text starts with something."""

    fields: ClassVar[tuple[str, ...]]

    def test_other_rows_stay_out(self, client: TestClient, rows: Rows, field: str) -> None:
        made = rows.make_some(self.resource.model, 4)
        value = vars(made[0])[field]
        for prefix in ("", value[:1], value[: len(value) // 2], value):
            expected = [
                self.resource.shown(row)
                for row in reversed(made)
                if vars(row)[field].startswith(prefix)
            ]
            assert items(client, self.path, **{f"{field}_starts_with": prefix}) == expected
        assert items(client, self.path, **{f"{field}_starts_with": f"{value}%"}) == []


class FilteringByContent(Scenario):
    """A client reads the rows whose JSON has something in it."""

    fields: ClassVar[tuple[str, ...]]

    def test_other_rows_stay_out(self, client: TestClient, rows: Rows, field: str) -> None:
        row, other = (
            self.make(rows, **{field: {"colour": colour, "size": 1}}) for colour in ("red", "blue")
        )
        contains = f"{field}_contains"
        assert items(client, self.path, **{contains: '{"colour": "red"}'}) == [
            self.resource.shown(row)
        ]
        both = [self.resource.shown(other), self.resource.shown(row)]
        assert items(client, self.path, **{contains: '{"size": 1}'}) == both
        assert items(client, self.path, **{contains: '{"size": 2}'}) == []
        for malformed in ("{", "1", '"text"'):
            assert_refused(client.get(self.path, params={contains: malformed}), contains)


class FilteringByRange(Scenario):
    """A client reads the rows from one value to another, both included."""

    fields: ClassVar[tuple[str, ...]]

    def test_rows_beyond_an_end_stay_out(self, client: TestClient, rows: Rows, field: str) -> None:
        made = rows.make_some(self.resource.model, 4)
        middle = sorted(vars(row)[field] for row in made)[len(made) // 2]
        end = as_json(middle)
        upper = [self.resource.shown(row) for row in reversed(made) if vars(row)[field] >= middle]
        lower = [self.resource.shown(row) for row in reversed(made) if vars(row)[field] <= middle]
        assert items(client, self.path, **{f"{field}_from": end}) == upper
        assert items(client, self.path, **{f"{field}_to": end}) == lower
