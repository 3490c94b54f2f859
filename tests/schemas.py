"""Hypothesis strategies for domains: all that the schema language allows, nothing that it refuses.

Schemas are built, not filtered: a name that is taken gets a number, a reference that would make
a row impossible to create becomes optional. So no draw is thrown away, and what shrinks stays valid.
"""

# ruff: noqa: RUF001 (ambiguous characters are among the text to try)

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from keyword import iskeyword
from typing import Any, TypeVar, cast

from hypothesis import strategies as st
from jinja2 import Environment, FileSystemLoader

from tests.rendering import REPOSITORY

T = TypeVar("T")
Answer = dict[str, Any]
Schema = dict[str, Answer]
Default = st.SearchStrategy[Any] | None  # None where a field may have none

TYPES = (
    *("str", "text", "int", "float", "decimal", "bool", "date", "datetime", "time"),
    *("uuid", "json", "enum", "email", "url"),
)
OWN_CLASS = ("enum", "str", "text")  # a type of their own: enums, and what has a pattern
KINDS = ("many_to_one", "one_to_one", "many_to_many")
ACCESSES = ("read_write", "create_only", "read_only", "write_only", "internal")


@dataclass(frozen=True)
class Features:
    """What of the language a schema may use; see ALL."""

    types: tuple[str, ...] = TYPES
    kinds: tuple[str, ...] = KINDS
    self_references: tuple[str, ...] = KINDS
    accesses: tuple[str, ...] = ACCESSES
    entity_keys: frozenset[str] = frozenset(
        {"description", "plural", "soft_delete", "timestamps", "indexes", "unique", "search"}
    )
    # Beside `type`, and `values` of an enum.
    field_keys: frozenset[str] = frozenset(
        {"optional", "default", "index", "unique", "description", "access", "pattern"}
        | {"min_length", "max_length", "ge", "gt", "le", "lt", "precision", "scale"}
    )
    # Of an item of `indexes`, beside `columns`.
    index_keys: frozenset[str] = frozenset({"where", "include", "using", "unique", "why"})
    # Beside `to` and `kind`.
    relation_keys: frozenset[str] = frozenset({"inverse", "optional", "on_delete", "description"})
    several: bool = True  # relations between the same two entities
    cycles: bool = True  # of optional references
    descending: bool = True  # columns of an index
    lower: bool = True  # columns of an index
    nulls: bool = True  # keys with nothing after them
    dates: bool = True  # defaults that YAML itself reads as dates
    awkward_names: bool = True
    awkward_text: bool = True
    entities: int = 5
    fewest_entities: int = 1
    fields: int = 6  # of one entity
    relations: int = 3  # of one entity


ALL = Features()

# ---- Names ----
# Both are what the template itself uses.
_includes = Environment(
    loader=FileSystemLoader(REPOSITORY),
    trim_blocks=True,
    lstrip_blocks=True,
)
_names = _includes.get_template("includes/names.jinja").make_module()

LONGEST_NAME = 40
LONGEST_IDENTIFIER = 63  # of Postgres

ENTITY_NAMES = ("user", "post", "tag", "comment", "category", "box", "company", "order_line")
AWKWARD_ENTITY_NAMES = (
    *("order", "group", "type", "data", "item", "list", "date", "number", "test"),
    *("row", "client", "path", "payload", "status", "create", "id", "x", "a_1", "day", "model"),
    *("schema", "settings", "health", "router", "select", "user_base", "post_read", "event"),
    *("test_run", "other", "lists", "values", "numbers", "text", "factory", "password", "token"),
)
FIELD_NAMES = ("title", "name", "body", "amount", "state", "started", "code", "note", "rank")
AWKWARD_FIELD_NAMES = (
    *("date", "datetime", "time", "type", "id_", "user", "order", "list", "text", "uuid"),
    *("decimal", "json_", "enum", "email", "url", "limit", "offset", "cursor", "with_total"),
    *("items", "status", "query", "data", "session", "key", "value", "values", "index", "unique"),
    *("default", "optional", "field", "table", "column", "select", "group", "from_", "class_"),
    *("self", "cls", "set", "tuple", "object", "property", "next", "number", "client", "unknown"),
    *("x", "a", "row", "params", "path", "match", "desc", "name_", "check", "payload"),
    *("amount_from", "rank_to", "date_to", "deleted", "none", "true", "enum_", "field_1"),
    *("password", "token", "secret", "passwd", "host", "secret_key"),
    *("search_vector", "q", "sort", "include", "amount_is_null", "title_starts_with"),
    *("title_pattern", "note_contains", "lower", "where", "using"),
)
RELATION_NAMES = ("author", "owner", "parent", "target", "related", "members")
AWKWARD_RELATION_NAMES = (
    *("user", "order", "list", "type", "date", "pages", "layers", "filter", "refused", "restore"),
    *("id_", "next", "data", "session", "text", "x", "from_", "self", "unknown", "items"),
)
LONG_NAMES = ("very_" * 7 + "long1", "x" * 40, "a_" * 19 + "b2")

