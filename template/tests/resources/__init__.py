"""The entities, for tests: one module per entity."""

from dataclasses import dataclass
from typing import Any

from sqlmodel import SQLModel


@dataclass(frozen=True)
class Resource:
    """What the API makes of an entity: the path of its list, and its models."""

    path: str
    model: type[SQLModel]
    create: type[SQLModel]
    read: type[SQLModel]
    update: type[SQLModel]

    def path_of(self, row: SQLModel) -> str:
        """Return the path of a row."""
        return f"{self.path}/{identifier_of(row)}"

    def shown(self, row: SQLModel) -> dict[str, Any]:
        """Return a row as clients see it."""
        return self.read.model_validate(row, from_attributes=True).model_dump(mode="json")


def identifier_of(row: SQLModel) -> Any:
    """Return the identifier of a row, of whichever model."""
    return vars(row)["id"]
