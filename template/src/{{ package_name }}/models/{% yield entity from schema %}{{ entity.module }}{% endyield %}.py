{% from "includes/python.jinja" import call, class_line, import_from, tuple with context %}
{% from "includes/quote.jinja" import python_string %}
{% macro field(column, default, arguments) %}
{% set annotation = column.type ~ (" | None" if column.optional else "") %}
{% set arguments = (["default=" ~ default] if default else []) + arguments %}
{% if arguments %}
{{ call(column.name ~ ": " ~ annotation ~ " = Field", arguments, "    ") }}
{% else %}
    {{ column.name }}: {{ annotation }}
{% endif %}
{% endmacro %}
"""{{ entity.class }}: a table and the layers in which the API shows it."""

{% if entity.enums %}
import enum
{% endif %}
{% if entity.imports.typing %}
from typing import {{ entity.imports.typing | join(", ") }}
{% endif %}
{% if entity.enums or entity.imports.typing %}

{% endif %}
{% if entity.imports.pydantic %}
from pydantic import {{ entity.imports.pydantic | join(", ") }}
{% endif %}
{% if entity.imports.sqlalchemy %}
from sqlalchemy import {{ entity.imports.sqlalchemy | join(", ") }}
{% endif %}
from sqlmodel import {{ entity.imports.sqlmodel | join(", ") }}

{{ import_from(package_name ~ ".models.base", entity.imports.base) }}
{% if entity.imported %}

if TYPE_CHECKING:
{% for other in entity.imported %}
{{ import_from(package_name ~ ".models." ~ other.module, [other.class], "    ") }}
{% endfor %}
{% endif %}
{% for enum in entity.enums %}


class {{ enum.class }}(enum.StrEnum):
    """The values of `{{ enum.title }}`."""

{% for member in enum.members %}
    {{ member.name }} = {{ python_string(member.value) }}
{% endfor %}
{% endfor %}


{{ class_line(entity.class ~ "Base", ["SQLModel"]) }}
    """What clients send and see."""
{% for column in entity.columns if "base" in column.layers %}
{% if loop.first %}

{% endif %}
{{ field(column, column.default, column.rules + column.storage) -}}
{% endfor %}
{% for link in entity.links %}
{% set target = schema | selectattr("name", "equalto", link.target) | first %}


{{ class_line(link.class, ["SQLModel", "table=True"]) }}
    """Which {{ target.title_plural }} belong to which {{ entity.title }}."""

    __tablename__ = "{{ link.table }}"
    __table_args__ = (Index(None, "{{ link.right }}", "{{ link.left }}"),)

{% for name, referenced in [(link.left, entity), (link.right, target)] %}
    {{ name }}: Identifier = Field(
        primary_key=True,
        foreign_key="{{ referenced.table }}.id",
        ondelete="CASCADE",
{% if primary_key == "bigint" %}
        sa_type=BigInteger,
{% endif %}
    )
{% endfor %}
{% endfor %}


{% set mixins = ["SoftDeleted"] if entity.soft_delete else [] %}
{% set mixins = mixins + (["Timestamped"] if entity.timestamps else []) + ["Identified"] %}
{{ class_line(entity.class, [entity.class ~ "Base"] + mixins + ["table=True"]) }}
    """A row of `{{ entity.table }}`."""

    __tablename__ = "{{ entity.table }}"
{% if entity.table_args %}
{{ tuple("__table_args__ = ", entity.table_args, "    ") }}
{% endif %}
{% for column in entity.columns if "table" in column.layers %}
{% if loop.first %}

{% endif %}
{{ field(column, column.default, column.rules + column.storage) -}}
{% endfor %}
{% for relationship in entity.relationships %}

    {{ relationship.name }}: {{ relationship.annotation }} = Relationship(
        back_populates="{{ relationship.back_populates }}",
        sa_relationship_kwargs={
{% for key, value in relationship.arguments %}
            "{{ key }}": "{{ value }}",
{% endfor %}
        },
    )
{% endfor %}


{{ class_line(entity.class ~ "Create", [entity.class ~ "Base", "Strict"]) }}
    """What a client sends to create a {{ entity.title }}."""
{% for column in entity.columns if "create" in column.layers %}
{% if loop.first %}

{% endif %}
{{ field(column, column.default, column.rules) -}}
{% endfor %}


{{ class_line(entity.class ~ "Read", [entity.class ~ "Base"]) }}
    """What a client sees of a {{ entity.title }}."""

    id: Identifier
{% for column in entity.columns if "read" in column.layers %}
{{ field(column, none, column.rules) -}}
{% endfor %}
{% if entity.timestamps %}
    created_at: AwareDatetime
    updated_at: AwareDatetime
{% endif %}


{{ class_line(entity.class ~ "Update", ["Strict"]) }}
    """What a client sends to change a {{ entity.title }}; what it leaves out stays as it is."""
{% for column in entity.columns if "update" in column.layers %}
{% if loop.first %}

{% endif %}
{{ field(column, "None", column.rules) -}}
{% endfor %}
