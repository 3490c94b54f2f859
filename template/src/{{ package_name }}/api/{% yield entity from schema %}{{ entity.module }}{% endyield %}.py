{% import "includes/concurrency.jinja" as c with context %}
{% from "includes/python.jinja" import call, class_line, fit, import_from with context %}
{% set key = entity.name ~ "_id" %}
{% set path = "{" ~ key ~ "}" %}
"""Endpoints for {{ entity.title_plural }}."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Query, status

{% if entity.includes %}
from {{ package_name }}.data.includes import IncludeQuery
{% endif %}
from {{ package_name }}.data.pages import Page
{% if entity.reference_names %}
{{ import_from(package_name ~ ".data.references", entity.reference_names) }}
{% endif %}
from {{ package_name }}.http.bulk import Identifiers, Many
{{ import_from(package_name ~ ".http.dependencies", ["ReadSession", "SingleWriteSession"]) }}
{{ import_from(package_name ~ ".http.errors", [
  "BAD_REQUEST", "CONFLICT", "NOT_FOUND", "NOT_MODIFIED", "PRECONDITION_FAILED",
]) }}
from {{ package_name }}.http.router import Router
from {{ package_name }}.http.versions import NewVersion, RowVersion
{% for model in entity.api_models %}
{{ import_from(package_name ~ ".models." ~ model.module, model.names) }}
{% endfor %}
{% for query in entity.api_queries %}
{{ import_from(package_name ~ ".queries." ~ query.module, query.names) }}
{% endfor %}

{% set served = ['prefix="/' ~ entity.path ~ '"', 'tags=["' ~ entity.title_plural ~ '"]'] %}
{{ call("router = Router", served) }}
{% for collection in entity.own_references %}
{{ call(collection.reference ~ " = " ~ collection.reference_class, collection.reference_columns) }}
{% endfor %}


@router.get("")
{{ c.async_ }}def list_{{ entity.plural }}(
    session: ReadSession,
    query: Annotated[{{ entity.class }}Query, Query()],
) -> Page[{{ entity.shown }}]:
    """List {{ entity.title_plural }}, newest first if no other order is asked for."""
{{ call("return " ~ c.await_ ~ entity.repository ~ ".page", ["session", "query"], "    ") }}


@router.post("", status_code=status.HTTP_201_CREATED, responses=BAD_REQUEST | CONFLICT)
{{ c.async_ }}def create_{{ entity.name }}(
    session: SingleWriteSession,
    data: {{ entity.class }}Create,
    version: NewVersion,
) -> {{ entity.class }}Read:
    """Create {{ entity.a_title }}."""
{{ call("return " ~ c.await_ ~ entity.repository ~ ".create", ["session", "data", "version"], "    ") }}


@router.post(
    "/bulk",
    status_code=status.HTTP_201_CREATED,
    responses=BAD_REQUEST | CONFLICT,
    response_model=list[{{ entity.class }}Read],
)
{{ c.async_ }}def create_many_{{ entity.plural }}(
    session: SingleWriteSession,
    data: Many[{{ entity.class }}Create],
) -> Sequence[{{ entity.class }}Read]:
    """Create several {{ entity.title_plural }}, all or none, and return them in the same order."""
{{ call("return " ~ c.await_ ~ entity.repository ~ ".create_many", ["session", "data"], "    ") }}


{{ call("@router.get", ['"/' ~ path ~ '"', "responses=NOT_FOUND | NOT_MODIFIED | PRECONDITION_FAILED"]) }}
{{ c.async_ }}def read_{{ entity.name }}(
    session: ReadSession,
    {{ key }}: Identifier,
{% if entity.includes %}
    query: Annotated[IncludeQuery[{{ entity.class }}Relation], Query()],
{% endif %}
    version: RowVersion,
) -> {{ entity.shown }}:
    """Read {{ entity.a_title }}."""
{% set shown_with = ["include=query.include"] if entity.includes else [] %}
{{ call("return " ~ c.await_ ~ entity.repository ~ ".get", ["session", key, "version"] + shown_with, "    ") }}
{# What other entities add stands before what is always there: code that users append still merges. #}
{% for collection in entity.collections %}


{{ call("@router.get", ['"/' ~ path ~ "/" ~ collection.path ~ '"', "responses=NOT_FOUND"]) }}
{{ c.async_ }}def list_{{ collection.name }}_of_{{ entity.name }}(
    session: ReadSession,
    {{ key }}: Identifier,
    query: Annotated[{{ collection.query }}, Query()],
) -> Page[{{ collection.shown }}]:
    """List the {{ collection.title }} of {{ entity.a_title }}, newest first if no other order is asked for."""
{{ call("belonging = " ~ collection.reference ~ ".rows_of", [key], "    ") }}
{{ call("page = " ~ c.await_ ~ collection.repository ~ ".page", ["session", "query", "belonging"], "    ") }}
    if not page.items:  # is there such {{ entity.a_title }} at all?
{{ call(c.await_ ~ entity.repository ~ ".get", ["session", key], "        ") }}
    return page
{% if collection.direction == "rights" %}
{% for verb, method, effect in [("put", "add", "Link"), ("delete", "remove", "Unlink")] %}


@router.{{ verb }}(
    "/{{ path }}/{{ collection.path }}/{{ "{" ~ collection.link.right ~ "}" }}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=NOT_FOUND,
)
{{ c.async_ }}def {{ effect | lower }}_{{ collection.name }}_of_{{ entity.name }}(
    session: SingleWriteSession,
    {{ key }}: Identifier,
    {{ collection.link.right }}: Identifier,
) -> None:
    """{{ effect }} one of the {{ collection.title }} {{ "to" if verb == "put" else "from" }} {{ entity.a_title }}."""
{{ call(c.await_ ~ collection.name ~ "_link." ~ method, ["session", key, collection.link.right], "    ") }}
{% endfor %}
{% endif %}
{% endfor %}


{{ call("@router.patch", ['"/' ~ path ~ '"', "responses=BAD_REQUEST | NOT_FOUND | CONFLICT | PRECONDITION_FAILED"]) }}
{{ c.async_ }}def update_{{ entity.name }}(
    session: SingleWriteSession,
    {{ key }}: Identifier,
    data: {{ entity.class }}Update,
    version: RowVersion,
) -> {{ entity.class }}Read:
    """Change the fields that are sent; the others stay as they are."""
{{ call("return " ~ c.await_ ~ entity.repository ~ ".update", ["session", key, "data", "version"], "    ") }}


@router.delete(
    "/{{ path }}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=NOT_FOUND | CONFLICT | PRECONDITION_FAILED,
)
{{ c.async_ }}def delete_{{ entity.name }}(
    session: SingleWriteSession,
    {{ key }}: Identifier,
    version: RowVersion,
) -> None:
    """{{ "Mark a " ~ entity.title ~ " as deleted; it can be restored." if entity.soft_delete else "Delete a " ~ entity.title ~ "." }}"""
{{ call(c.await_ ~ entity.repository ~ ".delete", ["session", key, "version"], "    ") }}


@router.post(
    "/bulk/delete",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=BAD_REQUEST | NOT_FOUND | CONFLICT,
)
{{ c.async_ }}def delete_many_{{ entity.plural }}(
    session: SingleWriteSession,
    data: Identifiers,
) -> None:
    """{{ "Mark" if entity.soft_delete else "Delete" }} several {{ entity.title_plural }}{{ " as deleted" if entity.soft_delete }}, all or none."""
{{ call(c.await_ ~ entity.repository ~ ".delete_many", ["session", "data.ids"], "    ") }}
{% if entity.soft_delete %}


{{ call("@router.post", ['"/' ~ path ~ '/restore"', "responses=NOT_FOUND | CONFLICT"]) }}
{{ c.async_ }}def restore_{{ entity.name }}(
    session: SingleWriteSession,
    {{ key }}: Identifier,
    version: NewVersion,
) -> {{ entity.class }}Read:
    """Take back the deletion of {{ entity.a_title }}."""
{{ call("return " ~ c.await_ ~ entity.repository ~ ".restore", ["session", key, "version"], "    ") }}
{% endif %}