RESERVED_ATTRIBUTES = frozenset(
    {"id", "created_at", "updated_at", "deleted_at", "metadata", "registry"}
    | {"str", "int", "float", "bool", "cls", "dt", "enum_type"}
    # Attributes of SQLModel.
    | {"construct", "copy", "dict", "from_orm", "json", "parse_file", "parse_obj", "parse_raw"}
    | {"schema", "schema_json", "update_forward_refs", "validate"}
)
RESERVED_PREFIXES = ("model_", "sqlmodel_")
RESERVED_ENTITIES = frozenset({"base"})
RESERVED_CLASSES = frozenset(
    {"Annotated", "AnyHttpUrl", "Any", "APIRouter", "AwareDatetime", "BigInteger"}
    | {"CheckConstraint", "Compiled", "Computed", "Decimal", "EmailStr", "Enum", "FastAPI"}
    | {"Field", "Filter", "FiniteFloat", "Identified", "Identifier", "Index", "Instant", "JSONB"}
    | {"Include", "IncludeQuery", "Literal", "TSVECTOR"}
    | {"Link", "NaiveTime", "Reference", "Router", "SingleWriteSession"}
    | {"False", "None", "True"}
    | {"Numeric", "Optional", "Page", "PageQuery", "Query", "ReadSession", "Relationship"}
    | {"Repository", "Request", "Response", "SQLModel", "Session", "SoftDeleted", "Strict"}
    | {"StringConstraints", "Table", "Text", "TestClient", "Timestamped", "TYPE_CHECKING"}
    | {"UUID", "UniqueConstraint", "Url", "WriteSession"}
)
RESERVED_TABLES = frozenset({"health", "docs", "redoc", "openapi", "alembic_version"})
QUERY_PARAMETERS = frozenset({"limit", "cursor", "offset", "with_total", "sort", "include", "q"})
LAYERS = ("", "Base", "Create", "Read", "Update", "Query", "WithRelations", "Relation")


def pascal(name: str) -> str:
    """Return the name of a class."""
    return "".join(word[:1].upper() + word[1:] for word in name.split("_"))


def plural(name: str) -> str:
    """Return the plural that the template makes of a name."""
    return str(cast(Any, _names).plural(name))


def _as_name(text: str) -> str:
    """Return a name that is made of the characters of `text`."""
    name = re.sub("_+", "_", text).strip("_")
    return name if name[:1].isalpha() else ("n" + name)[:LONGEST_NAME].rstrip("_")


any_name = st.text("abcdefghijklmnopqrstuvwxyz0123456789_", min_size=1, max_size=40).map(_as_name)

# ---- Text ----
AWKWARD_TEXTS = (
    *('"', "'", "'''", '"""', 'Ends with "', "Ends with \\", "\\", "\\n", "\\N{BULLET}", "It's"),
    *("{{ entities }}", "{% raw %}", "{# not a comment #}", "{0}", "}", "{", "{{", "${x}", "#{x}"),
    *("100%", "%s", "%(name)s", ":bind", "a:b", "| pipe |", "`code`", "<b>&amp;</b>", "# noqa"),
    *("–", "O’Neil", "“so”", "naïve", "日本語", "😀", "Zażółć", "a\nb", "a\tb", "null", "true"),
    *("1", "- a", "key: value", "?", "*", "&a", "!b", "@c", "---", "$$", "$1", ";", "--", "/* */"),
    *("x" * 120, "word " * 60, "'\"" * 30, " padded "),
    *("0.0.0.0", "::", "/tmp/uploads", "/var/tmp/x", "/dev/shm/x", "hunter2", "password"),
)
_CHARACTERS = "abcXYZ 019'\"\\{}%:$#@<>&|/`*_[]()~^!?;,.-+=éüß–’…字😀\n\t"
plain_text = st.sampled_from(["What it is.", "A note.", "Text."])

ENUM_VALUES = (
    *("draft", "published", "in progress", "in-progress", "v1.0", "a/b", "Open", "mro", "name"),
    *("value", "true", "none", "null", "été", "straße", "x", "n" * 63, "it's", 'say "so"', "a\\b"),
    *("p100%", "a{b", "a{{b", "a:b", "日本", "self", "class", "y", "no", "title", "values"),
    *("pass", "password", "token", "secret", "pwd"),
)
_ENUM_CHARACTERS = "abcxyz09 -./_'é"

# A pattern, and the lengths of what it matches.
PATTERNS: dict[str, tuple[int, int]] = {
    "^[a-z]+$": (1, 2000),
    "^[A-Z]{3}-[0-9]{4}$": (8, 8),
    "^#[0-9a-f]{6}$": (7, 7),
    "^[a-z]+:[0-9]{2}$": (4, 2000),
    r"^\d{4}%$": (5, 5),
    r"""^['"\\]{9}$""": (9, 9),
}

# ---- Limits that keep the tests of a rendered project fast ----
MOST_PARENTS = 8  # rows that must exist before one of an entity can
INT_RANGE = (-(2**31), 2**31 - 1)
NUMBERS = ("int", "float", "decimal")
ORDERED = (*NUMBERS, "date", "datetime", "time")
TEXT = ("str", "text", "email", "url")
COMPARED = ("str", "text", "enum", "bool", "int")  # with values, in `where` of an index
LANGUAGES = ("simple", "english", "german", "french", "turkish")
SHOWN = ("read_write", "create_only", "read_only")
SETTABLE = ("read_write", "create_only", "write_only")


