"""Odd values: whatever a field is sent, the answer is no failure of the server."""

import importlib
import json
import pkgutil

import pytest
from fastapi.testclient import TestClient

from tests import factories

MODULES = [module.name for module in pkgutil.iter_modules(factories.__path__)]

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


@pytest.mark.parametrize("module", MODULES)
def test_odd_values(client: TestClient, module: str) -> None:
    factory = importlib.import_module(f"tests.factories.{module}")
    entity = next(name for name in vars(factory) if name.startswith("new_")).removeprefix("new_")
    payload = getattr(factory, f"new_{entity}")(client)
    row = getattr(factory, f"create_{entity}")(client)
    openapi = client.get("/openapi.json").json()
    path = next(
        path
        for path, operations in openapi["paths"].items()
        if operations.get("post", {}).get("operationId", "").endswith(f"-create_{entity}")
    )
    for method, where in [("POST", path), ("PATCH", f"{path}/{row['id']}")]:
        others = payload if method == "POST" else {}
        for field in payload:
            rest = json.dumps({name: payload[name] for name in others if name != field})
            for odd in ODD:
                content = rest.replace("{", '{"' + field + '": ' + odd + ", ", 1)
                content = content.replace(", }", "}")
                response = client.request(method, where, content=content.encode(), headers=JSON)
                assert response.status_code < 500, (method, where, content, response.text)
    for parameter in openapi["paths"][path]["get"]["parameters"]:
        for odd in ODD:
            value = json.loads(odd)
            if isinstance(value, str):
                value = value.encode(errors="surrogatepass").decode(errors="replace")
            response = client.get(path, params={parameter["name"]: str(value)[:2000]})
            assert response.status_code < 500, (path, parameter["name"], odd, response.text)
    for odd in ("%00", "%ed%a0%bd", "%ff", "1e5", "9" * 100, "x" * 5_000):
        assert client.get(f"{path}/{odd}").status_code in (404, 422)
