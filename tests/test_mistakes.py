"""Mistakes in a domain: each is reported, all at once and in words that say what is allowed."""

from copy import deepcopy
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.rendering import REPOSITORY, RefusedError, cookiecutter, copier
from tests.validation import problems

DOCUMENT = REPOSITORY / "docs" / "mistakes.md"


@dataclass(frozen=True)
class Mistake:
    """A schema, as YAML, and the lines that are reported of it."""

    title: str
    schema: str
    lines: list[str]

    def __str__(self) -> str:
        return self.title


FORM = (
    "is not usable. Allowed are lower-case letters, digits and single underscores between them; "
    "the first is a letter."
)
TYPES = (
    "Known are: str, text, int, float, decimal, bool, date, datetime, time, uuid, json, enum, "
    "email, url."
)
INT = "an integer from -2147483648 to 2147483647"
ROOM = "needs room for 1000 values, because tests number the rows that they make."

# By section of docs/mistakes.md.
MISTAKES = {
    "Shapes": [
        Mistake(
            "no entities",
            "{}",
            ["entities: a mapping of at least one entity is needed, each with its fields."],
        ),
        Mistake(
            "entities as a list",
            "[post]",
            ["entities: a mapping of at least one entity is needed, each with its fields."],
        ),
        Mistake(
            "an entity that is not a mapping",
            "{post: [title]}",
            ['post: a mapping with `fields` or `relations` is needed, not ["title"].'],
        ),
        Mistake(
            "an entity with nothing in it",
            "{post: }",
            ["post: a mapping with `fields` or `relations` is needed, not null."],
        ),
        Mistake(
            "an entity without fields and relations",
            "{post: {description: What a user publishes.}}",
            ["post: at least one field or relation is needed."],
        ),
        Mistake(
            "an unknown key of an entity",
            "{post: {fields: {title: str}, feilds: {body: text}}}",
            [
                'post: unknown key "feilds". Known are: fields, relations, description, plural, soft_delete, timestamps, indexes, unique.'
            ],
        ),
        Mistake(
            "fields as a list",
            "{post: {fields: [title]}}",
            ['post: `fields` has to be a mapping, not ["title"].'],
        ),
        Mistake(
            "relations as text",
            "{post: {relations: user}}",
            ['post: `relations` has to be a mapping, not "user".'],
        ),
        Mistake(
            "a switch of an entity that is text",
            '{post: {fields: {title: str}, soft_delete: "yes"}}',
            ['post: `soft_delete` has to be true or false, not "yes".'],
        ),
        Mistake(
            "a description that is a number",
            "{post: {fields: {title: str}, description: 7}}",
            ["post: `description` has to be text without control characters, not 7."],
        ),
        Mistake(
            "a description with control characters",
            '{post: {fields: {title: str}, description: "a\\u0007b"}}',
            ['post: `description` has to be text without control characters, not "a\\u0007b".'],
        ),
        Mistake(
            "a flat list of columns",
            "{post: {fields: {title: str}, indexes: [title]}}",
            [
                'post: `indexes` has to be a list of non-empty lists of names, such as [[a, b]], not ["title"].'
            ],
        ),
        Mistake(
            "an empty list of columns",
            "{post: {fields: {title: str}, unique: [[]]}}",
            [
                "post: `unique` has to be a list of non-empty lists of names, such as [[a, b]], not [[]]."
            ],
        ),
        Mistake(
            "a field that is neither type nor mapping",
            "{post: {fields: {title: }}}",
            ["post.title: a type or a mapping with `type` is needed, not null."],
        ),
        Mistake(
            "a field without a type",
            "{post: {fields: {title: {max_length: 5}}}}",
            [f"post.title: `type` is missing. {TYPES}"],
        ),
        Mistake(
            "an unknown type",
            "{post: {fields: {title: string}}}",
            [f'post.title: unknown type "string". {TYPES}'],
        ),
        Mistake(
            "a type that is not text",
            "{post: {fields: {title: {type: 5, max_length: none}}}}",
            [f"post.title: unknown type 5. {TYPES}"],
        ),
        Mistake(
            "an unknown key of a field",
            "{post: {fields: {title: {type: str, maxlength: 5}}}}",
            [
                'post.title: unknown key "maxlength". Known are: type, optional, default, index, unique, description, access, min_length, max_length, pattern.'
            ],
        ),
        Mistake(
            "a key of another type",
            "{post: {fields: {views: {type: int, max_length: 5}}}}",
            ["post.views: `max_length` is not for int. It is for: str, text, email, url."],
        ),
        Mistake(
            "keys of decimals on a float",
            "{post: {fields: {size: {type: float, precision: 4, scale: 2}}}}",
            [
                "post.size: `precision` is not for float. It is for: decimal.",
                "post.size: `scale` is not for float. It is for: decimal.",
            ],
        ),
        Mistake(
            "an unknown access",
            "{post: {fields: {title: {type: str, access: private}}}}",
            [
                'post.title: unknown access "private". Known are: read_write, create_only, read_only, write_only, internal.'
            ],
        ),
        Mistake(
            "a switch of a field that is a number",
            "{post: {fields: {title: {type: str, optional: 1}}}}",
            ["post.title: `optional` has to be true or false, not 1."],
        ),
        Mistake(
            "a relation that is not a mapping",
            "{post: {relations: {author: user}}, user: {fields: {name: str}}}",
            ['post.author: a mapping with `to` is needed, not "user".'],
        ),
        Mistake(
            "a relation that leads nowhere",
            "{post: {relations: {author: {optional: true}}}}",
            ["post.author: `to` is missing: the other entity."],
        ),
        Mistake(
            "an unknown key of a relation",
            "{post: {relations: {parent: {to: post, optional: true, nullable: true}}}}",
            [
                'post.parent: unknown key "nullable". Known are: to, kind, inverse, optional, on_delete, description.'
            ],
        ),
        Mistake(
            "an unknown kind",
            "{post: {relations: {parent: {to: post, kind: one_to_many}}}}",
            [
                'post.parent: unknown kind "one_to_many". Known are: many_to_one, one_to_one, many_to_many.'
            ],
        ),
        Mistake(
            "an unknown on_delete",
            "{post: {relations: {parent: {to: post, optional: true, on_delete: nothing}}}}",
            ['post.parent: unknown on_delete "nothing". Known are: restrict, cascade, set_null.'],
        ),
    ],
    "Names": [
        Mistake(
            "an entity in capitals", "{Post: {fields: {title: str}}}", [f"Post: this name {FORM}"]
        ),
        Mistake(
            "a name that is a number",
            "{1: {fields: {2026-01-31: str}}}",
            [f"1: this name {FORM}", f"1.2026-01-31: this name {FORM}"],
        ),
        Mistake(
            "a name that YAML reads as true or false",
            "{light: {fields: {on: bool}}}",
            [
                "light.true: this name is what YAML makes of yes, no, on, off, true and false: put it in quotes."
            ],
        ),
        Mistake(
            "a name with a hyphen",
            "{post: {fields: {sub-title: str}}}",
            [f"post.sub-title: this name {FORM}"],
        ),
        Mistake(
            "a name with two underscores in a row",
            "{post: {fields: {sub__title: str}}}",
            [f"post.sub__title: this name {FORM}"],
        ),
        Mistake(
            "an entity that ends with an underscore",
            "{post_: {fields: {title: str}}}",
            [f"post_: this name {FORM}"],
        ),
        Mistake(
            "a keyword of Python",
            "{class: {fields: {from: date}}}",
            [
                "class: this name is a keyword of Python.",
                "class.from: this name is a keyword of Python.",
            ],
        ),
        Mistake(
            "a name of more than 40 characters",
            "{post: {fields: {a23456789_123456789_123456789_123456789_1: str}}}",
            [
                "post.a23456789_123456789_123456789_123456789_1: this name is too long: at most 40 characters."
            ],
        ),
        Mistake(
            "a built-in column",
            "{post: {fields: {id: int, created_at: datetime, deleted_at: datetime}}}",
            [
                "post.id: this name is reserved: tables have a column of that name by themselves.",
                "post.created_at: this name is reserved: tables have a column of that name by themselves.",
                "post.deleted_at: this name is reserved: tables have a column of that name by themselves.",
            ],
        ),
        Mistake(
            "a column of PostgreSQL",
            "{post: {fields: {xmin: int}}}",
            [
                "post.xmin: this name is reserved: PostgreSQL adds a column of that name to each table."
            ],
        ),
        Mistake(
            "an attribute of SQLModel",
            "{post: {fields: {schema: str}, relations: {copy: {to: post, optional: true}}}}",
            [
                "post.schema: this name is reserved: SQLModel has an attribute of that name.",
                "post.copy: this name is reserved: SQLModel has an attribute of that name.",
            ],
        ),
        Mistake(
            "a prefix of Pydantic",
            "{car: {fields: {model_name: str}}}",
            [
                "car.model_name: this name is reserved: names that start with `model_` belong to Pydantic and SQLModel."
            ],
        ),
        Mistake(
            "a name that the generated code uses",
            "{post: {fields: {int: int, dt: date}}}",
            [
                "post.int: this name is reserved: the generated code uses it.",
                "post.dt: this name is reserved: the generated code uses it.",
            ],
        ),
        Mistake(
            "a module of the generated code",
            "{base: {fields: {title: str}}}",
            ["base: this name is reserved: the generated code has a module of that name."],
        ),
        Mistake(
            "a plural in capitals",
            "{post: {plural: Posts, fields: {title: str}}}",
            [f'post: the plural "Posts" {FORM}'],
        ),
        Mistake(
            "a plural with a path of the application",
            "{doc: {fields: {title: str}}}",
            [
                "doc: the path /docs is one that the application serves itself; set another `plural`."
            ],
        ),
        Mistake(
            "an inverse in the wrong form",
            "{post: {relations: {parent: {to: post, optional: true, inverse: Replies}}}}",
            [f'post.parent: its inverse "Replies" {FORM}'],
        ),
        Mistake(
            "an inverse that is reserved",
            "{post: {relations: {parent: {to: post, optional: true, inverse: json}}}}",
            [
                'post.parent: its inverse "json" is reserved: SQLModel has an attribute of that name.'
            ],
        ),
        Mistake(
            "a default inverse that is a keyword",
            "{a: {relations: {parent: {to: a, optional: true}}}}",
            ['a.parent: its inverse "as" is a keyword of Python. Set another `inverse`.'],
        ),
    ],
    "Fields": [
        Mistake(
            "an enum without values",
            "{post: {fields: {status: enum}}}",
            ["post.status: `values` is missing: a list of text."],
        ),
        Mistake(
            "values that are no list",
            "{post: {fields: {status: {type: enum, values: draft}}}}",
            ['post.status: `values` has to be a list of at least one text, not "draft".'],
        ),
        Mistake(
            "no values",
            "{post: {fields: {status: {type: enum, values: []}}}}",
            ["post.status: `values` has to be a list of at least one text, not []."],
        ),
        Mistake(
            "values that YAML reads as true or false, or as numbers",
            "{post: {fields: {answer: {type: enum, values: [yes, 5, x]}}}}",
            [
                "post.answer: the value true is not text: put it in quotes.",
                "post.answer: the value 5 is not text: put it in quotes.",
            ],
        ),
        Mistake(
            "an empty value, and one that is too long",
            '{post: {fields: {status: {type: enum, values: ["", a23456789012345678901234567890123456789012345678901234567890abcd]}}}}',
            [
                'post.status: the value "" has to have 1 to 63 characters and no control characters.',
                'post.status: the value "a23456789012345678901234567890123456789012345678901234567890..." has to have 1 to 63 characters and no control characters.',
            ],
        ),
        Mistake(
            "a value twice",
            "{post: {fields: {status: {type: enum, values: [draft, draft]}}}}",
            ['post.status: the value "draft" is there twice.'],
        ),
        Mistake(
            "two values that become one member",
            "{post: {fields: {status: {type: enum, values: [in-work, in work]}}}}",
            [
                'post.status: the values "in-work" and "in work" would both become the member IN_WORK of a Python enum.'
            ],
        ),
        Mistake(
            "a value that cannot become a member",
            "{post: {fields: {size: {type: enum, values: [1st, -x]}}}}",
            [
                'post.size: the value "1st" has to start with a letter: it becomes a member of a Python enum.',
                'post.size: the value "-x" has to start with a letter: it becomes a member of a Python enum.',
            ],
        ),
        Mistake(
            "an index on json",
            "{post: {fields: {data: {type: json, index: true, unique: true}}}}",
            ["post.data: `index` is not for json.", "post.data: `unique` is not for json."],
        ),
        Mistake(
            "a unique bool",
            "{post: {fields: {done: {type: bool, unique: true}}}}",
            ["post.done: `unique` is not for bool."],
        ),
        Mistake(
            "a unique enum",
            "{post: {fields: {status: {type: enum, values: [a], unique: true}}}}",
            ["post.status: `unique` is not for enum."],
        ),
        Mistake(
            "a unique int with few values",
            "{post: {fields: {rank: {type: int, ge: 1, le: 40, unique: true}}}}",
            [f"post.rank: `unique` {ROOM} With `ge` 1 and `le` 40 there are 40."],
        ),
        Mistake(
            "a unique int near the end of the type",
            "{post: {fields: {rank: {type: int, gt: 2147482700, unique: true}}}}",
            [f"post.rank: `unique` {ROOM} With `gt` 2147482700 there are 947."],
        ),
        Mistake(
            "a unique decimal with few values",
            "{post: {fields: {price: {type: decimal, precision: 4, scale: 2, gt: 0, lt: 10, unique: true}}}}",
            [
                f"post.price: `unique` {ROOM} With `gt` 0 and `lt` 10 and `precision` 4 and `scale` 2 there are 999."
            ],
        ),
        Mistake(
            "a unique decimal with few digits",
            "{post: {fields: {price: {type: decimal, precision: 2, unique: true}}}}",
            [f"post.price: `unique` {ROOM} With `precision` 2 there are 199."],
        ),
        Mistake(
            "a unique float with one value",
            "{post: {fields: {size: {type: float, ge: 0.5, le: 0.5, unique: true}}}}",
            [f"post.size: `unique` {ROOM} With `ge` 0.5 and `le` 0.5 there are 1."],
        ),
        Mistake(
            "a unique text of two characters",
            "{post: {fields: {code: {type: str, max_length: 2, unique: true}}}}",
            [f"post.code: `unique` {ROOM} With `max_length` 2 there are 100."],
        ),
        Mistake(
            "lengths that are out of range",
            "{post: {fields: {title: {type: str, min_length: -1, max_length: 0}}}}",
            [
                "post.title: `min_length` has to be an integer from 0 to 10485760, not -1.",
                "post.title: `max_length` has to be an integer from 1 to 10485760, not 0.",
            ],
        ),
        Mistake(
            "a length that is no integer",
            "{post: {fields: {title: {type: str, max_length: 10.5}}}}",
            ["post.title: `max_length` has to be an integer from 1 to 10485760, not 10.5."],
        ),
        Mistake(
            "lengths that contradict each other",
            "{post: {fields: {title: {type: str, min_length: 5, max_length: 3}}}}",
            ["post.title: `min_length` is 5, more than `max_length`, which is 3."],
        ),
        Mistake(
            "an empty pattern",
            '{post: {fields: {title: {type: str, pattern: ""}}}}',
            [
                'post.title: `pattern` has to be text of at least one character, none a control character, not "".'
            ],
        ),
        Mistake(
            "a bound that is no number",
            '{post: {fields: {views: {type: int, ge: true, le: "5"}}}}',
            [
                f"post.views: `ge` has to be {INT}, not true.",
                f'post.views: `le` has to be {INT}, not "5".',
            ],
        ),
        Mistake(
            "a bound of an int with a fraction",
            "{post: {fields: {views: {type: int, ge: 0.5}}}}",
            [f"post.views: `ge` has to be {INT}, not 0.5."],
        ),
        Mistake(
            "a bound of an int beyond 32 bits",
            "{post: {fields: {views: {type: int, le: 3000000000}}}}",
            [f"post.views: `le` has to be {INT}, not 3000000000."],
        ),
        Mistake(
            "an infinite bound",
            "{post: {fields: {size: {type: float, le: .inf}}}}",
            ["post.size: `le` has to be a finite number that a double can hold, not inf."],
        ),
        Mistake(
            "two lower bounds",
            "{post: {fields: {views: {type: int, ge: 1, gt: 0}}}}",
            ["post.views: `ge` and `gt` are both the lower bound: keep one."],
        ),
        Mistake(
            "two upper bounds",
            "{post: {fields: {views: {type: int, le: 1, lt: 2}}}}",
            ["post.views: `le` and `lt` are both the upper bound: keep one."],
        ),
        Mistake(
            "bounds with nothing between them",
            "{post: {fields: {views: {type: int, gt: 1, lt: 2}}}}",
            ["post.views: no int fits `gt` 1 and `lt` 2."],
        ),
        Mistake(
            "bounds in the wrong order",
            "{post: {fields: {size: {type: float, ge: 2.5, le: 1.5}}}}",
            ["post.size: no float fits `ge` 2.5 and `le` 1.5."],
        ),
        Mistake(
            "a bound at the end of the type",
            "{post: {fields: {views: {type: int, gt: 2147483647}}}}",
            ["post.views: no int fits `gt` 2147483647."],
        ),
        Mistake(
            "decimal bounds with nothing between them",
            "{post: {fields: {price: {type: decimal, precision: 4, scale: 1, gt: 0.1, lt: 0.2}}}}",
            ["post.price: no decimal fits `gt` 0.1 and `lt` 0.2."],
        ),
        Mistake(
            "a precision that is out of range",
            "{post: {fields: {price: {type: decimal, precision: 0}}}}",
            ["post.price: `precision` has to be an integer from 1 to 1000, not 0."],
        ),
        Mistake(
            "a scale without a precision",
            "{post: {fields: {price: {type: decimal, scale: 2}}}}",
            ["post.price: `scale` needs `precision`."],
        ),
        Mistake(
            "a scale that exceeds the precision",
            "{post: {fields: {price: {type: decimal, precision: 2, scale: 3}}}}",
            ["post.price: `scale` is 3, more than `precision`, which is 2."],
        ),
        Mistake(
            "a bound with more digits than the scale",
            "{post: {fields: {price: {type: decimal, precision: 4, scale: 2, ge: 0.001}}}}",
            ["post.price: `ge` is 0.001, but `scale` is 2."],
        ),
        Mistake(
            "a bound beyond the precision",
            "{post: {fields: {price: {type: decimal, precision: 4, scale: 2, le: 100}}}}",
            ["post.price: `le` is 100, but `precision` and `scale` allow only numbers below 100."],
        ),
        Mistake(
            "a field that nobody can set",
            "{post: {fields: {views: {type: int, access: read_only}, secret: {type: str, access: internal}}}}",
            [
                "post.views: a field that no client can set needs a `default` or `optional: true`.",
                "post.secret: a field that no client can set needs a `default` or `optional: true`.",
            ],
        ),
    ],
    "Defaults": [
        Mistake(
            "a default for an e-mail address",
            "{user: {fields: {email: {type: email, default: a@example.com}}}}",
            ["user.email: `default` is not for the type email."],
        ),
        Mistake(
            "a default for a URL",
            '{user: {fields: {home: {type: url, default: "https://example.com"}}}}',
            ["user.home: `default` is not for the type url."],
        ),
        Mistake(
            "a default for a field with a pattern",
            '{post: {fields: {code: {type: str, pattern: "[a-z]+", default: abc}}}}',
            ["post.code: `default` is not for a field with `pattern`."],
        ),
        Mistake(
            "a default for a unique field",
            "{post: {fields: {title: {type: str, unique: true, default: abc}}}}",
            ["post.title: `default` is not for a unique field."],
        ),
        Mistake(
            "a text whose default is a number",
            "{post: {fields: {title: {type: str, default: 5}}}}",
            ["post.title: `default` has to be text without control characters, not 5."],
        ),
        Mistake(
            "a default that is too short, or too long",
            "{post: {fields: {title: {type: str, min_length: 2, default: a}, body: {type: text, max_length: 2, default: abc}}}}",
            [
                'post.title: `default` is "a", but `min_length` is 2.',
                'post.body: `default` is "abc", but `max_length` is 2.',
            ],
        ),
        Mistake(
            "an int whose default is text",
            '{post: {fields: {views: {type: int, default: "5"}}}}',
            [f'post.views: `default` has to be {INT}, not "5".'],
        ),
        Mistake(
            "a default outside the bounds",
            "{post: {fields: {views: {type: int, ge: 1, lt: 5, default: 0}, likes: {type: int, gt: 1, le: 5, default: 6}}}}",
            [
                "post.views: `default` is 0, but `ge` is 1.",
                "post.likes: `default` is 6, but `le` is 5.",
            ],
        ),
        Mistake(
            "a default that is on an open bound",
            "{post: {fields: {views: {type: int, gt: 1, default: 1}, likes: {type: int, lt: 5, default: 5}}}}",
            [
                "post.views: `default` is 1, but `gt` is 1.",
                "post.likes: `default` is 5, but `lt` is 5.",
            ],
        ),
        Mistake(
            "a float whose default is not a number",
            "{post: {fields: {size: {type: float, default: .nan}}}}",
            ["post.size: `default` has to be a finite number that a double can hold, not nan."],
        ),
        Mistake(
            "a default with more digits than the scale",
            "{post: {fields: {price: {type: decimal, precision: 4, scale: 2, default: 1.234}}}}",
            ["post.price: `default` is 1.234, but `scale` is 2."],
        ),
        Mistake(
            "a default beyond the precision",
            "{post: {fields: {price: {type: decimal, precision: 4, scale: 2, default: 100}}}}",
            [
                "post.price: `default` is 100, but `precision` and `scale` allow only numbers below 100."
            ],
        ),
        Mistake(
            "a bool whose default is text",
            '{post: {fields: {done: {type: bool, default: "true"}}}}',
            ['post.done: `default` has to be true or false, not "true".'],
        ),
        Mistake(
            "a date that does not exist",
            '{post: {fields: {day: {type: date, default: "2026-02-29"}}}}',
            ['post.day: `default` has to be a date such as "2026-01-31", not "2026-02-29".'],
        ),
        Mistake(
            "a datetime without an offset",
            '{post: {fields: {at: {type: datetime, default: "2026-01-31T12:30:00"}}}}',
            [
                'post.at: `default` has to be a date and time with an offset, such as "2026-01-31T12:30:00Z" or "2026-01-31T12:30:00+01:00", not "2026-01-31T12:30:00".'
            ],
        ),
        Mistake(
            "a time without quotes, which YAML reads as a number",
            "{post: {fields: {at: {type: time, default: 12:30}}}}",
            [
                'post.at: `default` has to be a time in quotes, such as "12:30" or "12:30:00", not 750.'
            ],
        ),
        Mistake(
            "a UUID in capitals",
            "{post: {fields: {key: {type: uuid, default: 0190A5D0-0000-7000-8000-00000000000A}}}}",
            [
                'post.key: `default` has to be a UUID in lower case, with hyphens, not "0190A5D0-0000-7000-8000-00000000000A".'
            ],
        ),
        Mistake(
            "a default for json that is not empty",
            "{post: {fields: {data: {type: json, default: {a: 1}}}}}",
            ["post.data: `default` has to be {} or [], not a mapping."],
        ),
        Mistake(
            "a default that is not among the values",
            "{post: {fields: {status: {type: enum, values: [a, b], default: c}}}}",
            ['post.status: `default` is "c", which is not among `values`.'],
        ),
    ],
    "Relations": [
        Mistake(
            "an entity that does not exist",
            "{post: {relations: {author: {to: usr}}}, user: {fields: {name: str}}}",
            ['post.author: there is no entity "usr". There are: post, user.'],
        ),
        Mistake(
            "an entity that is not named",
            "{post: {relations: {author: {to: }}}}",
            ["post.author: there is no entity null. There are: post."],
        ),
        Mistake(
            "set_null on a required relation",
            "{post: {relations: {author: {to: user, on_delete: set_null}}}, user: {fields: {name: str}}}",
            ["post.author: `on_delete: set_null` needs `optional: true`."],
        ),
        Mistake(
            "keys that a many-to-many does not have",
            "{post: {relations: {tags: {to: tag, kind: many_to_many, optional: true, on_delete: cascade, description: Tags.}}}, tag: {fields: {name: str}}}",
            [
                "post.tags: `optional` is not for many_to_many. It is for: many_to_one, one_to_one.",
                "post.tags: `on_delete` is not for many_to_many. It is for: many_to_one, one_to_one.",
                "post.tags: `description` is not for many_to_many. It is for: many_to_one, one_to_one.",
            ],
        ),
        Mistake(
            "a required relation to the own entity",
            "{comment: {relations: {parent: {to: comment}}}}",
            [
                "comment.parent: a required relation to the own entity: no row could ever be created. It needs `optional: true`."
            ],
        ),
        Mistake(
            "a circle of required relations",
            "{user: {relations: {home: {to: city}}}, city: {relations: {mayor: {to: user, kind: one_to_one}}}}",
            [
                "user.home: rows of user, city need each other first: none could ever be created. One of these needs `optional: true`: user.home, city.mayor."
            ],
        ),
        Mistake(
            "a longer circle",
            "{one: {relations: {next: {to: two}}}, two: {relations: {next: {to: three}}}, three: {relations: {next: {to: one}}}}",
            [
                "one.next: rows of one, two, three need each other first: none could ever be created. One of these needs `optional: true`: one.next, two.next, three.next."
            ],
        ),
        Mistake(
            "a relation to the own entity without an inverse of its own",
            "{user: {relations: {users: {to: user, kind: many_to_many}}}}",
            [
                'user.users: its inverse "users" is also the relation user.users. Set another `inverse`.'
            ],
        ),
    ],
    "Indexes": [
        Mistake(
            "a column that does not exist",
            "{post: {fields: {title: str}, indexes: [[titel]]}}",
            [
                'post: `indexes`: there is no column "titel". There are: id, created_at, updated_at, title.'
            ],
        ),
        Mistake(
            "the column of a relation",
            "{post: {relations: {author: {to: user}}, indexes: [[author_id, created_at]]}, user: {fields: {name: str}}}",
            [
                'post: `indexes`: there is no column "author_id". There are: id, created_at, updated_at, author.'
            ],
        ),
        Mistake(
            "timestamps that are switched off",
            "{post: {fields: {title: str}, timestamps: false, indexes: [[title, created_at]]}}",
            ['post: `indexes`: there is no column "created_at". There are: id, title.'],
        ),
        Mistake(
            "deleted_at without soft_delete",
            "{post: {fields: {title: str}, indexes: [[title, deleted_at]]}}",
            [
                'post: `indexes`: there is no column "deleted_at". There are: id, created_at, updated_at, title.'
            ],
        ),
        Mistake(
            "a many-to-many in a list",
            "{post: {fields: {title: str}, relations: {tags: {to: tag, kind: many_to_many}}, unique: [[title, tags]]}, tag: {fields: {name: str}}}",
            ['post: `unique`: "tags" is many_to_many, which has no column.'],
        ),
        Mistake(
            "json in a list",
            "{post: {fields: {title: str, data: json}, indexes: [[title, data]]}}",
            ['post: `indexes`: "data" is json, which has no order.'],
        ),
        Mistake(
            "a column twice in one list",
            "{post: {fields: {title: str, size: int}, indexes: [[title, size, -title]]}}",
            ['post: `indexes`: "title" is twice in one list.'],
        ),
        Mistake(
            "one list twice",
            "{post: {fields: {title: str, size: int}, unique: [[title, size], [title, size]]}}",
            ["post: `unique`: there is an index of [title, size] already, by another list."],
        ),
        Mistake(
            "one list in both keys",
            "{post: {fields: {title: str, size: int}, unique: [[title, size]], indexes: [[title, -size]]}}",
            ["post: `indexes`: there is an index of [title, size] already, by another list."],
        ),
        Mistake(
            "an index that the field has already",
            "{post: {fields: {title: {type: str, index: true}}, indexes: [[title]]}}",
            ["post: `indexes`: there is an index of [title] already, by `index` of the field."],
        ),
        Mistake(
            "an index that the relation has already",
            "{post: {relations: {author: {to: user}}, indexes: [[author, id]]}, user: {fields: {name: str}}}",
            ["post: `indexes`: there is an index of [author, id] already, for the relation."],
        ),
        Mistake(
            "a direction in unique",
            "{post: {fields: {title: str, size: int}, unique: [[title, -size]]}}",
            ['post: `unique`: "-size" may not have a `-`, which is for `indexes`.'],
        ),
        Mistake(
            "an index of the identifier",
            "{post: {fields: {title: str}, indexes: [[-id]]}}",
            ["post: `indexes`: there is an index of [id] already, by the primary key."],
        ),
        Mistake(
            "a unique list with the identifier",
            "{post: {fields: {title: str}, unique: [[title, id]]}}",
            ["post: `unique`: [title, id] says nothing new: [id] is unique by itself."],
        ),
        Mistake(
            "a unique list with a unique field",
            "{post: {fields: {title: {type: str, unique: true}, size: int}, unique: [[size, title]]}}",
            ["post: `unique`: [size, title] says nothing new: [title] is unique by itself."],
        ),
        Mistake(
            "a unique list with a one-to-one",
            "{post: {fields: {size: int}, relations: {author: {to: user, kind: one_to_one}}, unique: [[author, size]]}, user: {fields: {name: str}}}",
            ["post: `unique`: [author, size] says nothing new: [author] is unique by itself."],
        ),
        Mistake(
            "a unique list that holds another",
            "{post: {fields: {title: str, size: int, rank: int}, unique: [[title, size, rank], [rank, title]]}}",
            [
                "post: `unique`: [title, size, rank] says nothing new: [rank, title] is unique by itself."
            ],
        ),
        Mistake(
            "a unique list of few values",
            "{post: {fields: {done: bool, rank: {type: int, ge: 1, le: 40}}, unique: [[done, rank]]}}",
            [f"post: `unique`: one of [done, rank] {ROOM}"],
        ),
        Mistake(
            "a unique list of defaults that no client changes",
            "{post: {fields: {rank: {type: int, default: 0, access: read_only}}, unique: [[rank]]}}",
            [f"post: `unique`: one of [rank] {ROOM}"],
        ),
        Mistake(
            "a unique list with deleted_at",
            "{post: {fields: {title: str}, soft_delete: true, unique: [[title, deleted_at]]}}",
            [
                'post: `unique`: "deleted_at" is null in all rows that count, so none would be refused.'
            ],
        ),
    ],
    "Clashes": [
        Mistake(
            "a field and a relation of one name",
            "{post: {fields: {author: str}, relations: {author: {to: user}}}, user: {fields: {name: str}}}",
            ['post.author: its name "author" is also the field post.author.'],
        ),
        Mistake(
            "a field with the name of a relation's column",
            "{post: {fields: {author_id: int}, relations: {author: {to: user}}}, user: {fields: {name: str}}}",
            ['post.author: its column "author_id" is also the field post.author_id.'],
        ),
        Mistake(
            "a field with the name of a list of identifiers",
            "{post: {fields: {tags_ids: int}, relations: {tags: {to: tag, kind: many_to_many}}}, tag: {fields: {name: str}}}",
            ['post.tags: its list of identifiers "tags_ids" is also the field post.tags_ids.'],
        ),
        Mistake(
            "a field with the name of an inverse",
            "{post: {relations: {author: {to: user}}}, user: {fields: {posts: int}}}",
            [
                'post.author: its inverse "posts" is also the field user.posts. Set another `inverse`.'
            ],
        ),
        Mistake(
            "two inverses of one name",
            "{post: {relations: {author: {to: user}, editor: {to: user}}}, user: {fields: {name: str}}}",
            [
                'post.editor: its inverse "posts" is also the inverse of post.author. Set another `inverse`.'
            ],
        ),
        Mistake(
            "two entities with one plural",
            "{post: {fields: {title: str}}, article: {plural: posts, fields: {title: str}}}",
            ['article: its table "posts" is also the table of post.'],
        ),
        Mistake(
            "a plural with the name of a link table",
            "{post: {relations: {tags: {to: tag, kind: many_to_many}}}, tag: {plural: post_tags_link, fields: {name: str}}}",
            ['post.tags: its link table "post_tags_link" is also the table of tag.'],
        ),
        Mistake(
            "a link table whose name is too long",
            "{an_entity_of_exactly_forty_characters_ab: {relations: {a_relation_of_nineteen_: {to: tag, kind: many_to_many}}}, tag: {fields: {name: str}}}",
            [
                "an_entity_of_exactly_forty_characters_ab.a_relation_of_nineteen_: the name of its link table, an_entity_of_exactly_forty_characters_ab_a_relation_of_nineteen__link, has 69 characters; PostgreSQL takes 63."
            ],
        ),
        Mistake(
            "a class that the generated code imports",
            "{page: {fields: {title: str}}}",
            ['page: its class "Page" is also a class that the generated code uses.'],
        ),
        Mistake(
            "two entities with one class",
            "{post_1: {fields: {title: str}}, post1: {plural: others, fields: {title: str}}}",
            ['post1: its class "Post1" is also a class of post_1.'],
        ),
        Mistake(
            "an entity with a layer of another",
            "{user: {fields: {name: str}}, user_read: {fields: {name: str}}}",
            ['user_read: its class "UserRead" is also a class of user.'],
        ),
        Mistake(
            "an enum with a layer of its entity",
            "{post: {fields: {base: {type: enum, values: [a]}}}}",
            ['post.base: its enum "PostBase" is also a class of post.'],
        ),
        Mistake(
            "a pattern with the class of an enum",
            "{post: {fields: {code: {type: enum, values: [a]}, code_: {type: str, pattern: a}}}}",
            ['post.code_: its type "PostCode" is also the enum of post.code.'],
        ),
        Mistake(
            "an enum with the class of an entity",
            "{post: {fields: {status: {type: enum, values: [a]}}}, post_status: {fields: {name: str}}}",
            ['post.status: its enum "PostStatus" is also a class of post_status.'],
        ),
        Mistake(
            "a link class with the class of an entity",
            "{post: {relations: {tags: {to: tag, kind: many_to_many}}}, tag: {fields: {name: str}}, post_tags_link: {fields: {name: str}}}",
            ['post.tags: its link class "PostTagsLink" is also a class of post_tags_link.'],
        ),
        Mistake(
            "a filter with the name of a parameter",
            "{post: {fields: {limit: {type: int, index: true}}}}",
            ['post.limit: its filter "limit" is also a parameter of every list.'],
        ),
        Mistake(
            "a filter with the name of a range",
            "{post: {fields: {price: {type: decimal, index: true}, price_to: {type: date, index: true}}}}",
            ['post.price: its filter "price_to" is also the filter of post.price_to.'],
        ),
    ],
    "Several": [
        Mistake(
            "mistakes in several places",
            "{post: {fields: {title: {type: str, max_length: 0, unique: 1}, Body: text}, relations: {author: {to: usr}}}, user: {fields: {name: string}}}",
            [
                "post.title: `max_length` has to be an integer from 1 to 10485760, not 0.",
                "post.title: `unique` has to be true or false, not 1.",
                f"post.Body: this name {FORM}",
                'post.author: there is no entity "usr". There are: post, user.',
                f'user.name: unknown type "string". {TYPES}',
            ],
        ),
    ],
}


