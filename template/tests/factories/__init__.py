{% set patterned = schema | selectattr("patterns") | list %}
"""Rows for tests, made through the API: one module per entity."""

from itertools import count
{% if patterned %}

import rstr
{% endif %}

# Makes values that must be unique.
numbers = count(1)


def text(number: int, min_length: int, max_length: int) -> str:
    """Return text of an allowed length that differs from number to number, as far as it can."""
    return str(number).rjust(min_length, "x")[-max_length:]
{% if patterned %}


def matching(pattern: str, min_length: int, max_length: int) -> str:
    """Return random text of an allowed length that matches the pattern."""
    for _ in range(1000):
        candidate = rstr.xeger(pattern)
        if min_length <= len(candidate) <= max_length:
            return candidate
    raise ValueError(f"nothing of {min_length} to {max_length} characters matches {pattern!r}")
{% endif %}