@dataclass
class _Entity:
    """An entity on its way, and the names that are taken in it."""

    name: str
    plural: str
    keys: Answer
    rank: int  # required references point to lower ranks
    rows: int = 1  # that creating one takes, with all that it must refer to
    fields: Answer = field(default_factory=dict)
    relations: Answer = field(default_factory=dict)
    attributes: set[str] = field(default_factory=set)
    filters: set[str] = field(default_factory=set)


def schemas(features: Features = ALL) -> st.SearchStrategy[Schema]:
    """Return a strategy for valid answers to `entities`."""
    return _schemas(features)


def options() -> st.SearchStrategy[dict[str, str]]:
    """Return a strategy for the answers that change the code."""
    return st.fixed_dictionaries(
        {
            "concurrency": st.sampled_from(["async", "sync"]),
            "primary_key": st.sampled_from(["uuid7", "bigint"]),
            "pagination": st.sampled_from(["cursor", "offset"]),
        }
    )


@st.composite
def _schemas(draw: st.DrawFn, features: Features) -> Schema:
    return _Builder(draw, features).schema()


class _Builder:
    """Draws one schema."""

    def __init__(self, draw: st.DrawFn, features: Features) -> None:
        self.draw = draw
        self.features = features
        self.entities: list[_Entity] = []
        self.classes = set(RESERVED_CLASSES)
        self.tables = set(RESERVED_TABLES)
        self.pairs: set[tuple[str, str]] = set()  # entities that a relation connects

    def schema(self) -> Schema:
        for _ in range(
            self.draw(st.integers(self.features.fewest_entities, self.features.entities))
        ):
            self.add_entity()
        # Relations first: they take names on both sides.
        for entity in self.entities:
            for _ in range(self.draw(st.integers(0, self.features.relations))):
                self.add_relation(entity)
        for entity in self.entities:
            fewest = 0 if entity.relations else 1
            for _ in range(self.draw(st.integers(fewest, self.features.fields))):
                self.add_field(entity)
            self.add_column_lists(entity)
            self.add_search(entity)
        # The order in the file need not be that of the references.
        order = self.draw(st.permutations(self.entities))
        return {entity.name: self.entity_answer(entity) for entity in order}

    # ---- Drawing ----

    def chance(self, percent: int) -> bool:
        """Draw a decision, which shrinks to no."""
        return self.draw(st.integers(1, 100)) > 100 - percent

    def pick(self, values: Sequence[T]) -> T:
        """Draw one of the values."""
        return self.draw(st.sampled_from(values))

    def text(self) -> str:
        """Draw a description."""
        if not self.features.awkward_text or self.chance(40):
            return self.draw(plain_text)
        return self.draw(st.sampled_from(AWKWARD_TEXTS) | st.text(_CHARACTERS, min_size=1))

    def name(
        self,
        plain: Sequence[str],
        awkward: Sequence[str],
        usable: Callable[[str], bool],
        longest: int = LONGEST_NAME,
    ) -> str:
        """Draw a name; one that is not usable gets a number in front."""
        pools = [st.sampled_from(plain)]
        if self.features.awkward_names:
            pools += [st.sampled_from(awkward), any_name, st.sampled_from(LONG_NAMES)]
        weights = [0] * 6 + [1] * 6 + [2, 2, 3] if len(pools) > 1 else [0]
        drawn = self.draw(pools[self.pick(weights)])
        name = drawn[:longest].rstrip("_") if len(drawn) > longest else drawn
        for number in count(2):
            if usable(name) and not iskeyword(name):
                return name
            name = f"n{number}_{drawn}"[:longest].rstrip("_")
        raise AssertionError("unreachable")

    # ---- Entities ----

    def add_entity(self) -> None:
        keys: Answer = {}
        features = self.features.entity_keys
        name = self.name(ENTITY_NAMES, AWKWARD_ENTITY_NAMES, self.is_entity_usable)
        self.classes |= {pascal(name) + layer for layer in LAYERS}
        if "description" in features and self.chance(40):
            keys["description"] = self.text()
        table = plural(name)
        if "plural" in features and (self.chance(25) or not self.is_table_usable(table)):
            table = self.name(
                [f"{name}_list"[:LONGEST_NAME].rstrip("_"), name],
                ["people", "user", "order", "all_of_them", "group", name],
                self.is_table_usable,
            )
            keys["plural"] = table
        self.tables.add(table)
        if "soft_delete" in features and self.chance(35):
            keys["soft_delete"] = True
        if "timestamps" in features and self.chance(30):
            keys["timestamps"] = self.chance(10)
        self.entities.append(_Entity(name, table, keys, rank=len(self.entities)))

    def is_entity_usable(self, name: str) -> bool:
        classes = {pascal(name) + layer for layer in LAYERS}
        needs_plural = not self.is_table_usable(plural(name))
        return (
            name not in RESERVED_ENTITIES
            and not name.endswith("_")
            and name not in {entity.name for entity in self.entities}
            and not classes & self.classes
            and not (needs_plural and "plural" not in self.features.entity_keys)
        )

    def is_table_usable(self, table: str) -> bool:
        # The default for the other side of a relation is the plural, hence the length of a name.
        return table not in self.tables and len(table) <= LONGEST_NAME and not table.endswith("_")

    def entity_answer(self, entity: _Entity) -> Answer:
        answer = dict(entity.keys)
        if entity.fields:
            answer["fields"] = entity.fields
        if entity.relations:
            answer["relations"] = entity.relations
        if self.features.nulls and self.chance(15):
            keys = {"fields", "relations", *self.features.entity_keys}
            empty = sorted(keys - set(answer) - {"soft_delete", "timestamps"})
            if empty:
                answer[self.pick(empty)] = None
        return answer

    # ---- Relations ----

    def add_relation(self, entity: _Entity) -> None:
        kind = self.pick(self.features.kinds)
        targets = [other for other in self.entities if self.may_refer(entity, other, kind)]
        if not targets:
            return
        target = self.pick(targets)
        optional = self.is_relation_optional(entity, target, kind)
        if optional and "optional" not in self.features.relation_keys:
            return
        column = {"many_to_many": "_ids"}.get(kind, "_id")
        link = kind == "many_to_many"
        is_self = entity is target

        def usable(name: str) -> bool:
            taken = _link_table(entity.name, name) in self.tables
            taken |= _link_class(entity.name, name) in self.classes
            return not (link and taken) and _is_free(entity, name, name + column)

        # 63 characters must hold `<entity>_<relation>_link`.
        longest = LONGEST_IDENTIFIER - len(f"{entity.name}__link") if link else LONGEST_NAME
        plain = (target.name, *RELATION_NAMES)
        name = self.name(plain, AWKWARD_RELATION_NAMES, usable, min(longest, LONGEST_NAME))
        entity.attributes |= {name, name + column}
        if link:
            self.tables.add(_link_table(entity.name, name))
            self.classes.add(_link_class(entity.name, name))
        else:
            entity.filters |= {name + column, f"{name}{column}_is_null"}

        answer: Answer = {"to": target.name}
        if kind != "many_to_one" or self.chance(10):
            answer["kind"] = kind
        default = entity.name if kind == "one_to_one" else entity.plural
        must = (link and is_self) or not _is_free(target, default)
        if "inverse" not in self.features.relation_keys:
            must = False
        if must or ("inverse" in self.features.relation_keys and self.chance(50)):
            answer["inverse"] = self.name(
                [default, f"{name.rstrip('_')}_of"[:LONGEST_NAME].rstrip("_")],
                AWKWARD_RELATION_NAMES,
                lambda inverse: _is_free(target, inverse) and not inverse.endswith("_"),
            )
        target.attributes.add(answer.get("inverse", default))
        if not link:
            self.add_reference_keys(answer, optional)
            entity.rows += 0 if optional else target.rows
        self.pairs.add((entity.name, target.name))
        entity.relations[name] = answer

    def may_refer(self, entity: _Entity, target: _Entity, kind: str) -> bool:
        features = self.features
        if entity is target and kind not in features.self_references:
            return False
        if target.rank > entity.rank and not features.cycles:
            return False
        if "inverse" not in features.relation_keys:
            default = entity.name if kind == "one_to_one" else entity.plural
            if entity is target or not _is_free(target, default):
                return False
        pair = {(entity.name, target.name), (target.name, entity.name)}
        return features.several or not pair & self.pairs

    def is_relation_optional(self, entity: _Entity, target: _Entity, kind: str) -> bool:
        if kind == "many_to_many":
            return False
        if target.rank >= entity.rank or entity.rows + target.rows > MOST_PARENTS:
            return True
        return "optional" in self.features.relation_keys and self.chance(40)

    def add_reference_keys(self, answer: Answer, optional: bool) -> None:
        features = self.features.relation_keys
        if optional:
            answer["optional"] = True
        if "on_delete" in features and self.chance(60):
            actions = ["restrict", "cascade", "set_null"]
            answer["on_delete"] = self.pick(actions if optional else actions[:2])
        if "description" in features and self.chance(20):
            answer["description"] = self.text()

    # ---- Fields ----

    def add_field(self, entity: _Entity) -> None:
        type_ = self.pick(self.features.types)
        name = self.name(
            FIELD_NAMES,
            AWKWARD_FIELD_NAMES,
            lambda name: (
                _is_free(entity, name)
                and not (type_ in OWN_CLASS and entity_class(entity, name) in self.classes)
            ),
        )
        entity.attributes.add(name)
        answer: Answer = {"type": type_}
        if type_ in OWN_CLASS:
            self.classes.add(entity_class(entity, name))
        if type_ == "enum":
            answer["values"] = self.enum_values()
        default = self.add_rules(answer)
        self.add_access(answer)
        self.add_index(entity, name, answer)
        self.add_default(answer, default)
        if "description" in self.features.field_keys and self.chance(20):
            answer["description"] = self.text()
        if self.features.nulls and self.chance(5):
            empty = [key for key in ("default", "description") if key not in answer]
            if empty and (empty[0] != "default" or not self.needs_default(answer)):
                answer[empty[0]] = None
        entity.fields[name] = type_ if list(answer) == ["type"] and self.chance(80) else answer

    def enum_values(self) -> list[str]:
        strategy = st.sampled_from(["draft", "published", "archived", "open", "closed"])
        if self.features.awkward_text:
            anything = st.text(_ENUM_CHARACTERS, min_size=1, max_size=20).map(_as_enum_value)
            strategy = strategy | st.sampled_from(ENUM_VALUES) | anything
        return self.draw(st.lists(strategy, min_size=1, max_size=5, unique_by=_enum_member))

    def add_access(self, answer: Answer) -> None:
        features = self.features.field_keys
        access = "read_write"
        if "access" in features and self.chance(35):
            access = self.pick(self.features.accesses)
            answer["access"] = access
        if "optional" in features and self.chance(30):
            answer["optional"] = True

    def needs_default(self, answer: Answer) -> bool:
        """Tell whether no client can set the field and null is not allowed."""
        return answer.get("access", "read_write") not in SETTABLE and not answer.get("optional")

    def add_index(self, entity: _Entity, name: str, answer: Answer) -> None:
        features = self.features.field_keys
        type_, shown = answer["type"], answer.get("access", "read_write") in SHOWN
        filters = {name, f"{name}_is_null"}
        if type_ in ORDERED:
            filters |= {f"{name}_from", f"{name}_to"}
        if type_ in TEXT:
            filters.add(f"{name}_starts_with")
        if type_ == "json" or (shown and filters & (entity.filters | QUERY_PARAMETERS)):
            return
        index = "index" in features and self.chance(25)
        # A unique field has no default, so it must not need one.
        unique = "unique" in features and not self.needs_default(answer) and self.chance(20)
        if index:
            answer["index"] = True
        if unique:
            answer["unique"] = True
        if shown and (index or unique):
            entity.filters |= filters

    def add_default(self, answer: Answer, default: Default) -> None:
        if answer.get("unique") or default is None:
            if self.needs_default(answer):
                answer["optional"] = True
        elif self.needs_default(answer) or (
            "default" in self.features.field_keys and self.chance(30)
        ):
            answer["default"] = self.draw(default)

    # ---- Rules of a field ----

    def add_rules(self, answer: Answer) -> Default:
        """Draw bounds, lengths and so on, and return what they leave for a default."""
        type_ = answer["type"]
        if type_ in NUMBERS:
            return self.add_bounds(answer)
        if type_ in ("str", "text"):
            return self.add_lengths(answer)
        if type_ in ("email", "url"):
            if "max_length" in self.features.field_keys and self.chance(40):
                answer["max_length"] = self.pick([80, 254, 255, 320, 2000])
            return None
        if type_ == "enum":
            return st.sampled_from(answer["values"])
        return self.defaults_of()[type_]

    def defaults_of(self) -> dict[str, Default]:
        dates = st.dates(datetime.date(1, 1, 1), datetime.date(9999, 12, 31))
        moments = st.datetimes(datetime.datetime(1900, 1, 1), datetime.datetime(2999, 1, 1))
        moments = moments.map(lambda moment: moment.replace(microsecond=0))
        zones = st.sampled_from([0, 0, 60, 345, -210])
        zoned = st.builds(_zoned, moments, zones)
        texts = zoned.map(lambda moment: moment.isoformat())
        times = st.sampled_from(["00:00", "12:30", "12:30:00", "23:59:59"])
        date_texts = dates.map(lambda date: date.isoformat())
        yaml_dates = self.features.dates
        return {
            "bool": st.booleans(),
            "date": date_texts | dates if yaml_dates else date_texts,
            "datetime": (
                texts | texts.map(lambda text: text.replace("+00:00", "Z")) | zoned
                if yaml_dates
                else texts
            ),
            "time": times,
            "uuid": st.uuids().map(str),
            "json": st.sampled_from([{}, []]),
        }

    def add_lengths(self, answer: Answer) -> Default:
        keys = self.features.field_keys
        fewest, most = 0, 100_000
        if "pattern" in keys and self.chance(20):
            answer["pattern"] = self.pick(list(PATTERNS))
            fewest, most = PATTERNS[answer["pattern"]]
        if "min_length" in keys and self.chance(30):
            limits = [limit for limit in (0, 1, 2, 3, 8, 40) if limit <= most]
            answer["min_length"] = self.pick(limits)
            fewest = max(fewest, answer["min_length"])
        if "max_length" in keys and self.chance(50):
            limits = [1, 2, 3, 4, 8, 40, 41, 255, 1000, 5000]
            answer["max_length"] = self.pick([limit for limit in limits if limit >= fewest])
            most = min(most, answer["max_length"])
        if "pattern" in answer:
            return None
        most = min(most, fewest + 60)
        if not self.features.awkward_text:
            return st.text("abc ", min_size=fewest, max_size=most)
        text = st.text(_CHARACTERS, min_size=fewest, max_size=most)
        fitting = [text for text in AWKWARD_TEXTS if fewest <= len(text) <= most]
        return text | st.sampled_from(fitting) if fitting else text

    def add_bounds(self, answer: Answer) -> Default:
        """Choose the least and the greatest value, in steps of 1 or a decimal fraction of it."""
        keys = self.features.field_keys
        least, greatest = INT_RANGE
        places = 0 if answer["type"] == "int" else 2
        if answer["type"] == "decimal":
            places, greatest = self.add_precision(answer)
            least = -greatest
        if answer["type"] == "float":
            least, greatest = -(10**8), 10**8
        low, high = sorted([self.bound(least, greatest), self.bound(least, greatest)])
        few = self.chance(15)
        if few:  # room for one value, or some
            high = min(low + self.pick([0, 1, 4]), greatest)
        lower = upper = False
        if {"ge", "gt"} <= keys and (few or self.chance(35)):
            lower, least = True, low
        if {"le", "lt"} <= keys and (few or self.chance(35)):
            upper, greatest = True, high
        step = Decimal(1).scaleb(-places)
        for wanted, value, inclusive, exclusive, outwards in (
            (lower, least, "ge", "gt", -1),
            (upper, greatest, "le", "lt", 1),
        ):
            if not wanted:
                continue
            # One step further would leave the range of the type.
            if value + outwards in range(INT_RANGE[0], INT_RANGE[1] + 1) and self.chance(40):
                answer[exclusive] = _number((value + outwards) * step)
            else:
                answer[inclusive] = _number(value * step)
        return st.integers(least, greatest).map(lambda value: _number(value * step))

    def bound(self, least: int, greatest: int) -> int:
        """Draw a number between the limits; those near 0, and the limits, are likely."""
        near = st.integers(max(least, -3), min(greatest, 1000))
        return self.draw(near | st.sampled_from([least, greatest]) | st.integers(least, greatest))

    def add_precision(self, answer: Answer) -> tuple[int, int]:
        """Return the places that bounds have, and the greatest value in units of the last one."""
        keys = self.features.field_keys
        if "precision" not in keys or not self.chance(60):
            return 2, 10**8
        precision = self.pick([1, 2, 4, 6, 10, 12, 38, 1000])
        answer["precision"] = precision
        scale = 0
        if "scale" in keys and self.chance(75):
            scales = [0, 1, 2, 3, 6, precision]
            scale = self.pick([scale for scale in scales if scale <= precision])
            answer["scale"] = scale
        places = min(scale, 4)
        # One less, so that an exclusive bound, one step further, has the precision too.
        digits = precision - scale + places
        return places, min(10**digits - 2, 10**8)

    # ---- Columns together ----

    def add_column_lists(self, entity: _Entity) -> None:
        keys = self.features.entity_keys
        references = [
            name for name, answer in entity.relations.items() if answer.get("kind") != KINDS[2]
        ]
        fields = [name for name, answer in entity.fields.items() if _type(answer) != "json"]
        moments = [] if entity.keys.get("timestamps") is False else ["created_at", "updated_at"]
        deleted = ["deleted_at"] if entity.keys.get("soft_delete") else []
        existing, served = _indexed(entity)
        if "unique" in keys:
            answers = entity.fields | entity.relations
            # What is unique by itself makes no list with others.
            together = [name for name in (*fields, *references) if not _is_unique(answers[name])]
            optional = {name for name in together if _is_optional(answers[name])}
            lists: list[list[str]] = []
            pair = [name for name in references if name in together][:2]
            if len(pair) > 1 and self.chance(50):  # an association with columns of its own
                lists.append(pair)
            if together and self.chance(25):
                names = self.columns_with(self.pick(together), [*together, *moments])
                # Nor does a list that holds another.
                if not any(set(names) <= set(other) or set(names) >= set(other) for other in lists):
                    lists.append(names)
            if new := _new(lists, existing):
                entity.keys["unique"] = [self.unique(names, optional) for names in new]
        columns = [*fields, *references, "id", *moments, *deleted]
        if "indexes" in keys and self.chance(50):
            self.add_indexes(entity, columns, existing | served)

    # ---- Indexes ----

    def add_indexes(
        self, entity: _Entity, columns: list[str], existing: set[tuple[str, ...]]
    ) -> None:
        """Draw items of `indexes`, no two of the same columns or with the same name."""
        indexes: list[list[str] | Answer] = []
        taken = _index_names(entity)
        drawn = [
            self.index(entity, columns, self.columns_with(self.pick(columns), columns))
            for _ in range(self.draw(st.integers(1, 3)))
        ]
        drawn += [
            self.json_index(entity, name)
            for name, answer in entity.fields.items()
            if _type(answer) == "json" and "using" in self.features.index_keys and self.chance(40)
        ]
        for index in drawn:
            names = [name.removeprefix("-") for name in _columns(index)]
            name = _index_name(entity, index)
            is_plain = isinstance(index, list) or not index.keys() & {"where", "include", "using"}
            if name not in taken and not (is_plain and tuple(names) in existing):
                taken.add(name)
                # An index ends with the identifier, whether the answer says so or not.
                plain = tuple(names[:-1] if names[-1:] == ["id"] and len(names) > 1 else names)
                existing |= {plain, (*plain, "id")}
                indexes.append(index)
        if indexes:
            entity.keys["indexes"] = indexes

    def index(self, entity: _Entity, columns: list[str], names: list[str]) -> list[str] | Answer:
        """Return an item of `indexes`."""
        keys = self.features.index_keys
        items = self.descending([self.lower(entity, name) for name in names])
        if not keys or self.chance(40):
            return items
        answer: Answer = {"columns": items}
        if "where" in keys and self.chance(50):
            answer |= self.where(entity)
        others = [name for name in [*columns, *entity.fields] if name not in names]
        if "include" in keys and others and self.chance(30):
            chosen = st.lists(st.sampled_from(others), min_size=1, max_size=2, unique=True)
            answer["include"] = self.draw(chosen)
        plain = [item.removeprefix("-") for item in items]
        # What is unique by itself makes nothing unique with others; null are all rows that count.
        may_be_unique = not any(set(key) <= set(plain) for key in _keys(entity))
        may_be_unique &= "deleted_at" not in answer.get("where", {})
        is_special = "where" in answer or any(item.startswith("lower(") for item in plain)
        if "unique" in keys and may_be_unique and is_special and self.chance(50):
            answer["unique"] = True
        if "why" in keys and self.chance(50):
            answer["why"] = self.text()
        return answer

    def json_index(self, entity: _Entity, name: str) -> Answer:
        """Return an item of `indexes` that finds what is in a json field."""
        answer: Answer = {"columns": [name], "using": "gin"}
        field = entity.fields[name]
        access = "read_write" if isinstance(field, str) else field.get("access", "read_write")
        is_taken = f"{name}_contains" in entity.filters | QUERY_PARAMETERS
        if "where" in self.features.index_keys and (is_taken or self.chance(20)):
            answer |= self.where(entity)
        if "where" not in answer and access in SHOWN:
            if is_taken:
                return {"columns": ["id"], "include": [name]}
            entity.filters.add(f"{name}_contains")
        if "why" in self.features.index_keys and self.chance(30):
            answer["why"] = self.text()
        return answer

    def lower(self, entity: _Entity, name: str) -> str:
        is_text = name in entity.fields and _type(entity.fields[name]) in TEXT
        return f"lower({name})" if is_text and self.features.lower and self.chance(30) else name

    def where(self, entity: _Entity) -> Answer:
        """Return conditions of an index, if a column can have one."""
        answers = entity.fields | {
            name: answer
            for name, answer in entity.relations.items()
            if answer.get("kind") != KINDS[2]
        }
        optional = {name for name, answer in answers.items() if _is_optional(answer)}
        if entity.keys.get("soft_delete"):
            optional.add("deleted_at")
        compared = [name for name, answer in entity.fields.items() if _type(answer) in COMPARED]
        names = sorted(optional | set(compared))
        if not names:
            return {}
        where: Answer = {}
        for name in self.draw(
            st.lists(st.sampled_from(names), min_size=1, max_size=2, unique=True)
        ):
            if name not in compared or (name in optional and self.chance(40)):
                where[name] = self.pick([None, {"not": None}])
                continue
            values = self.values_of(entity.fields[name])
            several = st.lists(values, min_size=1, max_size=3, unique_by=repr)
            where[name] = self.draw(values | several)
        return {"where": where}

    def values_of(self, answer: str | Answer) -> st.SearchStrategy[Any]:
        """Return values with which `where` compares a field."""
        type_ = _type(answer)
        if type_ == "enum" and not isinstance(answer, str):
            return st.sampled_from(answer["values"])
        if type_ == "bool":
            return st.booleans()
        if type_ == "int":
            return st.integers(*INT_RANGE) | st.integers(-3, 3)
        plain = st.sampled_from(["a", "draft", "published"])
        return plain | st.sampled_from(AWKWARD_TEXTS) if self.features.awkward_text else plain

    # ---- Search ----

    def add_search(self, entity: _Entity) -> None:
        fields = [
            name
            for name, answer in entity.fields.items()
            if _type(answer) in ("str", "text")
            and (isinstance(answer, str) or answer.get("access", "read_write") in SHOWN)
        ]
        is_free = "search_vector" not in entity.attributes
        if not fields or not is_free or "search" not in self.features.entity_keys:
            return
        if not self.chance(50):
            return
        chosen = st.lists(st.sampled_from(fields), min_size=1, max_size=6, unique=True)
        search: list[str] | Answer = self.draw(chosen)
        if self.chance(40):
            search = {"fields": search}
            if self.chance(70):
                search["language"] = self.pick(LANGUAGES)
        entity.keys["search"] = search

    # ---- Lists of columns ----

    def unique(self, names: list[str], optional: set[str]) -> list[str] | Answer:
        """Return an item of `unique`."""
        answer: Answer = {"columns": names}
        if set(names) & optional and self.chance(50):
            answer["nulls"] = self.pick(["equal", "distinct"])
        elif self.chance(80):
            return names
        return answer

    def columns_with(self, first: str, columns: Collection[str]) -> list[str]:
        """Draw up to three columns, `first` among them."""
        others = [name for name in columns if name != first]
        more = (
            self.draw(st.lists(st.sampled_from(others), max_size=2, unique=True)) if others else []
        )
        return list(self.draw(st.permutations([first, *more])))

    def descending(self, names: list[str]) -> list[str]:
        if not self.features.descending:
            return names
        return ["-" + name if self.chance(30) else name for name in names]


