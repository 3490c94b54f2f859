{% from "includes/python.jinja" import call, fit, import_from with context %}
"""Makes {{ entity.title_plural }}."""

{% if entity.test.decimal %}
from decimal import Decimal
{% endif %}
from typing import Any

from fastapi.testclient import TestClient

{% for parent in entity.test.parents %}
{{ import_from("tests.factories." ~ parent, ["create_" ~ parent]) }}
{% endfor %}
{% if entity.test.helpers %}
{{ import_from("tests.values", entity.test.helpers) }}
{% endif %}
{% if entity.test.helpers or entity.test.parents %}

{% endif %}

def new_{{ entity.name }}(client: TestClient) -> dict[str, Any]:
    """Return a valid body for a new {{ entity.title }}; what it must refer to is created."""
{% if entity.test.numbered %}
    number = next(numbers)
{% endif %}
{% if entity.test.payload %}
    return {
{% for item in entity.test.payload %}
{{ fit(item, "        ", ",") }}
{% endfor %}
    }
{% else %}
    return {}
{% endif %}


{{ call("def create_" ~ entity.name, ["client: TestClient", "/", "**changes: Any"], "", " -> dict[str, Any]:") }}
    """Create {{ entity.a_title }} and return it as the API shows it."""
    payload = new_{{ entity.name }}(client) | changes
    response = client.post("/{{ entity.path }}", json=payload)
    assert response.status_code == 201, response.text
    created: dict[str, Any] = response.json()
    return created
