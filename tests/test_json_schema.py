"""template/docs/schema.schema.json: what editors complete and check schema.yml with."""

import keyword
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator, Draft202012Validator

from tests.json_schema import PARTS, SCHEMA, TEXT, VALIDATOR, accepts, accepts_entities
from tests.language import (
    ACCESS,
    COMMON_KEYS,
    ENTITY_KEYS,
    INDEX_KEYS,
    KINDS,
    ON_DELETE,
    OWN_KEYS,
    RELATION_KEYS,
)
from tests.mistakes import MISTAKES, Mistake
from tests.rendering import REPOSITORY, copier
from tests.validation import problems


def test_is_a_json_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    Draft7Validator.check_schema(SCHEMA)
    targets = {reference.removeprefix("#/$defs/") for reference in found(SCHEMA, "$ref")}
    assert targets == set(PARTS)


def test_every_key_is_described() -> None:
    """Editors show the description of a key, its own or that of the part it refers to."""
    assert all("description" in part for part in PARTS.values())
    closed = [part for part in [SCHEMA, *PARTS.values()] if "additionalProperties" in part]
    for part in closed:
        for schema in part["properties"].values():
            assert "description" in schema or "$ref" in schema


def found(node: Any, key: str) -> list[Any]:
    """Return the values of a key, anywhere in the JSON Schema."""
    if isinstance(node, list):
        return [value for item in node for value in found(item, key)]
    if not isinstance(node, dict):
        return []
    here = [node[key]] if key in node else []
    return here + [value for item in node.values() for value in found(item, key)]


def test_ships_as_it_is(tmp_path: Path, template: Path) -> None:
    project = copier(template, tmp_path / "project", {})
    assert (project / "docs" / "schema.schema.json").read_text(encoding="utf-8") == TEXT
    domain = (project / "schema.yml").read_text(encoding="utf-8")
    assert domain.splitlines()[0] == "# yaml-language-server: $schema=docs/schema.schema.json"
    assert accepts(yaml.safe_load(domain))


# ---- It knows what the documentation knows ----


def test_types_and_keys_of_fields() -> None:
    assert PARTS["type"]["enum"] == list(OWN_KEYS)
    assert PARTS["bare_type"]["enum"] == [kind for kind in OWN_KEYS if kind != "enum"]
    assert {kind: keys_of(kind) for kind in OWN_KEYS} == {
        kind: {*COMMON_KEYS, *own} for kind, own in OWN_KEYS.items()
    }


def keys_of(kind: str) -> set[str]:
    """Return the keys of a field of a type."""
    (name,) = [
        rule["then"]["$ref"].removeprefix("#/$defs/")
        for rule in PARTS["field_mapping"]["allOf"]
        for condition in [rule["if"].get("properties", {}).get("type", {})]
        if kind in condition.get("enum", [condition.get("const")])
    ]
    return set(PARTS[name]["properties"])


def test_other_keys_and_choices() -> None:
    assert list(PARTS["entity"]["properties"]) == ENTITY_KEYS
    assert list(PARTS["index_mapping"]["properties"]) == INDEX_KEYS
    assert list(PARTS["reference"]["properties"]) == RELATION_KEYS
    assert list(PARTS["link"]["properties"]) == ["to", "kind", "inverse"]
    assert PARTS["access"]["enum"] == ACCESS
    assert PARTS["kind"]["enum"] == KINDS
    assert PARTS["on_delete"]["enum"] == ON_DELETE
    for part in ("bare_type", "type", "access", "kind", "on_delete"):
        assert len(PARTS[part]["enum"]) == len(PARTS[part]["enumDescriptions"])


def test_keywords() -> None:
    assert set(PARTS["keyword"]["enum"]) == {name for name in keyword.kwlist if name.islower()}


# ---- What it accepts and refuses ----