@pytest.mark.parametrize("mistake", [row for rows in MISTAKES.values() for row in rows], ids=str)
def test_mistake(mistake: Mistake) -> None:
    assert problems(yaml.safe_load(mistake.schema)) == mistake.lines


# One of each kind, for the whole way through both tools.
BY_TOOLS = [
    "entities as a list",
    "a name that YAML reads as true or false",
    "a description with control characters",
    "a time without quotes, which YAML reads as a number",
    "a longer circle",
    "two inverses of one name",
    "mistakes in several places",
]


@pytest.mark.parametrize("title", BY_TOOLS)
def test_both_tools_say_the_same_and_write_nothing(
    tmp_path: Path, template: Path, title: str
) -> None:
    (mistake,) = [row for rows in MISTAKES.values() for row in rows if row.title == title]
    output = tmp_path / "output"
    output.mkdir()
    answers = {"entities": mistake.schema}
    with pytest.raises(RefusedError) as by_copier:
        copier(template, output / "project", answers)
    with pytest.raises(RefusedError) as by_cookiecutter:
        cookiecutter(template, output, answers)
    for refusal in (by_copier, by_cookiecutter):
        assert reported(str(refusal.value), mistake.lines[0]) == mistake.lines
    assert list(tmp_path.rglob("*")) == [output]


