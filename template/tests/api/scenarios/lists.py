"""Lists under a row, whatever makes other rows belong to it."""

from typing import Any, ClassVar

from fastapi.testclient import TestClient
from sqlmodel import SQLModel

from tests.api.scenarios.scenario import NOWHERE, Scenario, items
from tests.rows import Rows


class ListedUnder(Scenario):
    """Rows that belong to one are listed under it."""

    name: ClassVar[str]  # as it is in the path

    def path_under(self, row: SQLModel) -> str:
        """Return the path of the list under a row."""
        return f"{self.resource.path_of(row)}/{self.name}"

    def assert_pages(
        self,
        client: TestClient,
        statements: list[str],
        row: SQLModel,
        expected: list[dict[str, Any]],
    ) -> None:
        """Check that pages of any size show what is expected, with one statement each."""
        for limit in (1, 3):
            statements.clear()
            assert items(client, self.path_under(row), limit=limit) == expected[:limit]
            assert len(statements) == 1

    def test_there_may_be_none(self, client: TestClient, rows: Rows) -> None:
        assert items(client, self.path_under(self.make(rows))) == []
        assert client.get(f"{self.path}/{NOWHERE}/{self.name}").status_code == 404