# Mistakes that depend on something else in the file: they are the template's to report.
BEYOND = {
    # On another key.
    *("lengths that contradict each other", "bounds with nothing between them"),
    *("bounds in the wrong order", "decimal bounds with nothing between them"),
    *("a scale that exceeds the precision", "a bound with more digits than the scale"),
    *("a bound beyond the precision", "a default that is too short, or too long"),
    *("a default outside the bounds", "a default that is on an open bound"),
    *("a default with more digits than the scale", "a default beyond the precision"),
    *("a default that is not among the values", "two values that become one member"),
    # On the calendar, and on numbers that JSON does not have.
    *("a date that does not exist", "an infinite bound"),
    "a float whose default is not a number",
    # On names that are derived.
    *("a plural with a path of the application", "a default inverse that is a keyword"),
    "a relation to the own entity without an inverse of its own",
    *(row.title for row in MISTAKES["Clashes"]),
    # On other entities.
    *("an entity that does not exist", "a required relation to the own entity"),
    *("a circle of required relations", "a longer circle"),
    # On the columns.
    *("a column that does not exist", "gin of no column", "the column of a relation"),
    *("timestamps that are switched off", "deleted_at without soft_delete"),
    *("a many-to-many in a list", "json in a list", "a column twice in one list"),
    *("one list in both keys", "an index that the field has already"),
    *("an index that the relation has already", "an index that begins like that of the relation"),
    *("an index that a unique one serves", "a unique list with a unique field"),
    *("a unique list with a one-to-one", "a unique list that holds another"),
    "nulls in a unique list that has none",
    *(row.title for row in MISTAKES["Search"] if row.title != "a field that is searched twice"),
    *("a unique index of what is unique already", "lower() of a number"),
    *("a condition on a column that does not exist", "a relation with a value"),
    "a condition with a value that the field does not have",
    *("a condition on a type without values", "null where there is none"),
    "rows that are not deleted, of a unique index",
    *("two conditions that make one name", "two lists that make one name"),
}


@pytest.mark.parametrize("mistake", [row for rows in MISTAKES.values() for row in rows], ids=str)
def test_mistake(mistake: Mistake) -> None:
    """It refuses what the template refuses, as far as it can know."""
    assert accepts_entities(yaml.safe_load(mistake.schema)) is (mistake.title in BEYOND)


@pytest.mark.parametrize(
    "path", sorted((REPOSITORY / "examples").glob("*.yml")), ids=lambda path: path.stem
)
def test_examples(path: Path) -> None:
    errors = VALIDATOR.iter_errors(yaml.safe_load(path.read_text(encoding="utf-8")))
    assert [f"{error.json_path}: {error.message}" for error in errors] == []
    assert accepts(yaml.safe_load(path.read_text(encoding="utf-8")))


# Fields, as YAML.
GOOD_FIELDS = [
    "str",
    "json",
    "{type: str, default: '', description: null}",
    "{type: int, gt: -1, le: 2147483647, default: 0}",
    "{type: float, ge: 0.5, lt: 1, default: 1}",
    "{type: decimal, precision: 3, scale: 0, ge: 1.5}",
    "{type: decimal, precision: 3}",
    "{type: bool, default: false, unique: false}",
    "{type: date, default: '2026-01-31'}",
    "{type: datetime, default: '2026-01-31T12:30:00Z'}",
    "{type: datetime, default: '2026-01-31T12:30:00.5+05:30'}",
    "{type: time, default: '12:30'}",
    "{type: uuid, default: '01890a5d-ac96-774b-bcce-b302099a8057'}",
    "{type: json, default: {}}",
    "{type: json, default: [], access: internal}",
    "{type: enum, values: [a], default: a, index: true}",
    "{type: email, unique: true, default: null}",
    "{type: bool, unique: true}",
    "{type: enum, values: [a], unique: true}",
    "{type: str, max_length: 1, unique: true}",
    "{type: decimal, precision: 1, unique: true}",
    "{type: str, access: read_only, optional: true}",
    "{type: str, access: internal, default: ''}",
    "{type: int, default: 1, optional: true}",
]


