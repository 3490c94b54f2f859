"""Mistakes in a domain: each is reported, all at once and in words that say what is allowed."""

from copy import deepcopy
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.mistakes import MISTAKES, Mistake
from tests.rendering import REPOSITORY
from tests.validation import problems

DOCUMENT = REPOSITORY / "docs" / "mistakes.md"


@pytest.mark.parametrize("mistake", [row for rows in MISTAKES.values() for row in rows], ids=str)
def test_mistake(mistake: Mistake) -> None:
    assert problems(yaml.safe_load(mistake.schema)) == mistake.lines


VALID = [
    # Names that mean something in Python or SQL, but are in nobody's way.
    "{order: {fields: {list: str, type: str, date: date, user: str, text: text, id_: str}}}",
    "{car: {relations: {model: {to: model}}}, model: {fields: {name: str}}}",
    f"{{a{'1' * 39}: {{fields: {{b{'_2' * 19}_: str}}}}}}",
    # Null counts as left out.
    "{post: {fields: {title: {type: str, default: , description: }}, relations: , indexes: , "
    "unique: , description: , plural: }}",
    "{post: {fields: {title: str}, relations: {parent: {to: post, optional: true, inverse: }}}}",
    "{post: {fields: {title: str}, relations: {}, indexes: [], unique: []}}",
    # Bounds with exactly one value between them, and at the limits of the type.
    "{post: {fields: {a: {type: int, gt: 1, lt: 3}, b: {type: int, ge: 2, le: 2, default: 2}}}}",
    "{post: {fields: {a: {type: int, ge: -2147483648, le: 2147483647}}}}",
    "{post: {fields: {a: {type: float, gt: 1, lt: 1.5, default: 1.25}, b: {type: float, ge: 0}}}}",
    "{post: {fields: {a: {type: decimal, precision: 4, scale: 2, gt: -100, lt: 100}}}}",
    "{post: {fields: {a: {type: decimal, precision: 3, scale: 1, gt: 0.1, lt: 0.3}}}}",
    "{post: {fields: {a: {type: decimal, precision: 3, default: 999}}}}",
    "{post: {fields: {a: {type: decimal, gt: 0.1, lt: 0.2, default: 0.15}}}}",
    # Defaults, in quotes and as dates of YAML.
    '{post: {fields: {a: {type: date, default: "2024-02-29"}, b: {type: date, default: 2026-01-31}}}}',
    '{post: {fields: {a: {type: datetime, default: "2026-01-31T12:30:00.5+05:30"}}}}',
    "{post: {fields: {a: {type: datetime, default: 2026-01-31T12:30:00Z}}}}",
    '{post: {fields: {a: {type: time, default: "12:30"}, b: {type: time, default: "23:59:59"}}}}',
    "{post: {fields: {a: {type: uuid, default: 0190a5d0-0000-7000-8000-00000000000a}}}}",
    "{post: {fields: {a: {type: json, default: {}}, b: {type: json, default: []}}}}",
    "{post: {fields: {a: {type: bool, default: false, optional: true, access: internal}}}}",
    "{post: {fields: {a: {type: enum, values: [to do, größe, name, None], default: to do}}}}",
    # Relations.
    "{user: {relations: {friends: {to: user, kind: many_to_many}}}}",
    "{post: {relations: {next: {to: post, kind: one_to_one, inverse: previous, optional: true}}}}",
    "{post: {relations: {user: {to: user}}}, user: {relations: {post: {to: post, optional: true}}}}",
    # Lists of columns.
    "{post: {soft_delete: true, fields: {a: int, b: int}, relations: {user: {to: user}}, "
    "indexes: [[user, -created_at], [a, -b], [deleted_at, id]], unique: [[b, user]]}, "
    "user: {fields: {name: str}}}",
    "{post: {soft_delete: true, fields: {a: {type: str, optional: true}, b: {type: enum, values: [c, d]}, "
    "e: {type: json, optional: true}, f: bool, g: int, h: email}, relations: {user: {to: user, optional: true}}, "
    "indexes: [{columns: [a, -b], where: {b: [c, d], f: false, g: -1, user: null}, include: [e, user], why: x}, "
    '{columns: [a, -b], where: {b: c}}, {columns: [a, -b], where: {e: {not: null}, a: "it\'s"}}, '
    "{columns: [e], using: gin}, {columns: [e], using: gin, where: {deleted_at: null}}, "
    "{columns: [lower(h)], unique: true}, [lower(a), -lower(h)], {columns: [g], unique: true, where: {f: true}}, "
    "{columns: [h], unique: false, include: [a]}], search: {fields: [a], language: simple}}, "
    "user: {fields: {name: str}, search: [name]}}",
    # Names that are taken only where something is searched or filtered.
    "{post: {fields: {search_vector: str, q: str, sort: int, include: json}, search: }}",
    # What is unique may have room for few rows, or for one.
    "{post: {fields: {a: {type: bool, unique: true}, b: {type: enum, values: [c], unique: true}}}}",
    "{post: {fields: {a: {type: int, ge: 1, le: 1, unique: true}}}}",
    "{post: {fields: {a: {type: int, gt: 2147483646, unique: true}}}}",
    "{post: {fields: {a: {type: decimal, precision: 1, scale: 1, gt: 0.8, unique: true}}}}",
    "{post: {fields: {a: {type: float, ge: 0.5, le: 0.5, unique: true}}}}",
    "{post: {fields: {a: {type: str, max_length: 1, unique: true}}}}",
    "{post: {fields: {a: {type: int, default: 0, access: read_only}}, unique: [[a]]}}",
    "{post: {fields: {a: {type: int, optional: true, access: internal}}, unique: [[a]]}}",
    "{post: {fields: {a: bool, b: bool}, relations: {parent: {to: post, optional: true}}, "
    "unique: [[a, b], {columns: [parent, a], nulls: distinct}]}}",
    "{post: {fields: {a: bool}, relations: {parent: {to: post, optional: true}}, unique: [[parent]]}}",
    "{post: {fields: {a: {type: int, optional: true}}, relations: {parent: {to: post, optional: true}}, "
    "unique: [[parent, a], {columns: [a, created_at], nulls: equal}]}}",
    # Filters: those of fields that clients do not see are none.
    "{post: {fields: {limit: {type: int, index: true, access: write_only}, offset: int}}}",
]