def entity_class(entity: _Entity, name: str) -> str:
    """Return the class of an enum."""
    return pascal(entity.name) + pascal(name)


def _is_free(entity: _Entity, *names: str) -> bool:
    """Tell whether an entity can have attributes of these names."""
    return not any(
        name in entity.attributes
        or name in RESERVED_ATTRIBUTES
        or name.startswith(RESERVED_PREFIXES)
        or iskeyword(name)
        for name in names
    ) and len(set(names)) == len(names)


def _link_table(entity: str, relation: str) -> str:
    return f"{entity}_{relation}_link"


def _link_class(entity: str, relation: str) -> str:
    return f"{pascal(entity)}{pascal(relation)}Link"


def _type(answer: str | Answer) -> str:
    return answer if isinstance(answer, str) else cast(str, answer["type"])


def _is_unique(answer: str | Answer) -> bool:
    """Tell whether no two rows share the value of a field or relation."""
    return not isinstance(answer, str) and (
        bool(answer.get("unique")) or answer.get("kind") == "one_to_one"
    )


def _is_optional(answer: str | Answer) -> bool:
    """Tell whether a column may be null."""
    return not isinstance(answer, str) and bool(answer.get("optional"))


def _indexed(entity: _Entity) -> tuple[set[tuple[str, ...]], set[tuple[str, ...]]]:
    """Return the lists of columns that have an index anyway, and what such an index serves, too."""
    indexed: set[tuple[str, ...]] = {("id",)}
    served: set[tuple[str, ...]] = set()
    for name, answer in entity.fields.items():
        if isinstance(answer, str):
            continue
        if answer.get("unique"):
            indexed.add((name,))
            served.add((name, "id"))
        if answer.get("index"):
            indexed |= {(name,), (name, "id")}
    for name, answer in entity.relations.items():
        is_one_to_one = answer.get("kind") == "one_to_one"
        indexed.add((name,) if is_one_to_one else (name, "id"))
        served.add((name, "id") if is_one_to_one else (name,))
    return indexed, served


