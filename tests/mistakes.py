"""What can be wrong with a domain, and the lines that are reported of it."""

from dataclasses import dataclass


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
INDEX_LISTS = (
    "a list of non-empty lists of names, such as [[a, b]], or of mappings, such as "
    "{columns: [a, b], where: {c: null}}"
)
UNIQUE_LISTS = (
    "a list of non-empty lists of names, such as [[a, b]], or of mappings, such as "
    "{columns: [a, b], nulls: distinct}"
)
INT = "an integer from -2147483648 to 2147483647"

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
                'post: unknown key "feilds". Known are: fields, relations, description, plural, soft_delete, timestamps, indexes, unique, search.'
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
            [f'post: `indexes` has to be {INDEX_LISTS}, not ["title"].'],
        ),
        Mistake(
            "an empty list of columns",
            "{post: {fields: {title: str}, unique: [[]]}}",
            [
                f"post: `unique` has to be {UNIQUE_LISTS}, not [[]].",
            ],
        ),
        Mistake(
            "a column in unique that is no list",
            "{post: {fields: {title: str}, unique: [title]}}",
            [f'post: `unique` has to be {UNIQUE_LISTS}, not ["title"].'],
        ),
        Mistake(
            "an unknown key in unique",
            "{post: {fields: {title: str, size: int}, unique: [{columns: [title, size], where: x}]}}",
            ['post: `unique`: unknown key "where". Known are: columns, nulls.'],
        ),
        Mistake(
            "unique without columns",
            "{post: {fields: {title: str}, unique: [{nulls: distinct}]}}",
            ["post: `unique`: `columns` is missing: a non-empty list of names, such as [a, b]."],
        ),
        Mistake(
            "columns in unique that are no list",
            "{post: {fields: {title: str}, unique: [{columns: title}]}}",
            [
                'post: `unique`: `columns` has to be a non-empty list of names, such as [a, b], not "title".'
            ],
        ),
        Mistake(
            "nulls in unique that are neither equal nor distinct",
            "{post: {fields: {title: {type: str, optional: true}}, unique: [{columns: [title], nulls: first}]}}",
            ['post: `unique`: unknown nulls "first". Known are: equal, distinct.'],
        ),
        Mistake(
            "an unknown key in indexes",
            "{post: {fields: {title: str}, indexes: [{columns: [title], wher: {title: a}}]}}",
            [
                'post: `indexes`: unknown key "wher". Known are: columns, where, include, using, unique, why.'
            ],
        ),
        Mistake(
            "indexes without columns",
            "{post: {fields: {title: {type: str, optional: true}}, indexes: [{where: {title: null}}]}}",
            ["post: `indexes`: `columns` is missing: a non-empty list of names, such as [a, b]."],
        ),
        Mistake(
            "a condition that is text",
            "{post: {fields: {title: str}, indexes: [{columns: [title], where: title is null}]}}",
            [
                'post: `indexes`: `where` has to be a mapping of at least one column to a value, such as {a: 1, b: null}, not "title is null".'
            ],
        ),
        Mistake(
            "a kind of index that is not known",
            "{post: {fields: {title: str}, indexes: [{columns: [title], using: hash}]}}",
            ['post: `indexes`: unknown using "hash". Known are: gin.'],
        ),
        Mistake(
            "an empty why",
            '{post: {fields: {title: str}, indexes: [{columns: [title], why: ""}]}}',
            [
                'post: `indexes`: `why` has to be text of at least one character, none a control character, not "".'
            ],
        ),
        Mistake(
            "search as text",
            "{post: {fields: {title: str}, search: title}}",
            [
                'post: `search` has to be a non-empty list of names, such as [a, b], or a mapping, such as {fields: [a, b], language: english}, not "title".'
            ],
        ),
        Mistake(
            "search without fields",
            "{post: {fields: {title: str}, search: {language: german}}}",
            ["post: `search`: `fields` is missing: a non-empty list of names, such as [a, b]."],
        ),
        Mistake(
            "an unknown key of search",
            "{post: {fields: {title: str}, search: {fields: [title], weights: [A]}}}",
            ['post: `search`: unknown key "weights". Known are: fields, language.'],
        ),
        Mistake(
            "a language that PostgreSQL does not know",
            "{post: {fields: {title: str}, search: {fields: [title], language: latin}}}",
            [
                'post: `search`: unknown language "latin". Known are: simple, arabic, armenian, basque, catalan, danish, dutch, english, estonian, finnish, french, german, greek, hindi, hungarian, indonesian, irish, italian, lithuanian, nepali, norwegian, portuguese, romanian, russian, serbian, spanish, swedish, tamil, turkish, yiddish.'
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
            "{i: {relations: {parent: {to: i, optional: true}}}}",
            ['i.parent: its inverse "is" is a keyword of Python. Set another `inverse`.'],
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
            "lengths that are out of range",
            "{post: {fields: {title: {type: str, min_length: -1, max_length: 0}}}}",
            [
                "post.title: `min_length` has to be an integer from 0 to 10485760, not -1.",
                "post.title: `max_length` has to be an integer from 1 to 10485760, not 0.",
            ],
        ),
        Mistake(
            "an address that is too short",
            "{user: {fields: {contact: {type: email, max_length: 20}}}}",
            ["user.contact: `max_length` has to be an integer from 30 to 10485760, not 20."],
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
            "{user: {fields: {contact: {type: email, default: a@example.com}}}}",
            ["user.contact: `default` is not for the type email."],
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
            "{country: {relations: {next: {to: city}}}, city: {relations: {next: {to: region}}}, region: {relations: {next: {to: country}}}}",
            [
                "country.next: rows of country, city, region need each other first: none could ever be created. One of these needs `optional: true`: country.next, city.next, region.next."
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
            [
                'post: `indexes`: "data" is json, which has no order. For what is in it there is {columns: [data], using: gin}.'
            ],
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
            ["post: `indexes`: there is an index of [title, id] already, by `index` of the field."],
        ),
        Mistake(
            "an index that the relation has already",
            "{post: {relations: {author: {to: user}}, indexes: [[author, id]]}, user: {fields: {name: str}}}",
            ["post: `indexes`: there is an index of [author, id] already, for the relation."],
        ),
        Mistake(
            "an index that begins like that of the relation",
            "{post: {relations: {author: {to: user}}, indexes: [[author]]}, user: {fields: {name: str}}}",
            ["post: `indexes`: there is an index of [author, id] already, for the relation."],
        ),
        Mistake(
            "an index that a unique one serves",
            "{post: {fields: {title: {type: str, unique: true}}, indexes: [[title, -id]]}}",
            ["post: `indexes`: there is an index of [title] already, by `unique` of the field."],
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
            "nulls in a unique list that has none",
            "{post: {fields: {title: str, size: int}, unique: [{columns: [title, size], nulls: distinct}]}}",
            [
                "post: `unique`: `nulls` is for lists with an optional column; none of [title, size] is."
            ],
        ),
        Mistake(
            "a unique list with deleted_at",
            "{post: {fields: {title: str}, soft_delete: true, unique: [[title, deleted_at]]}}",
            [
                'post: `unique`: "deleted_at" is null in all rows that count, so none would be refused.'
            ],
        ),
        Mistake(
            "a unique index of all rows",
            "{post: {fields: {title: str}, indexes: [{columns: [title], unique: true}]}}",
            [
                "post: `indexes`: `unique: true` needs `where` or a column such as lower(email). What is unique in all rows stands in the key `unique` of the entity."
            ],
        ),
        Mistake(
            "a unique index of what is unique already",
            "{post: {fields: {title: {type: str, unique: true}, draft: bool}, indexes: [{columns: [title], unique: true, where: {draft: true}}]}}",
            [
                "post: `indexes`: `unique: true` of [title] says nothing new: [title] is unique by itself."
            ],
        ),
        Mistake(
            "a unique list with lower()",
            "{post: {fields: {title: str}, unique: [[lower(title)]]}}",
            [
                'post: `unique`: "lower(title)" is for `indexes`: {columns: [lower(title)], unique: true}.'
            ],
        ),
        Mistake(
            "lower() of a number",
            "{post: {fields: {size: int}, indexes: [[lower(size)]]}}",
            ['post: `indexes`: "lower(size)": lower() is for str, text, email, url.'],
        ),
        Mistake(
            "a condition on a column that does not exist",
            "{post: {fields: {title: str}, indexes: [{columns: [title], where: {size: 1}}]}}",
            [
                'post: `indexes`: `where`: there is no column "size". There are: id, created_at, updated_at, title.'
            ],
        ),
        Mistake(
            "a condition with a value that the field does not have",
            "{post: {fields: {size: int, status: {type: enum, values: [a, b]}}, indexes: [{columns: [size], where: {size: small, status: c}}]}}",
            [
                'post: `indexes`: `where`: "size" has to be an integer from -2147483648 to 2147483647, not "small".',
                'post: `indexes`: `where`: "c" is not among the values of "status".',
            ],
        ),
        Mistake(
            "a condition on a type without values",
            '{post: {fields: {size: int, day: date}, indexes: [{columns: [size], where: {day: "2026-01-31"}}]}}',
            [
                'post: `indexes`: `where`: "day" is date: it can only be compared with null. Values are for: str, text, enum, bool, int.'
            ],
        ),
        Mistake(
            "null where there is none",
            "{post: {fields: {size: int}, indexes: [{columns: [size], where: {size: null, created_at: {not: null}}}]}}",
            [
                'post: `indexes`: `where`: "size" is never null.',
                'post: `indexes`: `where`: "created_at" is never null.',
            ],
        ),
        Mistake(
            "not with a value",
            "{post: {fields: {size: int, rank: int}, indexes: [{columns: [size], where: {rank: {not: 1}}}]}}",
            ['post: `indexes`: `where`: of "rank", the only mapping can be {not: null}.'],
        ),
        Mistake(
            "a relation with a value",
            "{post: {relations: {author: {to: user, optional: true}}, indexes: [{columns: [created_at], where: {author: 1}}]}, user: {fields: {name: str}}}",
            [
                'post: `indexes`: `where`: "author" can only be compared with null: null or {not: null}.'
            ],
        ),
        Mistake(
            "lists of values that are empty, or name one twice",
            "{post: {fields: {size: int, rank: int}, indexes: [{columns: [size], where: {size: [], rank: [1, 1]}}]}}",
            [
                'post: `indexes`: `where`: the list of values of "size" is empty.',
                "post: `indexes`: `where`: 1 is there twice.",
            ],
        ),
        Mistake(
            "null in a list of values",
            "{post: {fields: {size: {type: int, optional: true}}, indexes: [{columns: [size], where: {size: [1, null]}}]}}",
            ['post: `indexes`: `where`: a list of values of "size" cannot have null.'],
        ),
        Mistake(
            "rows that are not deleted, of a unique index",
            "{post: {soft_delete: true, fields: {title: str}, indexes: [{columns: [title], unique: true, where: {deleted_at: null}}]}}",
            ['post: `indexes`: `where`: "deleted_at" is null in all rows that count.'],
        ),
        Mistake(
            "a column that is included twice",
            "{post: {fields: {title: str, size: int}, indexes: [{columns: [title], include: [title, size, size]}]}}",
            [
                'post: `indexes`: `include`: "title" is in `columns` already.',
                'post: `indexes`: `include`: "size" is there twice.',
            ],
        ),
        Mistake(
            "gin of two columns, or of text",
            "{post: {fields: {title: str, extra: json}, indexes: [{columns: [extra, title], using: gin}, {columns: [title], using: gin}]}}",
            [
                "post: `indexes`: `using: gin` is for one column, a json field: {columns: [data], using: gin}."
            ],
        ),
        Mistake(
            "gin of no column",
            "{post: {fields: {title: str}, indexes: [{columns: [data], using: gin}]}}",
            [
                'post: `indexes`: there is no column "data". There are: id, created_at, updated_at, title.'
            ],
        ),
        Mistake(
            "keys that gin does not have",
            "{post: {fields: {title: str, data: json}, indexes: [{columns: [data], using: gin, include: [title], unique: true}]}}",
            [
                "post: `indexes`: `include` is not for `using: gin`.",
                "post: `indexes`: `unique` is not for `using: gin`.",
            ],
        ),
        Mistake(
            "two conditions that make one name",
            "{post: {fields: {title: str, kind: str}, indexes: [{columns: [title], where: {kind: a-b}}, {columns: [title], where: {kind: a b}}]}}",
            [
                "post: `indexes`: there is an index of [title] already, by another list, which would have the same name."
            ],
        ),
        Mistake(
            "two lists that make one name",
            "{post: {fields: {a: int, b_c: int, a_b: int, c: int}, indexes: [[a, b_c], [a_b, c]]}}",
            [
                "post: `indexes`: there is an index of [a, b_c] already, by another list, which would have the same name."
            ],
        ),
    ],
    "Search": [
        Mistake(
            "a search of a field that does not exist",
            "{post: {fields: {title: str, size: int}, search: [titel]}}",
            ['post: `search`: there is no field "titel". There are: title.'],
        ),
        Mistake(
            "a search of numbers",
            "{post: {fields: {title: str, size: int}, search: [title, size]}}",
            ['post: `search`: "size" is int. It is for: str, text.'],
        ),
        Mistake(
            "a search of what clients may not read",
            "{post: {fields: {title: str, notes: {type: text, optional: true, access: internal}}, search: [title, notes]}}",
            ['post: `search`: "notes" is internal: a search would tell clients what is in it.'],
        ),
        Mistake(
            "a field that is searched twice",
            "{post: {fields: {title: str}, search: [title, title]}}",
            ['post: `search`: "title" is there twice.'],
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
            "a table that the project has by itself",
            "{idempotency_key: {fields: {name: str}}}",
            [
                'idempotency_key: its table "idempotency_keys" is also a table that projects have by themselves.'
            ],
        ),
        Mistake(
            "a plural with the name of a link table",
            "{post: {relations: {tags: {to: tag, kind: many_to_many}}}, tag: {plural: post_tags_link, fields: {name: str}}}",
            ['post.tags: its link table "post_tags_link" is also the table of tag.'],
        ),
        Mistake(
            "a link table whose name is too long",
            "{an_entity_of_exactly_forty_characters_ab: {relations: {a_relation_of_nineteen_: {to: leaf, kind: many_to_many}}}, leaf: {fields: {name: str}}}",
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
            "{post_1: {fields: {title: str}}, post1: {fields: {title: str}}}",
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
        Mistake(
            "a field with the name of the column of search",
            "{post: {fields: {title: str, search_vector: str}, search: [title]}}",
            [
                "post.search_vector: this name is reserved: `search` of post makes a column of that name."
            ],
        ),
        Mistake(
            "an inverse with the name of the column of search",
            "{post: {fields: {title: str}, search: [title]}, user: {relations: {post: {to: post, inverse: search_vector}}}}",
            [
                'user.post: its inverse "search_vector" is also the column that `search` of post makes. Set another `inverse`.'
            ],
        ),
        Mistake(
            "an entity with the class of relations of another",
            "{post: {fields: {title: str}}, post_relation: {fields: {name: str}}}",
            ['post_relation: its class "PostRelation" is also a class of post.'],
        ),
        Mistake(
            "a filter with the name of a null filter",
            "{post: {fields: {size: {type: int, optional: true, index: true}, size_is_null: {type: bool, index: true}}}}",
            ['post.size: its filter "size_is_null" is also the filter of post.size_is_null.'],
        ),
        Mistake(
            "a filter with the name of a null filter of a relation",
            "{post: {fields: {author_id_is_null: {type: bool, index: true}}, relations: {author: {to: user, optional: true}}}, user: {fields: {name: str}}}",
            [
                'post.author: its filter "author_id_is_null" is also the filter of post.author_id_is_null.'
            ],
        ),
        Mistake(
            "a filter with the name of a search by the beginning",
            "{post: {fields: {title: {type: str, index: true}, title_starts_with: {type: int, index: true}}}}",
            [
                'post.title: its filter "title_starts_with" is also the filter of post.title_starts_with.'
            ],
        ),
        Mistake(
            "a filter with the name of a filter of json",
            "{post: {fields: {data: json, data_contains: {type: int, index: true}}, indexes: [{columns: [data], using: gin}]}}",
            ['post.data: its filter "data_contains" is also the filter of post.data_contains.'],
        ),
        Mistake(
            "a filter with the name of the order",
            "{post: {fields: {sort: {type: int, index: true}, q: {type: str, unique: true}}}}",
            [
                'post.sort: its filter "sort" is also a parameter of every list.',
                'post.q: its filter "q" is also a parameter of every list.',
            ],
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
