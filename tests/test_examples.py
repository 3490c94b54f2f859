"""The examples use all of the language, and docs/examples.md shows each as it is."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.language import (
    ACCESS,
    COMMON_KEYS,
    ENTITY_KEYS,
    INDEX_KEYS,
    ON_DELETE,
    OWN_KEYS,
    RELATION_KEYS,
)
from tests.rendering import REPOSITORY

EXAMPLES = sorted((REPOSITORY / "examples").glob("*.yml"))
DOMAINS: dict[str, dict[str, Any]] = {
    path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))["entities"] for path in EXAMPLES
}
GALLERY = (REPOSITORY / "docs" / "examples.md").read_text(encoding="utf-8")

# How many rows stand at the end of an edge: of the entity itself, and of the one it refers to.
LEFT = {"many_to_one": "}o", "one_to_one": "|o", "many_to_many": "}o"}
RIGHT = {False: "||", True: "o|"}


def fields() -> list[dict[str, Any]]:
    """Return the fields of all examples as mappings."""
    return [
        {"type": field} if isinstance(field, str) else field
        for domain in DOMAINS.values()
        for entity in domain.values()
        for field in entity.get("fields", {}).values()
    ]


def relations() -> list[dict[str, Any]]:
    """Return the relations of all examples."""
    return [
        relation
        for domain in DOMAINS.values()
        for entity in domain.values()
        for relation in entity.get("relations", {}).values()
    ]


def test_everything_occurs() -> None:
    assert {field["type"] for field in fields()} == set(OWN_KEYS)
    assert {key for field in fields() for key in field} == set(COMMON_KEYS).union(
        *OWN_KEYS.values()
    )
    assert {field.get("access", "read_write") for field in fields()} == set(ACCESS)
    assert {relation.get("kind", "many_to_one") for relation in relations()} == set(LEFT)
    assert {key for relation in relations() for key in relation} == set(RELATION_KEYS)
    assert {relation.get("on_delete", "restrict") for relation in relations()} == set(ON_DELETE)
    entities = [entity for domain in DOMAINS.values() for entity in domain.values()]
    assert {key for entity in entities for key in entity} == set(ENTITY_KEYS)
    indexes = [index for entity in entities for index in entity.get("indexes", [])]
    assert any(isinstance(index, list) for index in indexes)
    mappings = [index for index in indexes if isinstance(index, dict)]
    assert {key for index in mappings for key in index} == set(INDEX_KEYS)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_text_is_no_jinja(path: Path) -> None:
    """Copier includes an example, and Cookiecutter renders answers of the command line."""
    text = path.read_text(encoding="utf-8")
    assert not any(opening in text for opening in ("{{", "{%", "{#"))
    modeline, schema = text.splitlines()[0].split("$schema=")
    assert modeline == "# yaml-language-server: "
    assert (path.parent / schema).is_file()


def test_gallery_is_complete() -> None:
    assert set(re.findall(r"^## \[(\w+)\.yml\]", GALLERY, re.MULTILINE)) == set(DOMAINS)


@pytest.mark.parametrize("name", DOMAINS)
def test_gallery_shows_the_example(name: str) -> None:
    section = GALLERY.partition(f"\n## [{name}.yml](../examples/{name}.yml)\n")[2]
    section = section.partition("\n## ")[0]
    assert f"copier copy --data entities={name} " in section
    diagram = section.partition("```mermaid\nerDiagram\n")[2].partition("```")[0]
    assert [line.strip() for line in diagram.splitlines()] == edges(DOMAINS[name])


def edges(domain: dict[str, Any]) -> list[str]:
    """Return the lines of the diagram of a domain."""
    lines = []
    for name, entity in domain.items():
        for relation_name, relation in entity.get("relations", {}).items():
            kind = relation.get("kind", "many_to_one")
            many = kind == "many_to_many"
            right = "o{" if many else RIGHT[relation.get("optional", False)]
            lines.append(f"{name} {LEFT[kind]}--{right} {relation['to']} : {relation_name}")
    return lines
