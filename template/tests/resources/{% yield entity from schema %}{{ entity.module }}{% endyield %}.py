{% from "includes/python.jinja" import call, import_from with context %}
"""{{ entity.title_plural | capitalize }}, for tests."""

{{ import_from(package_name ~ ".models." ~ entity.module, entity.test.models) }}
from tests.resources import Resource

{{ call(entity.name | upper ~ " = Resource", ['"/' ~ entity.path ~ '"'] + entity.test.models) }}
