{% from "includes/python.jinja" import call, sorted_imports with context %}
"""{{ entity.title_plural | capitalize }}, for tests."""

{{ sorted_imports([
  [package_name ~ ".models", [entity.module]],
  ["tests.resources", ["Resource"]],
]) }}

{{ call(entity.name | upper ~ " = Resource", ['"/' ~ entity.path ~ '"'] + entity.test.models) }}
