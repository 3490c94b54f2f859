"""Runs in a rendered project: compares what the API documents with what schema.yml says.

It reads the domain by itself, in the words of docs/schema-language.md, and knows nothing of the
templates. What differs is printed, and the exit code is 1.
"""

import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import yaml
from my_blog.main import create_app
from my_blog.settings import Settings

# Which layers see a field.
ACCESS = {
    "read_write": {"Create", "Read", "Update"},
    "create_only": {"Create", "Read"},
    "read_only": {"Read"},
    "write_only": {"Create", "Update"},
    "internal": set(),
}
TEXT = ("str", "text", "email", "url")
ORDERED = ("int", "float", "decimal", "date", "datetime", "time")
# Keys of the language, and what JSON Schema calls them.
RULES = {
    "min_length": "minLength",
    "max_length": "maxLength",
    "pattern": "pattern",
    "ge": "minimum",
    "gt": "exclusiveMinimum",
    "le": "maximum",
    "lt": "exclusiveMaximum",
    "values": "enum",
}
PAGES = ({"limit", "cursor"}, {"limit", "offset", "with_total"})
Domain = dict[str, dict[str, Any]]


def differences() -> Iterator[str]:
    """Yield what is not as the domain says."""
    with open("schema.yml", encoding="utf-8") as file:
        domain: Domain = yaml.safe_load(file)["entities"]
    openapi = create_app(Settings(database_url="postgresql://localhost/none")).openapi()
    for name in domain:
        yield from in_layers(domain, name, openapi["components"]["schemas"])
        yield from in_lists(domain, name, openapi["paths"])


def in_layers(domain: Domain, name: str, schemas: dict[str, Any]) -> Iterator[str]:
    """Yield what differs in the layers of an entity."""
    entity = domain[name]
    fields = fields_of(entity)
    layers: dict[str, set[str]] = {
        layer: {field for field, keys in fields.items() if layer in ACCESS[keys["access"]]}
        for layer in ("Create", "Read", "Update")
    }
    required = {
        field
        for field in layers["Create"]
        if not fields[field].get("optional") and fields[field].get("default") is None
    }
    for relation, keys in (entity.get("relations") or {}).items():
        if keys.get("kind") == "many_to_many":
            singular = relation == model_of(keys["to"]).__tablename__
            links = f"{keys['to'] if singular else relation}_ids"
            layers["Create"].add(links)
            layers["Update"].add(links)
        else:
            for names in layers.values():
                names.add(f"{relation}_id")
            if not keys.get("optional"):
                required.add(f"{relation}_id")
    made = {"id"} | ({"created_at", "updated_at"} if entity.get("timestamps", True) else set())
    layers["Read"] |= made
    for layer, names in layers.items():
        schema = schemas[f"{class_of(name)}{layer}"]
        if (found := set(schema.get("properties", {}))) != names:
            yield f"{name}: {layer} has {sorted(found)}, not {sorted(names)}"
        expected = {"Create": required, "Update": set()}.get(layer)
        if expected is not None and (found := set(schema.get("required", []))) != expected:
            yield f"{name}: {layer} requires {sorted(found)}, not {sorted(expected)}"
        if layer != "Read":
            for field in names & fields.keys():
                shown = schema.get("properties", {}).get(field, {})
                yield from in_rules(f"{layer} of {name}.{field}", fields[field], shown, schemas)


def in_rules(
    place: str, keys: dict[str, Any], schema: dict[str, Any], schemas: dict[str, Any]
) -> Iterator[str]:
    """Yield what differs in the rules of a field that clients send."""
    for key, keyword in RULES.items():
        rule = keys.get(key)
        if rule is None or (key, rule) == ("min_length", 0):
            continue
        if rule not in (found := list(found_in(schema, keyword, schemas))):
            yield f"{place}: {keyword} is {found}, not {rule}"


