"""Values that no two rows share."""

from collections.abc import Sequence
from typing import Any, ClassVar

import pytest
from fastapi.testclient import TestClient

from seeding.values import field
from tests.api.scenarios.constraints import partial_unique_index, unique_constraint
from tests.api.scenarios.scenario import Scenario, as_json, assert_taken
from tests.rows import Rows

ATTEMPTS = 100  # to find a value


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


class UniqueInAnyCase(UniqueWhenCreated):
    """A client creates a row with a value that another one has, in other letters."""

    @property
    def constraint(self) -> str:
        """Return the name of what refuses it."""
        (column,) = self.columns
        return unique_constraint(self.resource.model, [f"lower({column})"])

    def test_a_new_row(self, client: TestClient, rows: Rows) -> None:
        (column,) = self.columns
        for _ in range(ATTEMPTS):
            value = as_json(rows.value(self.resource.model, column))
            other = value.swapcase()
            if other != value and field(self.resource.create, column).takes(other):
                break
        else:
            pytest.skip(f"{column} has letters of one case")
        first = self.body(rows, **{column: value})
        assert client.post(self.path, json=first).status_code == 201
        second = rows.body(self.resource, self.constraint, **{column: other})
        assert_taken(client.post(self.path, json=second), self.constraint)


class UniqueWhere(UniqueWhenCreated):
    """Some rows share no values, others may."""

    # What a column has in those rows, or that it is not null; and the condition as SQL.
    where: ClassVar[Sequence[tuple[str, Sequence[Any]]]] = ()
    not_null: ClassVar[Sequence[str]] = ()
    condition: ClassVar[str]

    @property
    def constraint(self) -> str:
        """Return the name of what refuses it."""
        return partial_unique_index(self.resource.model, self.columns, self.condition)

    def inside(self, rows: Rows) -> dict[str, Any]:
        """Return values of a row that shares none of its own."""
        values = {name: allowed[0] for name, allowed in self.where}
        return values | {name: rows.value(self.resource.model, name) for name in self.not_null}

    def outside(self, rows: Rows) -> dict[str, Any]:
        """Return values of a row that may share its own: one of the conditions does not hold."""
        values = self.inside(rows)
        for name in self.not_null:
            return values | {name: None}
        for name, allowed in self.where:
            for _ in range(ATTEMPTS):
                value = rows.value(self.resource.model, name)
                if as_json(value) not in allowed:
                    return values | {name: value}
        pytest.skip("the conditions hold for all values")

    def test_a_new_row(self, client: TestClient, rows: Rows) -> None:
        inside = self.inside(rows)
        self.assert_refused_twice(client, rows, **(self.values(rows) | inside))

    def test_other_rows(self, client: TestClient, rows: Rows) -> None:
        outside = self.outside(rows)
        values = self.values(rows) | outside
        for _ in range(2):
            response = client.post(self.path, json=self.body(rows, **values))
            assert response.status_code == 201, response.text
