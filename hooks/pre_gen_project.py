"""Expand Copier's `yield` file names, one file per entity, in the temporary copy of the repository.

Cookiecutter renders this script before it runs it, hence the Jinja. JSON inside JSON is the one form
in which an answer cannot become code.
"""

import json
import re
from pathlib import Path

repository = Path(json.loads({{ cookiecutter._repo_dir | tojson | tojson }}))
length = {{ schema | length }}

{% raw %}
YIELD = re.compile(r"{% yield entity from schema %}(.*){% endyield %}")

(template,) = repository.glob("*cookiecutter*project_slug*")
for path in [path for path in template.rglob("*") if YIELD.search(path.name)]:
    for index in range(length):
        select = f"{{% set entity = schema[{index}] %}}"
        name = select + YIELD.sub(r"\1", path.name)
        text = select + path.read_text(encoding="utf-8")
        path.with_name(name).write_text(text, encoding="utf-8")
    path.unlink()
{% endraw %}
