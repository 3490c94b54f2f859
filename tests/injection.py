"""Makes a mistake in a valid schema: moves what a row of tests/mistakes.py says into it."""

import re
from collections.abc import Iterable, Iterator
from copy import deepcopy
from itertools import count
from typing import Any

import yaml

from tests.mistakes import Mistake
from tests.schemas import Answer, Schema, pascal, plural

# Not of an entity; tests/test_answers.py has them.
WHOLE = ("no entities", "entities as a list")

# Added as they are: the names of their entities are part of the mistake.
AS_THEY_ARE = (
    "a plural with a path of the application",
    "a default inverse that is a keyword",
    "a link table whose name is too long",
    "a class that the generated code imports",
    "a table that the project has by itself",
    "two entities with one class",
)

# Names of fields that are part of the mistake.
KEPT = {"base", "limit", "q", "search_vector", "sort"}

LONGEST_HOST = 25  # so that names derived from it have at most 40 characters


def hosts(schema: Schema, mistake: Mistake) -> list[str]:
    """Return the entities that can take a mistake: those whose names do not get into its way."""
    guests = yaml.safe_load(mistake.schema)
    if mistake.title in AS_THEY_ARE:
        return [] if guests.keys() & set(texts(schema)) else list(schema)
    kept = KEPT & set(texts(guests))
    if "search" in texts(guests):
        kept.add("search_vector")
    return [
        name
        for name, answer in schema.items()
        if isinstance(name, str)
        and len(name) <= LONGEST_HOST
        and name != "id"  # a relation that is named like its entity could not be
        and not kept & set(texts(answer))
    ]


def inject(schema: Schema, mistake: Mistake, host: str) -> tuple[Schema, list[str]]:
    """Return the schema with a mistake, and the lines that are to be reported of it.

    The first entity of the row becomes part of `host`, the others are added, all under names that
    are free. Where its name is the mistake, the host gets it.
    """
    schema = deepcopy(schema)
    guests = yaml.safe_load(mistake.schema)
    if mistake.title in AS_THEY_ARE:
        return schema | guests, mistake.lines
    first = next(iter(guests))
    if any(line.startswith(f"{first}: this name ") for line in mistake.lines):
        schema, host = renamed(schema, host, first), first
    if any("its inverse" in line for line in mistake.lines):
        # The default is the plural, which has to be free: what the host has keeps its names.
        for relation in parts(schema[host], "relations").values():
            if relation.get("kind") != "one_to_one":
                relation["inverse"] = relation.get("inverse") or table_of(schema, host)
        schema[host]["plural"] = free(schema, plural(host))
    else:
        for name, relation in parts(guests[first], "relations").items():
            if isinstance(relation, dict):
                relation.setdefault("inverse", f"{name}_inverse")
    words = words_of(schema, host, guests, mistake.lines)
    for name, answer in reworded(guests, words).items():
        schema[name] = merged(schema[name], answer) if name == host else answer
    return schema, reworded(mistake.lines, words)


def texts(value: Any) -> Iterator[str]:
    """Yield all texts in a value, names included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in (*value, *value.values()):
            yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)


def parts(answer: Any, kind: str) -> Answer:
    """Return the fields or the relations of an entity, none where they have another shape."""
    found = answer.get(kind) if isinstance(answer, dict) else None
    return found if isinstance(found, dict) else {}


def table_of(schema: Schema, name: str) -> str:
    """Return the name of the table of an entity."""
    return schema[name].get("plural") or plural(name)


def renamed(schema: Schema, old: str, new: str) -> Schema:
    """Give an entity another name, but not another table."""
    schema[old]["plural"] = table_of(schema, old)
    for answer in schema.values():
        for relation in parts(answer, "relations").values():
            if isinstance(relation, dict) and relation.get("to") == old:
                relation["to"] = new
    return {new if name == old else name: answer for name, answer in schema.items()}


def free(schema: Schema, name: str) -> str:
    """Return a name like `name` that is no part of any in the schema."""
    return next(new for number in count(2) if (new := f"{name}{number}") not in str(schema))


def words_of(schema: Schema, host: str, guests: dict[Any, Any], lines: list[str]) -> dict[str, str]:
    """Return the names in a row, and what is derived from them, with what takes their places."""
    first, *others = guests
    words: dict[str, str] = {}
    if isinstance(first, str):
        words |= {first: host, plural(first): table_of(schema, host), pascal(first): pascal(host)}
    attributes = [*parts(guests[first], "fields"), *parts(guests[first], "relations")]
    # Short ones first: `author_id` may be derived from `author`.
    for name in sorted(map(str, attributes), key=len):
        is_mistake = any(f"{first}.{name}: this name " in line for line in lines)
        if name not in KEPT and not is_mistake and not pattern(words).search(name):
            new = free(schema, name)
            words |= {name: new, pascal(name): pascal(new)}
    for name in others:
        if not pattern(words).search(name):
            new = free(schema, name)
            words = {name: new, plural(name): plural(new), pascal(name): pascal(new)} | words
    return words


def pattern(words: Iterable[str]) -> re.Pattern[str]:
    """Return what finds words, also in longer names: in snake_case, or PascalCase as classes are."""
    found = [("" if word[0].isupper() else "(?<![a-z0-9])") + word for word in words]
    return re.compile(f"(?:{'|'.join(found)})(?![a-z0-9])" if found else "(?!)")


def reworded(value: Any, words: dict[str, str]) -> Any:
    """Replace words in all texts of a value."""
    if isinstance(value, dict):
        return {reworded(name, words): reworded(item, words) for name, item in value.items()}
    if isinstance(value, list):
        return [reworded(item, words) for item in value]
    if isinstance(value, str):
        return pattern(words).sub(lambda match: words[match[0]], value)
    return value


def merged(answer: Any, guest: Any) -> Any:
    """Return an entity with the keys, fields and relations of another."""
    if not isinstance(guest, dict) or not {"fields", "relations"} & guest.keys():
        return guest
    if {"indexes", "unique"} & guest.keys():
        # The columns that there are depend on these, as do lists of them.
        changing = ("indexes", "unique", "timestamps", "soft_delete")
        answer = {key: value for key, value in answer.items() if key not in changing}
    both = {
        kind: parts(answer, kind) | parts(guest, kind)
        for kind in ("fields", "relations")
        if parts(guest, kind)
    }
    return answer | guest | both
