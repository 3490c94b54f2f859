"""The schemas for fuzzing use the whole language and keep to its rules."""

import yaml
from hypothesis import HealthCheck, given, settings

from tests.fuzz.cases import draw
from tests.json_schema import accepts_entities
from tests.schemas import ALL, Answer, Features, Schema, plural, schemas
from tests.validation import problems

quick = settings(
    max_examples=100,
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@quick
@given(schemas())
def test_valid(schema: Schema) -> None:
    """Nothing is wrong with them, neither for the template nor for an editor."""
    assert problems(schema) == []
    assert accepts_entities(schema)


@quick
@given(schemas())
def test_names_of_tables(schema: Schema) -> None:
    tables = [answer.get("plural") or plural(name) for name, answer in schema.items()]
    for name, answer in schema.items():
        for relation, keys in relations(answer).items():
            if keys.get("kind") == "many_to_many":
                tables.append(f"{name}_{relation}_link")
    assert len(set(tables)) == len(tables)
    assert max(map(len, tables)) <= 63


@quick
@given(schemas())
def test_names_of_attributes(schema: Schema) -> None:
    attributes: dict[str, list[str]] = {name: [*fields(schema[name])] for name in schema}
    for name, answer in schema.items():
        for relation, keys in relations(answer).items():
            kind = keys.get("kind", "many_to_one")
            suffix = "ids" if kind == "many_to_many" else "id"
            attributes[name] += [relation, f"{relation}_{suffix}"]
            default = name if kind == "one_to_one" else answer.get("plural") or plural(name)
            attributes[keys["to"]].append(keys.get("inverse") or default)
    for names in attributes.values():
        assert len(set(names)) == len(names)


@quick
@given(schemas())
def test_rows_can_be_created(schema: Schema) -> None:
    needed = {
        name: {
            keys["to"]
            for keys in relations(answer).values()
            if keys.get("kind") != "many_to_many" and not keys.get("optional")
        }
        for name, answer in schema.items()
    }
    while free := [name for name in needed if not needed[name] & set(needed)]:
        for name in free:
            del needed[name]
    assert not needed


@quick
@given(schemas())
def test_yaml_holds_all(schema: Schema) -> None:
    assert yaml.safe_load(yaml.safe_dump(schema, allow_unicode=True)) == schema


def test_whole_language() -> None:
    drawn = [draw(1, index, ALL).schema for index in range(200)]
    entities = [answer for schema in drawn for answer in schema.values()]
    every_field = [field for answer in entities for field in fields(answer).values()]
    every_relation = [keys for answer in entities for keys in relations(answer).values()]
    types = {field if isinstance(field, str) else field["type"] for field in every_field}
    keys = {key for field in every_field if not isinstance(field, str) for key in field}
    unique = {
        field["type"] for field in every_field if not isinstance(field, str) and field.get("unique")
    }
    assert types == set(ALL.types)
    assert unique == types - {"json"}
    assert keys == ALL.field_keys | {"type", "values"}
    assert {key for answer in entities for key in answer} >= ALL.entity_keys
    indexes = [index for answer in entities for index in answer.get("indexes") or []]
    mappings = [index for index in indexes if isinstance(index, dict)]
    assert {key for index in mappings for key in index} == ALL.index_keys | {"columns"}
    assert any(isinstance(index, list) for index in indexes)
    assert any("lower(" in str(index) for index in indexes)
    assert {type(answer.get("search")) for answer in entities} == {list, dict, type(None)}
    assert {keys.get("kind") for keys in every_relation} >= set(ALL.kinds)
    assert {key for keys in every_relation for key in keys} >= ALL.relation_keys


def test_features() -> None:
    features = Features(types=("int",), kinds=("one_to_one",), accesses=("read_write",), entities=2)
    for index in range(50):
        schema = draw(1, index, features).schema
        assert len(schema) <= 2
        for answer in schema.values():
            assert all(
                field == "int" or field["type"] == "int" for field in fields(answer).values()
            )
            assert all(keys["kind"] == "one_to_one" for keys in relations(answer).values())


def test_a_seed_draws_the_same() -> None:
    assert draw(1, 7, ALL) == draw(1, 7, ALL)
    assert len({draw(1, index, ALL).text() for index in range(20)}) == 20


def fields(answer: Answer) -> Answer:
    return answer.get("fields") or {}


def relations(answer: Answer) -> Answer:
    return answer.get("relations") or {}
