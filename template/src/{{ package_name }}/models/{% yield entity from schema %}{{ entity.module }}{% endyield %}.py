{% from "includes/python.jinja" import annotated, assigned, class_line, fit, import_from, tuple with context %}
{% from "includes/quote.jinja" import python_string %}
{% macro fields(layer) -%}
{% for field in entity.layers[layer] -%}
{{ annotated(field.name, field.annotation, {"open": "Field(", "items": field.args, "close": ")"} if field.args else "") }}
{%- if not loop.last %}

{% endif %}
{%- endfor %}
{%- endmacro %}
"""{{ entity.class }}: a table and the layers in which the API shows it."""

{% if entity.imports_builtins %}
import builtins
{% endif %}
{% if entity.imports_datetime %}
import datetime as dt
{% endif %}
{% if entity.enums %}
import enum
{% endif %}
{% for module in ["decimal", "typing", "uuid"] if entity.imports[module] %}
from {{ module }} import {{ entity.imports[module] | join(", ") }}
{% endfor %}
{% if entity.imports_standard %}

{% endif %}
{% for module, path in [
  ("pydantic", "pydantic"),
  ("sqlalchemy", "sqlalchemy"),
  ("postgresql", "sqlalchemy.dialects.postgresql"),
  ("sqlmodel", "sqlmodel"),
] if entity.imports[module] %}
{{ import_from(path, entity.imports[module]) }}
{% endfor %}

{{ import_from(package_name ~ ".models.base", entity.imports.base) }}
{% if entity.imported %}

if TYPE_CHECKING:
{% for other in entity.imported %}
{{ import_from(package_name ~ ".models." ~ other.module, [other.class], "    ") }}
{% endfor %}
{% endif %}
{% for enum in entity.enums %}


{{ class_line(enum.class, ["enum.StrEnum"]) }}
    """The values of `{{ enum.field }}`."""

{% for member in enum.members %}
{{ assigned(member.name, python_string(member.value)) }}
{% endfor %}
{% endfor %}
{% for pattern in entity.patterns %}
{% if loop.first %}
{{ "\n" if entity.enums }}
{% endif %}
{{ fit({
  "open": pattern.class ~ " = Annotated[",
  "items": ["str", {"open": "matching(", "items": [pattern.where, pattern.pattern], "close": ")"}],
  "close": "]",
}) }}
{% endfor %}


{{ class_line(entity.class ~ "Base", ["SQLModel"]) }}
    """What clients send and see."""
{% if entity.layers.base %}

{{ fields("base") }}
{% endif %}
{% for link in entity.links %}
{% set target = schema | selectattr("name", "equalto", link.target) | first %}


{{ class_line(link.class, ["SQLModel", "table=True"]) }}
    """Which {{ target.title_plural }} belong to which {{ entity.title }}."""

    __tablename__ = "{{ link.table }}"
{{ tuple("__table_args__ = ", link.table_args, "    ") }}

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
{% if entity.layers.table or entity.search %}

{% endif %}
{% if entity.layers.table %}
{{ fields("table") }}
{% endif %}
{% if entity.search %}
{% set words = [] %}
{% for name in entity.search.fields %}
{% set _ = words.append('"' ~ name ~ '"') %}
{% endfor %}
{% set words = words + ['language="' ~ entity.search.language ~ '"'] %}
{{ annotated("search_vector", "str | None", {"open": "search_field(", "items": words, "close": ")"}) }}
{% endif %}
{% for relationship in entity.relationships %}

{{ annotated(relationship.name, relationship.type, relationship.value) }}
{% endfor %}


{{ class_line(entity.class ~ "Create", [entity.class ~ "Base", "Strict"]) }}
    """What a client sends to create {{ entity.a_title }}."""
{% if entity.layers.create %}

{{ fields("create") }}
{% endif %}


{{ class_line(entity.class ~ "Read", [entity.class ~ "Base", "Compiled"]) }}
    """What a client sees of {{ entity.a_title }}."""

{{ fields("read") }}


{{ class_line(entity.class ~ "Update", ["Strict"]) }}
    """What a client sends to change {{ entity.a_title }}; what it leaves out stays as it is."""
{% if entity.layers["update"] %}

{{ fields("update") }}
{% endif %}