def _keys(entity: _Entity) -> list[list[str]]:
    """Return the lists of columns that are unique."""
    answers = entity.fields | entity.relations
    keys = [["id"], *([name] for name, answer in answers.items() if _is_unique(answer))]
    return keys + [_columns(together) for together in entity.keys.get("unique", [])]


def _columns(answer: list[str] | Answer) -> list[str]:
    """Return the columns of an item of `unique` or `indexes`."""
    return answer if isinstance(answer, list) else cast("list[str]", answer["columns"])


def _index_names(entity: _Entity) -> set[str]:
    """Return the names of the indexes of fields, without that of the table."""
    indexed = [
        name
        for name, answer in entity.fields.items()
        if not isinstance(answer, str) and answer.get("index")
    ]
    return {f"{name}_{word}" for name in indexed for word in ("id", "pattern")}


def _index_name(entity: _Entity, index: list[str] | Answer) -> str:
    """Return the name of an index, without that of the table and without the values in it."""
    words = []
    for item in _columns(index):
        name = item.removeprefix("-").removeprefix("lower(").removesuffix(")")
        lower = "lower_" if "lower(" in item else ""
        reference = "_id" if name in entity.relations else ""
        words.append(f"{lower}{name}{reference}{'_desc' if item.startswith('-') else ''}")
    keys = index if isinstance(index, dict) else {}
    listed = {*words, *keys.get("include", [])}
    if not keys.keys() & {"unique", "using"} and not listed & {"id", "id_desc"}:
        words.append("id_desc" if _columns(index)[-1].startswith("-") else "id")
    if isinstance(index, dict):
        words += ["gin"] if "using" in index else []
        words += ["include", *index["include"]] if "include" in index else []
        words += ["where"] if "where" in index else []
    return "_".join(words)


def _new(lists: list[list[str]], existing: set[tuple[str, ...]]) -> list[list[str]]:
    """Return the lists that do not exist yet, and note them."""
    new = []
    for names in lists:
        if tuple(names) not in existing:
            existing.add(tuple(names))
            new.append(names)
    return new


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def _zoned(moment: datetime.datetime, minutes: int) -> datetime.datetime:
    zone = datetime.timezone(datetime.timedelta(minutes=minutes))
    return moment.replace(tzinfo=zone)


def _enum_member(value: str) -> str:
    """Return the name of a member, as the template makes it."""
    return "".join(letter if letter.isalnum() else "_" for letter in value.upper())


def _as_enum_value(text: str) -> str:
    """Return a value whose member can be named: one that starts and ends with a letter or digit."""
    value = text.strip(" -./_'")
    return value if value[:1].isalpha() else "v" + value
