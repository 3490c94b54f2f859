"""Rows for tests, made through the API: one module per entity."""

from collections.abc import Callable
from typing import Any

# A function that creates a row, with these values, and returns it as the API shows it.
Create = Callable[..., dict[str, Any]]
