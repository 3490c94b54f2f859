"""The rooms of the package have one concern each, and import each other one way: downwards."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import {{ package_name }}

PACKAGE = Path({{ package_name }}.__file__).parent

# What each may import of the package. Modules and folders of your own are not asked.
ROOMS: dict[str, set[str]] = {
    "settings": set(),
    "models": set(),
    "db": {"models", "settings"},
    "data": {"db", "models"},
    "queries": {"data", "db", "models"},
    "http": {"data", "db", "models", "settings"},
    "api": {"data", "db", "http", "models", "queries", "settings"},
    "branches": {"db", "settings"},
    "cli": {"branches", "db", "settings"},
    "main": {"api", "db", "http", "settings"},
    "app": {"main"},
    "dev": {"main"},
}


@pytest.mark.parametrize("room", ROOMS)
def test_imports_go_one_way(room: str) -> None:
    imported = {name for module in modules(room) for name in rooms_in(module)}
    assert imported & ROOMS.keys() <= ROOMS[room] | {room}


def test_migrations_are_not_imported() -> None:
    """What migrations need is beside them, and not where the service is."""
    imported = {name.partition(".")[0] for module in modules() for name in imports(module)}
    assert PACKAGE.name in imported
    assert not imported & {"migrations", f"{PACKAGE.name}_alembic"}


def test_no_private_names_of_the_framework() -> None:
    """A release of FastAPI or Starlette may change them."""
    assert [name for module in modules() for name in private_names(module)] == []


def test_private_names_are_seen() -> None:
    for code in (
        "from fastapi._compat import x",
        "import starlette._utils",
        "from fastapi import routing\nrouting._x",
        'scope["fastapi_inner_astack"]',
    ):
        assert list(private_names(ast.parse(code)))


def modules(room: str | None = None) -> Iterator[ast.Module]:
    """Yield the modules of a room, or of the whole package."""
    for path in PACKAGE.rglob("*.py"):
        if room is None or path.relative_to(PACKAGE).with_suffix("").parts[0] == room:
            yield ast.parse(path.read_text(encoding="utf-8"))


def imports(module: ast.Module) -> Iterator[str]:
    """Yield what a module imports, anywhere in it, with the names of the modules."""
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom):
            yield from [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            yield from [alias.name for alias in node.names]


def rooms_in(module: ast.Module) -> set[str]:
    """Return the rooms of the package that a module imports from."""
    names = [name.split(".") for name in imports(module)]
    return {parts[1] for parts in names if parts[0] == PACKAGE.name and len(parts) > 1}


def private_names(module: ast.Module) -> Iterator[str]:
    """Yield what a module uses of FastAPI and Starlette that is not meant for others."""
    framework: set[str] = set()
    for name in imports(module):
        parts = name.split(".")
        if parts[0] in ("fastapi", "starlette"):
            framework.add(parts[-1])
            if any(part.startswith("_") for part in parts):
                yield name
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and str(node.value).startswith("fastapi_"):
            yield str(node.value)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            is_private = node.attr.startswith("_") and not node.attr.startswith("__")
            if is_private and node.value.id in framework:
                yield f"{node.value.id}.{node.attr}"
