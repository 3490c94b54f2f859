{% from "includes/python.jinja" import sorted_imports with context %}
{% set entity = schema | first %}
"""Models are made by their classes, as any others of Pydantic."""

from fastapi.testclient import TestClient

{{ sorted_imports([
  ["tests.factories." ~ entity.module, ["create_" ~ entity.name, "new_" ~ entity.name]],
  [package_name ~ ".models." ~ entity.module, [entity.class ~ "Create as Create"]],
  [package_name ~ ".models." ~ entity.module, [entity.class ~ "Read as Read"]],
]) }}


def test_models_are_made_by_their_classes(client: TestClient) -> None:
    sent = new_{{ entity.name }}(client)
    assert Create(**sent) == Create.model_validate(sent)
    seen = create_{{ entity.name }}(client)
    assert Read(**seen) == Read.model_validate(seen)