@pytest.mark.parametrize("field", GOOD_FIELDS)
def test_good_field(field: str) -> None:
    assert accepts(yaml.safe_load(f"entities: {{a: {{fields: {{b: {field}}}}}}}"))


BAD_FIELDS = [
    "enum",
    "string",
    "null",
    "[]",
    "{}",
    "{type: strange}",
    "{type: null}",
    "{optional: true}",
    "{type: str, colour: red}",
    "{type: int, max_length: 5}",
    "{type: uuid, pattern: a}",
    "{type: str, ge: 1}",
    "{type: float, precision: 3}",
    "{type: str, values: [a]}",
    "{type: str, optional: 'true'}",
    "{type: str, description: 5}",
    "{type: str, access: secret}",
    "{type: str, min_length: -1}",
    "{type: str, max_length: 0}",
    "{type: str, max_length: true}",
    "{type: str, max_length: 2.5}",
    "{type: str, pattern: ''}",
    "{type: str, pattern: a, default: a}",
    "{type: str, unique: true, default: a}",
    "{type: str, default: 5}",
    "{type: str, access: read_only}",
    "{type: str, access: internal, default: null}",
    "{type: str, access: internal, optional: false}",
    "{type: int, ge: 1, gt: 1}",
    "{type: int, le: 1, lt: 1}",
    "{type: int, ge: 0.5}",
    "{type: int, le: 2147483648}",
    "{type: int, default: 2147483648}",
    "{type: int, default: '1'}",
    "{type: float, ge: '1'}",
    "{type: decimal, scale: 2}",
    "{type: decimal, precision: 0}",
    "{type: decimal, precision: 1001}",
    "{type: decimal, precision: 3, scale: -1}",
    "{type: bool, default: 0}",
    "{type: date, default: today}",
    "{type: date, default: '2026-13-01'}",
    "{type: datetime, default: '2026-01-31T12:30:00'}",
    "{type: time, default: '24:00'}",
    "{type: time, default: 12:30}",  # a number in YAML 1.1
    "{type: uuid, default: 01890a5d}",
    "{type: json, default: {a: 1}}",
    "{type: json, index: true}",
    "{type: json, unique: true}",
    "{type: enum}",
    "{type: enum, values: []}",
    "{type: enum, values: [a, a]}",
    "{type: enum, values: [yes, no]}",  # booleans in YAML 1.1
    "{type: enum, values: ['']}",
    "{type: enum, values: [2nd]}",
    "{type: email, default: a@example.com}",
    "{type: url, min_length: 5}",
]


@pytest.mark.parametrize("field", BAD_FIELDS)
def test_bad_field(field: str) -> None:
    assert not accepts(yaml.safe_load(f"entities: {{a: {{fields: {{b: {field}}}}}}}"))


def test_starts_of_enum_values() -> None:
    """It agrees with the template on ASCII, Latin-1 and general punctuation, in the form `-a-` too."""
    for code in [*range(0x100), *range(0x2000, 0x2070)]:
        field = {"type": "enum", "values": [f"{chr(code)}a{chr(code)}"]}
        entities = {"a": {"fields": {"b": field}}}
        assert accepts_entities(entities) is (problems(entities) == []), field


GOOD_RELATIONS = [
    "{to: a}",
    "{to: a, inverse: null, description: null}",
    "{to: a, kind: one_to_one, on_delete: cascade}",
    "{to: a, optional: true, on_delete: set_null}",
    "{to: a, kind: many_to_many, inverse: cs}",
]


@pytest.mark.parametrize("relation", GOOD_RELATIONS)
def test_good_relation(relation: str) -> None:
    assert accepts(yaml.safe_load(f"entities: {{a: {{relations: {{b: {relation}}}}}}}"))


BAD_RELATIONS = [
    "a",
    "null",
    "{}",
    "{to: null}",
    "{to: A}",
    "{to: a, kind: one_to_many}",
    "{to: a, inverse: 5}",
    "{to: a, inverse: Bs}",
    "{to: a, inverse: id}",
    "{to: a, index: true}",
    "{to: a, on_delete: delete}",
    "{to: a, on_delete: set_null}",
    "{to: a, on_delete: set_null, optional: false}",
    "{to: a, kind: many_to_many, optional: true}",
    "{to: a, kind: many_to_many, on_delete: cascade}",
    "{to: a, kind: many_to_many, description: many}",
]


