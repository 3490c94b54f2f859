{% from "includes/python.jinja" import call, class_line, fit, import_from with context %}
"""What clients may ask of {{ entity.title_plural }}: filters, orders, related rows."""

{% if entity.query_imports_builtins %}
import builtins
{% endif %}
{% if entity.query_imports_datetime %}
import datetime as dt
{% endif %}
{% if entity.query_imports.decimal %}
from decimal import Decimal
{% endif %}
from typing import {{ "Annotated, " if entity.query or entity.includes }}Literal
{% if entity.query_imports.uuid %}
from uuid import UUID
{% endif %}

{% if entity.query_imports.pydantic %}
from pydantic import {{ entity.query_imports.pydantic | join(", ") }}

{% endif %}
{% if entity.query %}
from {{ package_name }}.data.filters import Filter
{% endif %}
{% if entity.includes %}
{{ import_from(package_name ~ ".data.includes", entity.query_imports.includes) }}
{% endif %}
{{ import_from(package_name ~ ".data.pages", entity.query_imports.pages) }}
{% if entity.links %}
from {{ package_name }}.data.references import Link
{% endif %}
from {{ package_name }}.data.repository import Repository
{% for model in entity.query_models %}
{{ import_from(package_name ~ ".models." ~ model.module, model.names) }}
{% endfor %}
{% if entity.includes %}

{{ fit({"open": entity.class ~ "Relation = Literal[", "items": entity.relation_names, "close": "]"}) }}


{{ class_line(entity.shown, [entity.class ~ "Read"]) }}
    """What a client sees of {{ entity.a_title }}, with the relations that it asks for."""

{% for include in entity.includes %}
{{ fit({"open": include.name ~ ": Annotated[", "items": [include.annotation, include.include], "close": "]"}, "    ", " = NOT_INCLUDED") }}
{% endfor %}
{% endif %}


{{ class_line(entity.class ~ "Query", ["PageQuery"] + (["IncludeQuery[" ~ entity.class ~ "Relation]"] if entity.includes else [])) }}
    """Which {{ entity.title_plural }} to list: those that match every filter given."""

{{ fit({"open": "sort: Literal[", "items": entity.sorts, "close": "]"}, "    ", " = NEWEST_FIRST") }}
{% for filter in entity.query %}
{{ fit({"open": filter.name ~ ": Annotated[", "items": [filter.type ~ " | None", filter.filter], "close": "]"}, "    ", " = None") }}
{% endfor %}


{% for link in entity.links %}
{{ call(link.name ~ "_link = Link", [link.class ~ "." ~ link.left, link.class ~ "." ~ link.right]) }}
{% endfor %}
{{ call(entity.repository ~ " = Repository", [entity.class, entity.shown] + entity.repository_links) }}