@pytest.mark.parametrize("schema", VALID)
def test_valid(schema: str) -> None:
    assert problems(yaml.safe_load(schema)) == []


@pytest.mark.parametrize("example", sorted(REPOSITORY.glob("examples/*.yml")), ids=str)
def test_examples_are_valid(example: Path) -> None:
    assert problems(yaml.safe_load(example.read_text())["entities"]) == []


LOOP: list[Any] = []
LOOP.append(LOOP)

JUNK: list[Any] = [
    *(None, True, -1, 1 << 20_000, 1.5, float("inf"), float("nan"), 5e-324),
    *("", "post", "many_to_many", "a\nb", "\ud800", "{{ x }}{%"),
    *([], {}, [["a", [1]]], {None: {}}, {"isoformat": 1}, LOOP),
    *(date(2026, 1, 31), datetime(2026, 1, 31), b"bytes", {"set"}, [("pair", 1)]),
]

EVERY_KEY = """
post:
  {description: x, plural: xs, soft_delete: true, timestamps: true, indexes: [[a, -b], {columns: [a, lower(c)],
  where: {d: a, c: [x, y], h: {not: null}}, include: [b], unique: true, why: x}],
  unique: [[b, c], {columns: [c, h], nulls: distinct}],
  search: {fields: [c], language: simple}, fields: {
    a: {type: int, ge: 0, lt: 9, default: 1, index: true, access: read_only},
    b: {type: decimal, precision: 4, scale: 2, gt: 0, le: 5, default: 1.5},
    c: {type: str, min_length: 1, max_length: 3, default: abc, optional: true},
    d: {type: enum, values: [a, b], default: a}, e: {type: date, default: 2026-01-31},
    f: {type: float, gt: 0, lt: 1}, g: {type: time, default: "12:30"}
  }, relations: {
    h: {to: post, optional: true, on_delete: set_null, inverse: i},
    j: {to: post, kind: many_to_many, inverse: k}
  }}
"""


@pytest.mark.parametrize("junk", JUNK, ids=lambda junk: type(junk).__name__)
def test_no_value_is_a_surprise(junk: Any) -> None:
    """Any value in any place, and as any name, is accepted or reported, each problem on a line."""
    domain = yaml.safe_load(EVERY_KEY)
    assert problems(domain) == []
    is_name = isinstance(junk, str | int | float | date | bytes | None)
    for path in paths(domain):
        for as_name in (False, True) if is_name and path else (False,):
            lines = problems(changed(deepcopy(domain), path, junk, as_name))
            assert all(line.isprintable() and ": " in line for line in lines)


Place = tuple[Any, ...]


def paths(value: Any, path: Place = ()) -> list[Place]:
    """Return the way to each value in a mapping or a list, and that to the whole."""
    found = [path]
    items = enumerate(value) if isinstance(value, list) else ()
    for key, item in value.items() if isinstance(value, dict) else items:
        found += paths(item, (*path, key))
    return found


def changed(value: Any, path: Place, junk: Any, as_name: bool) -> Any:
    """Put junk where a path leads: in the place of the value, or in that of its name."""
    if not path:
        return junk
    first, *rest = path
    if as_name and not rest and isinstance(value, dict):
        value[junk] = value.pop(first)
    else:
        value[first] = changed(value[first], tuple(rest), junk, as_name)
    return value


def test_document(pytestconfig: pytest.Config) -> None:
    """docs/mistakes.md shows the table; `pytest tests/test_mistakes.py --update-docs` writes it."""
    text = document()
    if pytestconfig.getoption("--update-docs"):
        DOCUMENT.write_text(text, encoding="utf-8")
    assert DOCUMENT.read_text(encoding="utf-8") == text


def document() -> str:
    """Return what docs/mistakes.md should be."""
    lines = [
        "# Mistakes",
        "",
        "What is refused in a [domain](schema-language.md), and in which words. All mistakes are "
        "reported at once, before anything is written.",
        "",
        "<!-- Written by `pytest tests/test_mistakes.py --update-docs`. -->",
    ]
    for section, mistakes in MISTAKES.items():
        lines += ["", f"## {section}", "", "| mistake | for example | message |"]
        lines += ["| --- | --- | --- |"]
        for mistake in mistakes:
            messages = "<br>".join(code(line) for line in mistake.lines)
            lines.append(f"| {mistake.title} | {code(mistake.schema)} | {messages} |")
    return "\n".join(lines) + "\n"


def code(text: str) -> str:
    """Return text as code in a cell of a Markdown table."""
    escaped = text.replace("|", "\\|")
    return f"`` {escaped} ``" if "`" in text else f"`{escaped}`"
