{% from "includes/python.jinja" import sorted_imports with context %}
{% set entity = schema | first %}
"""Models are made by their classes, as any others of Pydantic."""

{{ sorted_imports([
  ["tests.resources." ~ entity.module, [entity.name | upper ~ " as RESOURCE"]],
  ["tests.rows", ["Rows"]],
]) }}


def test_models_are_made_by_their_classes(rows: Rows) -> None:
    create, read = RESOURCE.create, RESOURCE.read
    sent = rows.body(RESOURCE)
    assert create(**sent) == create.model_validate(sent)
    seen = RESOURCE.shown(rows.make(RESOURCE.model))
    assert read(**seen) == read.model_validate(seen)
