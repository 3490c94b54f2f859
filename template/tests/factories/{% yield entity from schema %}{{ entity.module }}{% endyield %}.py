{% from "includes/python.jinja" import call, import_from with context %}
"""Makes {{ entity.title_plural }}."""

{% if entity.test.decimal %}
from decimal import Decimal
{% endif %}
from typing import Any

from fastapi.testclient import TestClient

{% if entity.test.helpers %}
from tests.factories import {{ entity.test.helpers | join(", ") }}
{% endif %}
{% for parent in entity.test.parents %}
{{ import_from("tests.factories." ~ parent, ["create_" ~ parent]) }}
{% endfor %}
{% if entity.test.helpers or entity.test.parents %}

{% endif %}

def {{ entity.name }}_payload(client: TestClient) -> dict[str, Any]:
    """Return a valid body for a new {{ entity.title }}; what it must refer to is created."""
{% if entity.test.numbered %}
    number = next(numbers)
{% endif %}
{% if entity.test.payload %}
    return {
{% for value in entity.test.payload %}
        "{{ value.name }}": {{ value.python }},
{% endfor %}
    }
{% else %}
    return {}
{% endif %}


def create_{{ entity.name }}(client: TestClient, **changes: Any) -> dict[str, Any]:
    """Create a {{ entity.title }} and return it as the API shows it."""
{{ call("payload = " ~ entity.name ~ "_payload", ["client"], "    ", " | changes") }}
    response = client.post("/{{ entity.path }}", json=payload)
    assert response.status_code == 201, response.text
    created: dict[str, Any] = response.json()
    return created
