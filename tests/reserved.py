"""The names in includes/reserved.jinja."""

from typing import Any

from jinja2 import Environment, FileSystemLoader

from tests.rendering import REPOSITORY

RESERVED: Any = (
    Environment(loader=FileSystemLoader(REPOSITORY))
    .get_template("includes/reserved.jinja")
    .make_module()
)
