{% from "includes/python.jinja" import class_line, fit, import_from with context %}
"""What clients can do with {{ entity.title_plural }}."""

{{ import_from("tests.api.scenarios", entity.test.scenarios) }}
{% for resource in entity.test.resources %}
{{ import_from("tests.resources." ~ resource.module, [resource.name]) }}
{% endfor %}
{% for class in entity.test.classes %}


{{ class_line(class.name, class.bases) }}
{% for attribute in class.attributes %}
{{ fit(attribute, "    ") }}
{% endfor %}
{% endfor %}