@pytest.mark.parametrize("relation", BAD_RELATIONS)
def test_bad_relation(relation: str) -> None:
    assert not accepts(yaml.safe_load(f"entities: {{a: {{relations: {{b: {relation}}}}}}}"))


GOOD_ENTITIES = [
    "{fields: {b: str}, search: [b]}",
    "{fields: {b: str}, search: null}",
    "{fields: {b: str, c: text}, search: {fields: [c, b], language: german}}",
    "{fields: {b: str}, indexes: [[lower(b)], [-lower(b), id]]}",
    "{fields: {b: str}, indexes: [{columns: [b], where: {b: x}, include: [id], why: x}]}",
    "{fields: {b: str}, indexes: [{columns: [b], where: {b: [x, y], c: 1, d: true, e: null}}]}",
    "{fields: {b: str}, indexes: [{columns: [b], where: {b: {not: null}}, unique: true}]}",
    "{fields: {b: str}, indexes: [{columns: [b, lower(c)], unique: true}]}",
    "{fields: {b: str}, indexes: [{columns: [b], unique: false}]}",
    "{fields: {b: json}, indexes: [{columns: [b], using: gin, where: {c: null}}]}",
    "{fields: {b: int}, relations: null, indexes: null, unique: null, plural: null}",
    "{fields: {}, relations: {b: {to: a}}, indexes: [], unique: []}",
    "{fields: {b: int}, indexes: [[-b, id], [b]], unique: [[b]], timestamps: false}",
    "{fields: {b: int, c: int}, unique: [[b], {columns: [c]}]}",
    "{fields: {b: int}, unique: [{columns: [b], nulls: equal}]}",
]


@pytest.mark.parametrize("entity", GOOD_ENTITIES)
def test_good_entity(entity: str) -> None:
    assert accepts(yaml.safe_load(f"entities: {{a: {entity}}}"))