def in_lists(domain: Domain, name: str, paths: dict[str, Any]) -> Iterator[str]:
    """Yield what differs in the filters, orders and includes of an entity's list."""
    entity = domain[name]
    fields = fields_of(entity)
    relations = entity.get("relations") or {}
    shown = {field for field, keys in fields.items() if "Read" in ACCESS[keys["access"]]}
    expected = {"sort"}
    orders = {"id"}
    for field in shown:
        keys = fields[field]
        if not (keys.get("index") or keys.get("unique")):
            continue
        expected.add(field)
        if keys["type"] in ORDERED:
            expected |= {f"{field}_from", f"{field}_to"}
        if keys.get("index") and keys["type"] in TEXT:
            expected.add(f"{field}_starts_with")
        if keys.get("optional"):
            expected.add(f"{field}_is_null")
        if keys.get("index") or not keys.get("optional"):
            orders.add(field)
    equal = {field for field in shown if field in expected}
    for relation, keys in relations.items():
        if keys.get("kind") != "many_to_many":
            expected.add(f"{relation}_id")
            equal.add(relation)
            if keys.get("optional"):
                expected.add(f"{relation}_id_is_null")
    moments = {"created_at", "updated_at"} if entity.get("timestamps", True) else set()
    for columns in lists_of_columns(entity):
        for place, column in enumerate(columns):
            if column in shown | moments and set(columns[:place]) <= equal:
                orders.add(column)
    for index in entity.get("indexes") or []:
        if isinstance(index, dict) and index.get("using") and not index.get("where"):
            expected |= {f"{column}_contains" for column in index["columns"] if column in shown}
    if entity.get("search"):
        expected.add("q")
        orders.add("relevance")
    if related := related_names(domain, name):
        expected.add("include")
    path = "/" + model_of(name).__tablename__.replace("_", "-")
    parameters = {each["name"]: each["schema"] for each in paths[path]["get"]["parameters"]}
    if set(parameters) not in [pages | expected for pages in PAGES]:
        yield f"{name}: the list has the parameters {sorted(parameters)}, not {sorted(expected)}"
    found = {sort.removeprefix("-") for sort in parameters["sort"]["enum"]}
    if found != orders:
        yield f"{name}: the list has the orders {sorted(found)}, not {sorted(orders)}"
    names = parameters.get("include", {}).get("items", {})
    included = set(names.get("enum", [names["const"]] if "const" in names else []))
    if included != related:
        yield f"{name}: the list includes {sorted(included)}, not {sorted(related)}"


def lists_of_columns(entity: dict[str, Any]) -> Iterator[list[str]]:
    """Yield the lists of `unique` and `indexes` that sort all rows."""
    for together in entity.get("unique") or []:
        yield together["columns"] if isinstance(together, dict) else together
    for index in entity.get("indexes") or []:
        keys = index if isinstance(index, dict) else {"columns": index}
        columns = [column.removeprefix("-") for column in keys["columns"]]
        if not (keys.get("where") or keys.get("using") or any("(" in each for each in columns)):
            yield columns


def related_names(domain: Domain, name: str) -> set[str]:
    """Return the relations of an entity: its own, and the inverse ones."""
    found = set(domain[name].get("relations") or {})
    for other, entity in domain.items():
        for keys in (entity.get("relations") or {}).values():
            if keys["to"] == name:
                plural = model_of(other).__tablename__
                is_one = keys.get("kind") == "one_to_one"
                found.add(keys.get("inverse") or (other if is_one else plural))
    return found


def fields_of(entity: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the fields, each with its type and its access."""
    given = (entity.get("fields") or {}).items()
    keys = {name: {"type": each} if isinstance(each, str) else each for name, each in given}
    return {name: {"access": "read_write", **each} for name, each in keys.items()}


def class_of(name: str) -> str:
    """Return the name of an entity's class."""
    return "".join(word[:1].upper() + word[1:] for word in name.split("_"))


def model_of(name: str) -> Any:
    """Return the model of an entity."""
    return vars(import_module(f"my_blog.models.{name}"))[class_of(name)]


def found_in(schema: Any, keyword: str, schemas: dict[str, Any]) -> Iterator[Any]:
    """Yield the values of a keyword, in a schema or in those that it consists of."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    if keyword in schema:
        yield schema[keyword]
    elif keyword == "enum" and "const" in schema:
        yield [schema["const"]]
    for option in schema.get("anyOf", []):
        yield from found_in(option, keyword, schemas)


if __name__ == "__main__":
    found = list(differences())
    print(*found, sep="\n")
    sys.exit(bool(found))
