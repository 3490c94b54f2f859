{% set patterned = schema | selectattr("patterns") | list %}
"""Values for rows of tests."""

from itertools import count
{% if patterned %}

from rstr.xeger import Xeger
{% endif %}

# Makes values that must be unique.
numbers = count(1)


def text(number: int, min_length: int, max_length: int) -> str:
    """Return text of an allowed length that differs from number to number, as far as it can."""
    return str(number).rjust(min_length, "x")[-max_length:]
{% if patterned %}


class ShortText(Xeger):
    """Makes text that matches a pattern, with few repetitions where it allows any number."""

    def __init__(self) -> None:
        super().__init__()
        self.repetitions = 3

    def _handle_repeat(self, start_range: int, end_range: int, value: str) -> str:
        most = min(end_range, start_range + self.repetitions)
        return super()._handle_repeat(start_range, most, value)


# What `matching` has returned, by pattern: it returns something new as long as it finds it.
made: dict[str, set[str]] = {}


def matching(pattern: str, min_length: int, max_length: int) -> str:
    """Return random text of an allowed length that matches the pattern."""
    generator = ShortText()
    fitting = None
    for attempt in range(1000):
        candidate = generator.xeger(pattern)
        if min_length <= len(candidate) <= max_length:
            fitting = candidate
            if candidate not in made.setdefault(pattern, set()):
                break
        generator.repetitions = 3 + attempt // 10
    if fitting is None:
        raise ValueError(f"nothing of {min_length} to {max_length} characters fits {pattern!r}")
    made[pattern].add(fitting)
    return fitting
{% endif %}
