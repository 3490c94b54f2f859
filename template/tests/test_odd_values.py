"""Odd values: whatever a field is sent, the answer is no failure of the server."""

import importlib
import json
import pkgutil

import pytest
from fastapi.testclient import TestClient

from seeding.values import field
from tests import resources
from tests.resources import Resource
from tests.rows import Rows

NAMES = [module.name for module in pkgutil.iter_modules(resources.__path__)]

JSON = {"Content-Type": "application/json"}

# As JSON: some of these cannot be written from Python's values.
ODD = [
    r'"\ud83d"',  # half of a pair, which no encoding has
    r'"\udc00\ud83d"',
    r'"a\u0000b"',
    r'{"a": "\u0000"}',
    r'{"\u0000": 1}',
    r'{"a": ["\ud83d"]}',
    r'{"\ud83d": 1}',
    r'{"a": "\\u0000"}',  # no NUL, but a backslash
    r'["\u0000"]',
    '""',
    '" "',
    r'"\n\t\u0001\u007f\u0085\u2028\ufeff\uffff\ud83d\ude00"',
    json.dumps("x" * 100_000),
    json.dumps("\U0001f600" * 20_000),
    json.dumps("9" * 5_000),
    json.dumps("http://" + "x" * 3_000 + ".example"),
    json.dumps("x" * 3_000 + "@example.com"),
    r'"http://example.com/\ud83d"',
    r'"http://example.com/\u0000"',
    r'"a\ud83d@example.com"',
    r'"a\u0000@example.com"',
    "null",
    "true",
    "0",
    "-0.0",
    "-1",
    "1.5",
    "1e-400",
    "1e300",
    "1e999",
    "-1e999",
    "NaN",
    "Infinity",
    str(2**31),
    str(2**63),
    "9" * 400,
    '"NaN"',
    '"-Infinity"',
    '"1e100000"',
    '"1e-100000"',
    '"1_000"',
    '"٣"',
    '"0000-00-00"',
    '"9999-12-31T23:59:60Z"',
    '"2000-01-01T00:00:00+23:59"',
    '"24:00"',
    '"00000000-0000-0000-0000-000000000000"',
    "[]",
    "{}",
    "[[]]",
    "[1e999]",
    '{"a": NaN}',
    "[" * 200 + "]" * 200,
    "[" * 600 + "]" * 600,
]


def fields_by_resource() -> list[tuple[Resource, list[str]]]:
    """Return the fields that clients send, but one only of those that take the same values."""
    found = []
    seen = []
    for name in NAMES:
        resource: Resource = vars(importlib.import_module(f"tests.resources.{name}"))[name.upper()]
        chosen = []
        for column in resource.create.model_fields.keys() & resource.update.model_fields:
            wanted = field(resource.create, column)
            taken = (wanted.type, wanted.rules, wanted.is_optional)
            if taken not in seen:
                seen.append(taken)
                chosen.append(column)
        found.append((resource, chosen))
    return found


@pytest.mark.parametrize(("resource", "fields"), fields_by_resource(), ids=NAMES)
def test_odd_values(client: TestClient, rows: Rows, resource: Resource, fields: list[str]) -> None:
    path, body = resource.path, rows.body(resource)
    row = resource.path_of(rows.make(resource.model))
    for odd in ODD:
        everywhere = ", ".join(f'"{name}": {odd}' for name in body)
        bodies = [("POST", path, everywhere)]
        bodies += [("PATCH", row, f'"{name}": {odd}') for name in fields]
        bodies = [(method, where, "{" + content + "}") for method, where, content in bodies]
        # Several rows are sent to the database in another form than one.
        for name in fields:
            others = json.dumps({other: body[other] for other in body if other != name})[1:-1]
            content = ", ".join(filter(None, [others, f'"{name}": {odd}']))
            bodies.append(("POST", f"{path}/bulk", "[{" + content + "}]"))
        for method, where, sent in bodies:
            response = client.request(method, where, content=sent.encode(), headers=JSON)
            assert response.status_code < 500, (method, where, sent, response.text)
    for odd in ("%00", "%ed%a0%bd", "%ff", "1e5", "9" * 100, "x" * 5_000):
        assert client.get(f"{path}/{odd}").status_code in (404, 422)


def test_odd_parameters(client: TestClient) -> None:
    """Of those that take the same values, one is tried."""
    parameters = {
        json.dumps(parameter["schema"] | {"title": ""}): (path, parameter["name"])
        for path, operations in client.get("/openapi.json").json()["paths"].items()
        for parameter in operations.get("get", {}).get("parameters", [])
        if parameter["in"] == "query" and "{" not in path
    }
    for path, name in parameters.values():
        for odd in ODD:
            value = json.loads(odd)
            if isinstance(value, str):
                value = value.encode(errors="surrogatepass").decode(errors="replace")
            text = str(value)[:2000]
            for sent in (text, [text, text]):
                response = client.get(path, params={name: sent})
                assert response.status_code < 500, (path, name, odd, response.text)