def reported(output: str, first: str) -> list[str]:
    """Return the lines from the first problem on. Each tool puts words of its own before them."""
    lines = output[output.index(first) :].splitlines()
    return [line for line in lines if line.strip()]


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
    # Room for just as many values as unique fields need.
    "{post: {fields: {a: {type: int, gt: 0, le: 1000, unique: true}}}}",
    "{post: {fields: {a: {type: decimal, precision: 4, scale: 2, ge: 0, le: 9.99, unique: true}}}}",
    "{post: {fields: {a: {type: decimal, precision: 3, unique: true}}}}",
    "{post: {fields: {a: {type: float, gt: 0, lt: 1, unique: true}}}}",
    "{post: {fields: {a: {type: decimal, gt: 0, lt: 1, unique: true}}}}",
    "{post: {fields: {a: {type: str, max_length: 3, unique: true}}}}",
    "{post: {fields: {a: {type: str, max_length: 2, pattern: '^[A-Z]{2}$', unique: true}}}}",
    "{post: {fields: {a: bool, b: {type: int, access: internal, optional: true}}, "
    "relations: {parent: {to: post, optional: true}}, unique: [[parent, a], [a, b]]}}",
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
  {description: x, plural: xs, soft_delete: true, timestamps: true, indexes: [[a, -b]],
  unique: [[b, h]], fields: {
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


def paths(value: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Return the way to each value in a mapping, and that to the mapping itself."""
    found = [path]
    for key, item in value.items() if isinstance(value, dict) else ():
        found += paths(item, (*path, key))
    return found


def changed(value: Any, path: tuple[str, ...], junk: Any, as_name: bool) -> Any:
    """Put junk where a path leads: in the place of the value, or in that of its name."""
    if not path:
        return junk
    first, *rest = path
    if as_name and not rest:
        value[junk] = value.pop(first)
    else:
        value[first] = changed(value[first], tuple(rest), junk, as_name)
    return value


def test_document(pytestconfig: pytest.Config) -> None:
    """docs/mistakes.md shows the table above; `pytest tests/test_mistakes.py --update-docs` writes it."""
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
