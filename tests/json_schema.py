"""template/docs/schema.schema.json, as editors apply it to schema.yml."""

import json
from datetime import date
from typing import Any

from jsonschema import Draft7Validator, Draft202012Validator

from tests.rendering import REPOSITORY

TEXT = (REPOSITORY / "template" / "docs" / "schema.schema.json").read_text(encoding="utf-8")
SCHEMA: dict[str, Any] = json.loads(TEXT)
PARTS: dict[str, dict[str, Any]] = SCHEMA["$defs"]

VALIDATOR = Draft202012Validator(SCHEMA)
# Some editors know draft 7 only: they must come to the same results.
VALIDATORS = [VALIDATOR, Draft7Validator(SCHEMA)]


def accepts(domain: Any) -> bool:
    """Return whether the JSON Schema accepts a schema.yml."""
    newest, *older = [validator.is_valid(domain) for validator in VALIDATORS]
    assert older == [newest]
    return newest


def accepts_entities(entities: Any) -> bool:
    """Return whether it accepts the answer `entities`, which may have dates: JSON has text."""
    return accepts({"entities": _without_dates(entities)})


def _without_dates(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_dates(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_without_dates(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value