BAD_ENTITIES = [
    "{fields: {b: str}, search: b}",
    "{fields: {b: str}, search: []}",
    "{fields: {b: str}, search: [b, b]}",
    "{fields: {b: str}, search: {}}",
    "{fields: {b: str}, search: {fields: [b], language: latin}}",
    "{fields: {b: str}, search: {fields: [b], language: null}}",
    "{fields: {b: str}, search: {fields: [b], weights: [A]}}",
    "{fields: {b: str}, indexes: [{}]}",
    "{fields: {b: str}, indexes: [{columns: []}]}",
    "{fields: {b: str}, indexes: [{columns: b}]}",
    "{fields: {b: str}, indexes: [{columns: [b], nulls: equal}]}",
    "{fields: {b: str}, indexes: [{columns: [b], where: null}]}",
    "{fields: {b: str}, indexes: [{columns: [b], where: {}}]}",
    "{fields: {b: str}, indexes: [{columns: [b], where: {b: []}}]}",
    "{fields: {b: str}, indexes: [{columns: [b], where: {b: [null]}}]}",
    "{fields: {b: str}, indexes: [{columns: [b], where: {b: 1.5}}]}",
    "{fields: {b: str}, indexes: [{columns: [b], where: {b: {not: x}}}]}",
    "{fields: {b: str}, indexes: [{columns: [b], where: {-b: x}}]}",
    "{fields: {b: str}, indexes: [{columns: [b], include: [lower(b)]}]}",
    "{fields: {b: str}, indexes: [{columns: [b], using: btree}]}",
    "{fields: {b: str}, indexes: [{columns: [b], why: ''}]}",
    "{fields: {b: str}, indexes: [{columns: [b], unique: true}]}",
    "{fields: {b: json}, indexes: [{columns: [-b], using: gin}]}",
    "{fields: {b: json, c: json}, indexes: [{columns: [b, c], using: gin}]}",
    "{fields: {b: json}, indexes: [{columns: [b], using: gin, unique: true}]}",
    "{fields: {b: str}, indexes: [[upper(b)]]}",
    "{fields: {b: str}, indexes: [[lower(b]]}",
    "null",
    "{}",
    "{fields: {}}",
    "{fields: null, relations: {}}",
    "{fields: [b]}",
    "{fields: {b: int}, relations: [b]}",
    "{fields: {b: int}, comment: text}",
    "{fields: {b: int}, description: [text]}",
    "{fields: {b: int}, plural: health}",
    "{fields: {b: int}, plural: As}",
    "{fields: {b: int}, soft_delete: 1}",
    "{fields: {b: int}, timestamps: null}",
    "{fields: {b: int}, indexes: [b]}",
    "{fields: {b: int}, indexes: [[]]}",
    "{fields: {b: int}, indexes: [[b, b]]}",
    "{fields: {b: int}, indexes: [[b], [b]]}",
    "{fields: {b: int}, indexes: [[--b]]}",
    "{fields: {b: int}, unique: true}",
    "{fields: {b: int}, unique: [[-b]]}",
    "{fields: {b: int}, unique: [b]}",
    "{fields: {b: int}, unique: {columns: [b]}}",
    "{fields: {b: int}, unique: [{}]}",
    "{fields: {b: int}, unique: [{nulls: equal}]}",
    "{fields: {b: int}, unique: [{columns: b}]}",
    "{fields: {b: int}, unique: [{columns: []}]}",
    "{fields: {b: int}, unique: [{columns: [id]}]}",
    "{fields: {b: int}, unique: [{columns: [b], nulls: null}]}",
    "{fields: {b: int}, unique: [{columns: [b], nulls: first}]}",
    "{fields: {b: int}, unique: [{columns: [b], where: b}]}",
]


@pytest.mark.parametrize("entity", BAD_ENTITIES)
def test_bad_entity(entity: str) -> None:
    assert not accepts(yaml.safe_load(f"entities: {{a: {entity}}}"))


BAD_DOMAINS: list[Any] = [
    None,
    [],
    {},
    {"entities": None},
    {"entities": {}},
    {"entities": []},
    {"entities": {"a": {"fields": {"b": "int"}}}, "version": 1},
]


@pytest.mark.parametrize("domain", BAD_DOMAINS, ids=str)
def test_bad_domain(domain: Any) -> None:
    assert not accepts(domain)


GOOD_NAMES = ["a", "a1", "a_b", "a_1", "order", "list", "type", "user", "modeller", "a" * 40]
BAD_NAMES = ["", "A", "1a", "_a", "a__b", "a-b", "a b", "é", "class", "a" * 41, True, 1, None]
BAD_ATTRIBUTES = ["id", "deleted_at", "schema", "copy", "model_config", "sqlmodel_x", "str", "dt"]


@pytest.mark.parametrize("name", [*GOOD_NAMES, "id_"])
def test_good_attribute(name: str) -> None:
    assert accepts({"entities": {"a": {"fields": {name: "int"}}}})
    assert accepts({"entities": {"a": {"relations": {name: {"to": "a"}}}}})


@pytest.mark.parametrize("name", [*BAD_NAMES, *BAD_ATTRIBUTES, "a__"])
def test_bad_attribute(name: Any) -> None:
    assert not accepts({"entities": {"a": {"fields": {name: "int"}}}})
    assert not accepts({"entities": {"a": {"relations": {name: {"to": "a"}}}}})


@pytest.mark.parametrize("name", [*GOOD_NAMES, "schema", "id"])
def test_good_entity_name(name: str) -> None:
    assert accepts({"entities": {name: {"fields": {"b": "int"}, "plural": name}}})


@pytest.mark.parametrize("name", [*BAD_NAMES, "base", "a_"])
def test_bad_entity_name(name: Any) -> None:
    assert not accepts({"entities": {name: {"fields": {"b": "int"}}}})
