"""What all scenarios share: the entity that they are about, and how they look at answers."""

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

import httpx2 as httpx
import pytest
from fastapi.testclient import TestClient
from pydantic_core import to_jsonable_python
from sqlmodel import SQLModel

from tests.resources import Resource
from tests.rows import Rows

# An identifier that no row has.
NOWHERE: Any = {{ '"00000000-0000-0000-0000-000000000000"' if primary_key == "uuid7" else "2**62" }}


class Scenario:
    """A behaviour, with its tests; a subclass says of which entity, and of which of its fields."""

    resource: ClassVar[Resource]

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Run a test that takes a `field` for each of the `fields` of its class."""
        if "field" in metafunc.fixturenames:
            metafunc.parametrize("field", vars(metafunc.cls)["fields"])

    @property
    def path(self) -> str:
        """Return the path of the list."""
        return self.resource.path

    def make(self, rows: Rows, /, **values: Any) -> SQLModel:
        """Make a row of the resource."""
        return rows.make(self.resource.model, **values)

    def body(self, rows: Rows, /, **values: Any) -> dict[str, Any]:
        """Return what a client sends to create a row."""
        return rows.body(self.resource, **values)


def as_json(value: Any) -> Any:
    """Return a value as clients send it."""
    return to_jsonable_python(value)


def fields_of(row: SQLModel, *names: str) -> Iterator[tuple[str, Any]]:
    """Yield fields of a row, as clients would send them, and one that no row has."""
    yield "no-such-field", "a value"
    for name in names:
        yield name, as_json(vars(row)[name])


def items(client: TestClient, path: str, /, **params: Any) -> list[dict[str, Any]]:
    """Return the items on a page of a list."""
    response = client.get(path, params=params)
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["items"]
    return found


def assert_refused(response: httpx.Response, name: str) -> None:
    """Check that a field of the body is what was wrong."""
    assert response.status_code == 422, response.text
    assert name in response.json()["detail"][0]["loc"]


def assert_no_reference(response: httpx.Response, constraints: Iterable[str]) -> None:
    """Check that one of these constraints was broken, by a reference."""
    assert response.status_code == 422, response.text
    assert response.json()["detail"][0]["ctx"]["constraint"] in constraints


def assert_taken(response: httpx.Response, constraint: str) -> None:
    """Check that this constraint was broken, by what another row has already."""
    assert response.status_code == 409, response.text
    assert response.json()["constraint"] == constraint
