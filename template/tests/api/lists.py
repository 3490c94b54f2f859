"""What is true of every list."""

from typing import Any

from fastapi.testclient import TestClient


def assert_list(
    client: TestClient, statements: list[str], path: str, rows: list[dict[str, Any]]
) -> None:
    """Check that pages of any size show `rows`, the newest first, with one statement each."""
    for limit in (1, len(rows) + 1):
        statements.clear()
        items = client.get(path, params={"limit": limit}).json()["items"]
        assert items == rows[::-1][:limit]
        assert len(statements) == 1
