"""Lay the Copier tree out as Cookiecutter expects it.

Cookiecutter runs this first, in a temporary copy of the repository. The folder that it renders must
be named after an answer; naming it through `checked` validates all answers before anything is
written (hooks/cookiecutter_adapter.py). Includes and examples move to where Cookiecutter's loader
finds them under the names that Copier uses.
"""

from pathlib import Path

repository = Path.cwd()
(repository / "template").rename(repository / "{{ checked(cookiecutter).project_slug }}")
(repository / "templates").mkdir()
(repository / "includes").rename(repository / "templates" / "includes")
(repository / "examples").rename(repository / "templates" / "examples")
