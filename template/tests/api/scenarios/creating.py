"""POST: a row is created."""

from typing import ClassVar

from fastapi.testclient import TestClient

from tests.api.scenarios.scenario import Scenario, assert_refused, fields_of, items
from tests.rows import Rows
from tests.values import wrong_values


class Creating(Scenario):
    """A client sends values, and gets them back with what the server adds."""

    set_by_server: ClassVar[tuple[str, ...]]

    def test_the_answer_shows_what_was_sent(self, client: TestClient, rows: Rows) -> None:
        body = self.body(rows)
        response = client.post(self.path, json=body)
        assert response.status_code == 201, response.text
        created = response.json()
        assert created == created | {name: body[name] for name in body if name in created}
        assert client.get(f"{self.path}/{created['id']}").json() == created

    def test_one_statement_is_sent(
        self, client: TestClient, rows: Rows, statements: list[str]
    ) -> None:
        body = self.body(rows)
        statements.clear()
        assert client.post(self.path, json=body).status_code == 201
        assert len(statements) == 1

    def test_values_that_break_a_rule_are_refused(self, client: TestClient, rows: Rows) -> None:
        body = self.body(rows)
        for name in body:
            for value in wrong_values(self.resource.create, name):
                assert_refused(client.post(self.path, json=body | {name: value}), name)
        assert items(client, self.path) == []

    def test_what_no_client_sets_is_refused(self, client: TestClient, rows: Rows) -> None:
        body = self.body(rows)
        row = self.make(rows)
        for name, value in fields_of(row, *self.set_by_server):
            assert_refused(client.post(self.path, json=body | {name: value}), name)
        assert items(client, self.path) == [self.resource.shown(row)]
