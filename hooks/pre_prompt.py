"""Lay the Copier tree out as Cookiecutter expects it.

Cookiecutter runs this first, in a temporary copy of the repository. The folder that it renders must
be named after an answer; naming it through `checked` validates all answers before anything is
written (hooks/cookiecutter_adapter.py). Includes move to where Cookiecutter's loader finds them
under the name that Copier uses.
"""

import json
from pathlib import Path

repository = Path.cwd()
(repository / "template").rename(repository / "{{ checked(cookiecutter).project_slug }}")
(repository / "templates").mkdir()
(repository / "includes").rename(repository / "templates" / "includes")

questions_file = repository / "cookiecutter.json"
questions = json.loads(questions_file.read_text(encoding="utf-8"))
questions["entities"] = (repository / "examples" / "blog.yml").read_text(encoding="utf-8")
questions_file.write_text(json.dumps(questions), encoding="utf-8")
