"""Values that no two rows share."""

from collections.abc import Sequence
from typing import Any, ClassVar

from fastapi.testclient import TestClient

from tests.api.scenarios.constraints import unique_constraint
from tests.api.scenarios.scenario import Scenario, assert_taken
from tests.rows import Rows


class UniqueWhenCreated(Scenario):
    """A client creates a row with values that another one has."""

    columns: ClassVar[tuple[str, ...]]

    @property
    def constraint(self) -> str:
        """Return the name of what refuses it."""
        return unique_constraint(self.resource.model, self.columns)

    def values(self, rows: Rows, null: Sequence[str] = ()) -> dict[str, Any]:
        """Return values for those of the columns that a client sets; some may be null."""
        model = self.resource.model
        names = [name for name in self.columns if name in self.resource.create.model_fields]
        return {name: None if name in null else rows.value(model, name) for name in names}

    def assert_refused_twice(self, client: TestClient, rows: Rows, /, **values: Any) -> None:
        """Check that one row has these values, and no more."""
        first = self.body(rows, **values)
        response = client.post(f"{self.path}/bulk", json=[first, first])
        assert response.json()["row"] == 1
        assert client.post(self.path, json=first).status_code == 201
        second = rows.body(self.resource, self.constraint, **values)
        assert_taken(client.post(self.path, json=second), self.constraint)

    def test_a_new_row(self, client: TestClient, rows: Rows) -> None:
        self.assert_refused_twice(client, rows, **self.values(rows))


class Unique(UniqueWhenCreated):
    """A client creates a row, or changes one, to values that another one has."""

    def test_a_changed_row(self, client: TestClient, rows: Rows) -> None:
        taken = self.body(rows, **self.values(rows))
        assert client.post(self.path, json=taken).status_code == 201
        row = client.post(self.path, json=self.body(rows)).json()
        change = {name: taken[name] for name in self.columns if name in taken}
        response = client.patch(f"{self.path}/{row['id']}", json=change)
        assert_taken(response, self.constraint)


class NullIsAValue(UniqueWhenCreated):
    """A client creates a row without a value, as another one is."""

    # Those of the columns that may be null.
    optional: ClassVar[tuple[str, ...]]

    def test_a_new_row(self, client: TestClient, rows: Rows) -> None:
        self.assert_refused_twice(client, rows, **self.values(rows, self.optional))
