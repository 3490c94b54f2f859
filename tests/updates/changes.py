"""Changes of a domain: what its author may do to schema.yml, drawn from a seed."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass

import yaml
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.schemas import ALL, Answer, Schema, options, schemas
from tests.validation import problems

MOST_CHANGES = 1_000_000  # of one seed


@dataclass(frozen=True)
class Change:
    """Two domains, one of which grew out of the other, and the options of the project."""

    what: str
    before: Schema
    after: Schema
    options: dict[str, str]

    def answers(self, schema: Schema) -> dict[str, str]:
        """Return the answers to the questions of the template."""
        return {**self.options, "entities": as_yaml(schema)}

    def __str__(self) -> str:
        """Return the change for people."""
        before, after = as_yaml(self.before), as_yaml(self.after)
        return f"{self.what}, {self.options}\nbefore:\n{before}after:\n{after}"


def draw(number: int, index: int) -> Change:
    """Return the change of a seed with this index."""
    drawn: list[Change] = []

    @seed(number * MOST_CHANGES + index)
    @settings(
        # The first example is always the smallest possible one.
        max_examples=2,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(changes())
    def run(change: Change) -> None:
        drawn.append(change)

    run()
    return drawn[-1]


def as_yaml(value: object) -> str:
    """Return a value as YAML, in its order."""
    text: str = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=1000)
    return text


@st.composite
def changes(draw: st.DrawFn) -> Change:
    """Return a strategy for changes from one valid domain to another.

    The larger domain is drawn and something taken out of it: going back is an addition.
    """
    large = draw(schemas(ALL))
    for name in draw(st.permutations(list(REMOVALS))):
        small = deepcopy(large)
        REMOVALS[name](draw, small)
        if small != large and not problems(small):
            break
    else:
        return Change("nothing", large, large, draw(options()))
    if draw(st.booleans()):
        return Change(f"{name} removed", large, small, draw(options()))
    return Change(f"{name} added", small, large, draw(options()))


def remove_entity(draw: st.DrawFn, schema: Schema) -> None:
    """Remove an entity and what refers to it."""
    removed = draw(st.sampled_from(list(schema)))
    del schema[removed]
    for entity in schema.values():
        for name, relation in list(_part(entity, "relations").items()):
            if relation["to"] == removed:
                del entity["relations"][name]
                _forget(entity, name)


def remove_field(draw: st.DrawFn, schema: Schema) -> None:
    """Remove a field and the indexes that have it."""
    _remove_from(draw, schema, "fields")


def remove_relation(draw: st.DrawFn, schema: Schema) -> None:
    """Remove a relation and the indexes that have it."""
    _remove_from(draw, schema, "relations")


def remove_index(draw: st.DrawFn, schema: Schema) -> None:
    """Remove an index of several columns, or of one."""
    choices = [
        (entity, key, index)
        for entity in schema.values()
        for key in ("indexes", "unique")
        for index in range(len(entity.get(key) or []))
    ]
    flags = [
        (field, key, None)
        for entity in schema.values()
        for field in _part(entity, "fields").values()
        if isinstance(field, dict)
        for key in ("index", "unique")
        if field.get(key)
    ]
    if not choices + flags:
        return
    holder, key, index = draw(st.sampled_from(choices + flags))
    if index is None:
        del holder[key]
    else:
        del holder[key][index]


def change_field(draw: st.DrawFn, schema: Schema) -> None:
    """Take an option from a field."""
    choices = [
        (field, key)
        for entity in schema.values()
        for field in _part(entity, "fields").values()
        if isinstance(field, dict)
        for key in field
        if key not in ("type", "values", "index", "unique")
    ]
    if choices:
        field, key = draw(st.sampled_from(choices))
        del field[key]


def change_entity(draw: st.DrawFn, schema: Schema) -> None:
    """Take an option from an entity: its plural, soft delete, timestamps, description or search."""
    choices = [
        (entity, key)
        for entity in schema.values()
        for key in ("plural", "soft_delete", "timestamps", "description", "search")
        if key in entity
    ]
    if choices:
        entity, key = draw(st.sampled_from(choices))
        del entity[key]


REMOVALS: dict[str, Callable[[st.DrawFn, Schema], None]] = {
    "entity": remove_entity,
    "field": remove_field,
    "relation": remove_relation,
    "index": remove_index,
    "option of a field": change_field,
    "option of an entity": change_entity,
}


def _remove_from(draw: st.DrawFn, schema: Schema, part: str) -> None:
    choices = [(entity, name) for entity in schema.values() for name in _part(entity, part)]
    if choices:
        entity, name = draw(st.sampled_from(choices))
        del entity[part][name]
        _forget(entity, name)


def _forget(entity: Answer, name: str) -> None:
    """Remove the indexes that have to do with a column, and search without it."""
    for key in ("indexes", "unique"):
        if entity.get(key):
            entity[key] = [index for index in entity[key] if name not in _names(index)]
    search = entity.get("search")
    if search:
        fields = search["fields"] if isinstance(search, dict) else search
        if name in fields:
            fields.remove(name)
        if not fields:
            del entity["search"]


def _names(answer: list[str] | Answer) -> set[str]:
    """Return the columns that an item of `indexes` or `unique` names, also to include or compare."""
    index: Answer = answer if isinstance(answer, dict) else {"columns": answer}
    columns = [column.removeprefix("-") for column in index["columns"]]
    plain = {column.removeprefix("lower(").removesuffix(")") for column in columns}
    return {*plain, *index.get("include", ()), *index.get("where", ())}


def _part(entity: Answer, part: str) -> Answer:
    return entity.get(part) or {}
