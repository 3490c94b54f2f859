"""Migrations of domains that change, in projects of the default variant."""

import itertools
import json
import os
import re
import shutil
import socket
import struct
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.environment import Commands
from tests.rendering import copier

# Text with a meaning in SQL, in SQLAlchemy's text, to the driver or in regular expressions.
AWKWARD = ["a :b", "it's", "p50%", "x::y z :q::r", "back\\slash"]
PATTERNS = [r"^\d+%$", "^(?:a|b's)$", r"^\(?:\d+$", "^[(?:]+$", r"^\\:\:c$", "^[[:alpha:]]+$"]

# Fields by their type, with a default if there can be one.
FIELDS: dict[str, dict[str, Any]] = {
    "str": {"default": "a"},
    "text": {"default": "it's"},
    "int": {"default": 0},
    "float": {"default": 0.5},
    "decimal": {"default": 1.5},
    "bool": {"default": True},
    "date": {"default": "2024-02-29"},
    "datetime": {"default": "2024-02-29T12:00:00Z"},
    "time": {"default": "12:30"},
    "uuid": {"default": "00000000-0000-4000-8000-000000000001"},
    "json": {"default": {}},
    "enum": {"values": ["a", "b"], "default": "b"},
    "email": {},
    "url": {},
}

THING = {"thing": {"fields": {"name": "str"}}}

# One process for many steps saves imports, and starts of the server.
STEPS = """
import json, pathlib, psycopg, sys
from alembic.config import main
from my_blog.db.embedded import embedded_url

url = embedded_url(pathlib.Path(".postgres"))
results = []
for step in sys.argv[1:]:
    if step.startswith("alembic "):
        main(step.split()[1:])
        continue
    with psycopg.connect(url) as connection:
        cursor = connection.execute(step)
        results += [cursor.fetchall()] if cursor.description else []
print(json.dumps(results))
"""


def run(commands: Commands, *steps: str) -> Any:
    """Run commands of Alembic and SQL in a project; return the rows of each SELECT."""
    output = commands.run("python", "-c", STEPS, *steps).stdout
    # A server that takes long to stop says so afterwards.
    return json.loads([line for line in output.splitlines() if line.startswith("[")][-1])


def migrate(message: str) -> list[str]:
    """Return the steps that write a migration from the models, and apply it."""
    revision = f"alembic revision --autogenerate -m {message}"
    return [revision, "alembic upgrade head", "alembic check"]


def test_values_of_an_enum(template: Path, tmp_path: Path) -> None:
    project = copier(template, tmp_path / "my-blog", {})
    commands = Commands(project)
    user = "INSERT INTO users (email, name) VALUES ('a@example.com', 'A')"
    post = "INSERT INTO posts (title, body, author_id, status) SELECT 'T', 'B', id, '{}' FROM users"
    run(commands, *migrate("initial"), user, post.format("draft"))

    module = project / "src" / "my_blog" / "models" / "post.py"
    before = module.read_text()
    member = '    PUBLISHED = "published"\n'
    module.write_text(before.replace(member, member + '    ARCHIVED = "archived"\n'))
    output = commands.run("nox", "-s", "migrations", "--", "archived").stdout
    assert "CHECK (status IN ('draft', 'published', 'archived'));" in output
    with pytest.raises(AssertionError, match="ck_posts_status"):
        run(commands, post.format("archived"))
    statuses = "SELECT status FROM posts ORDER BY status"
    steps = ["alembic upgrade head", "alembic check", post.format("archived"), statuses]
    assert run(commands, *steps) == [[["archived"], ["draft"]]]

    steps = ["DELETE FROM posts WHERE status = 'archived'", "alembic downgrade -1"]
    with pytest.raises(AssertionError, match="ck_posts_status"):
        run(commands, *steps, post.format("archived"))
    remove_migration(project, "archived")
    module.write_text(before)
    assert run(commands, "alembic check", statuses) == [[["draft"]]]


def test_text_comes_through_as_it_is(template: Path, tmp_path: Path) -> None:
    """Fields come and go, with values, patterns and defaults that are hard to quote."""
    fields: dict[str, Any] = {"name": "str"}
    entities = {"thing": {"fields": fields}}
    project = copier(template, tmp_path / "my-blog", {"entities": entities})
    src = project / "src"
    shutil.copytree(src, tmp_path / "old")
    commands = Commands(project)
    run(commands, *migrate("initial"), "INSERT INTO things (name) VALUES ('a')")

    fields["kind"] = {"type": "enum", "values": AWKWARD, "default": AWKWARD[0]}
    fields["note"] = {"type": "str", "default": " ".join(AWKWARD)}
    for number, pattern in enumerate(PATTERNS):
        fields[f"code{number}"] = {"type": "str", "pattern": pattern, "optional": True}
    new = copier(template, tmp_path / "new", {"entities": entities}) / "src"
    replace(src, new)
    checks = (
        "SELECT pg_get_constraintdef(oid, true) FROM pg_constraint"
        " WHERE conname LIKE 'ck_things_code%' ORDER BY conname"
    )
    updates = [f"UPDATE things SET kind = {quoted(value)}" for value in AWKWARD]
    steps = ["SELECT kind, note FROM things", checks, *updates]
    expected = [
        [[AWKWARD[0], " ".join(AWKWARD)]],
        [
            [f"CHECK (code{number}::text ~ {quoted(pattern)}::text)"]
            for number, pattern in enumerate(PATTERNS)
        ],
    ]
    assert run(commands, *migrate("more"), *steps) == expected
    script = commands.run("alembic", "upgrade", "base:head", "--sql").stdout
    assert all(quoted(text) in script for text in AWKWARD + PATTERNS)

    # What a migration removes, its downgrade restores from the words of the database.
    replace(src, tmp_path / "old")
    assert run(commands, *migrate("fewer"), checks, "alembic downgrade -1", *steps) == [
        [],
        *expected,
    ]
    remove_migration(project, "fewer")
    replace(src, new)
    run(commands, "alembic check")


def test_each_type_becomes_each_other(template: Path, tmp_path: Path) -> None:
    """With a default before, after, both times and never."""
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for had in (True, False):
        for has in (True, False):
            entity = f"thing_{had:d}{has:d}"
            before[entity] = {"fields": {}}
            after[entity] = {"fields": {}}
            for old, new in itertools.permutations(FIELDS, 2):
                before[entity]["fields"][f"{old}_{new}"] = of_type(old, had)
                after[entity]["fields"][f"{old}_{new}"] = of_type(new, has)
    project = copier(template, tmp_path / "my-blog", {"entities": before})
    new_src = copier(template, tmp_path / "new", {"entities": after}) / "src"
    commands = Commands(project)
    run(commands, *migrate("initial"))
    shutil.copytree(project / "src", tmp_path / "old")
    replace(project / "src", new_src)
    run(commands, *migrate("others"), "alembic downgrade -1")
    remove_migration(project, "others")
    replace(project / "src", tmp_path / "old")
    run(commands, "alembic check")


NAME = {"type": "str", "max_length": 50, "index": True}
COUNT = {"type": "int", "default": 1}
OTHER = {"fields": {"name": "str"}, "search": ["name"]}
WHY = "It's for: 100%."
# One thing after the other, with another table from time to time.
SEARCHES: list[dict[str, Any]] = [
    {"thing": {"fields": {"name": NAME, "body": "text", "count": COUNT}}},
    {  # Search and indexes come.
        "thing": {
            "fields": {"name": NAME, "body": "text", "count": COUNT},
            "search": ["name", "body"],
            "indexes": [
                {"columns": ["count"], "where": {"name": ["a:b", "it's"]}, "why": WHY},
                {"columns": ["lower(name)", "-count"], "where": {"count": 1}},
            ],
        },
        "other": OTHER | {"indexes": [{"columns": ["name"], "why": WHY}]},
    },
    {  # The order of fields, a type that is searched, the reason of an index, what is unique.
        "thing": {
            "fields": {"name": NAME | {"max_length": 80}, "body": "text", "count": COUNT},
            "search": ["body", "name"],
            "indexes": [
                {"columns": ["count"], "where": {"name": ["a:b", "it's"]}, "why": "Another."},
                {
                    "columns": ["lower(name)", "-count"],
                    "where": {"count": 1},
                    "unique": True,
                    "why": WHY,
                },
            ],
        },
    },
    {  # A field that is searched goes, another one comes; conditions have another type.
        "thing": {
            "fields": {
                "name": {"type": "text", "index": True},
                "note": {"type": "str", "optional": True},
                "count": {"type": "str", "default": "1"},
            },
            "search": {"fields": ["note", "name"], "language": "german"},
            "indexes": [
                {"columns": ["count"], "where": {"name": ["a:b", "it's"]}},
                {
                    "columns": ["lower(name)", "-count"],
                    "where": {"count": "1"},
                    "include": ["note"],
                },
            ],
        },
        "other": OTHER | {"search": {"fields": ["name"], "language": "simple"}},
    },
    {  # Search goes with what is searched, and stays.
        "thing": {"fields": {"count": {"type": "str", "default": "1"}}},
        "other": OTHER | {"fields": {"name": {"type": "text", "optional": True}}},
    },
]
INDEXES = (
    "SELECT indexdef, obj_description(format('%I', indexname)::regclass, 'pg_class')"
    " FROM pg_indexes WHERE tablename IN ('things', 'others') ORDER BY 1"
)
# Not the place of a column: one that was dropped comes back as the last.
COLUMNS = (
    "SELECT attrelid::regclass::text, attname, format_type(atttypid, atttypmod),"
    " pg_get_expr(adbin, adrelid), col_description(attrelid, attnum)"
    " FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum"
    " WHERE attrelid IN (to_regclass('things'), to_regclass('others'))"
    " AND attnum > 0 AND NOT attisdropped ORDER BY 1, 2"
)


def test_search_and_kinds_of_indexes(template: Path, tmp_path: Path) -> None:
    """They come, change in all ways and go; a downgrade leads back to what there was."""
    project = copier(template, tmp_path / "my-blog", {"entities": SEARCHES[0]})
    commands = Commands(project)
    run(commands, *migrate("step0"))
    for number, entities in enumerate(SEARCHES[1:], 1):
        new = copier(template, tmp_path / f"new{number}", {"entities": entities})
        replace(project / "src", new / "src")
        state = [INDEXES, COLUMNS]
        steps = [*state, *migrate(f"step{number}"), *state, "alembic downgrade -1", *state]
        steps += ["alembic upgrade head", "alembic check", *state]
        first, second, third, fourth = batched(run(commands, *steps))
        assert plain(third) == plain(first)
        assert fourth == second
        assert plain(second) != plain(first)
    (text,) = [path.read_text() for path in project.glob("migrations/versions/*_step2_*.py")]
    assert text.count('op.drop_column("things", "search_vector")') == 2  # one of the downgrade
    commands.run("ruff", "check", "migrations")
    commands.run("ruff", "format", "--check", "migrations")
    commands.run("mypy", "migrations")
    script = commands.run("alembic", "upgrade", "base:head", "--sql").stdout
    assert f"IS {quoted(WHY)}" in script


def plain(state: Any) -> str:
    """Return a state without casts and parentheses: told its own words, PostgreSQL adds some."""
    return re.sub(r"::[a-z ]+(\[\])?|[() ]", "", json.dumps(state))


def batched(results: list[Any]) -> list[list[Any]]:
    """Return results in pairs."""
    return [results[place : place + 2] for place in range(0, len(results), 2)]


SHAPE = '''
"""Types by hand."""

import datetime as dt
import enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlmodel import Field, SQLModel


class Color(enum.StrEnum):
    """Names are stored."""

    RED = "red"
    GREEN = "green"{color}


class Kinds(enum.Enum):
    """Values are stored."""

    COLON = "a :b"
    PERCENT = "5%"{kind}


class Cents(sa.TypeDecorator[int]):
    """Money."""

    impl = sa.Integer
    cache_ok = True

    def __init__(self, scale: int = 2) -> None:
        """Keep the scale."""
        self.scale = scale
        super().__init__()


class Document(postgresql.JSONB):
    """The same as its base, in the database."""


class Version(sa.types.UserDefinedType[Any]):
    """What SQLAlchemy does not know."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Return a type of PostgreSQL."""
        return "pg_lsn"


enum_of_kinds = sa.Enum(
    Kinds,
    name="Odd Enum",
    values_callable=lambda kinds: [kind.value for kind in kinds],
)


class Shape(SQLModel, table=True):
    """A table with them."""

    __tablename__ = "shapes"
    id: int = Field(primary_key=True)
    color: Color = Field(sa_column_kwargs={{"server_default": "RED"}})
    kinds: list[str] = Field(sa_type=postgresql.ARRAY(enum_of_kinds))
    price: int = Field(sa_type=Cents(3), sa_column_kwargs={{"server_default": "0"}})
    names: list[str] = Field(sa_type=postgresql.ARRAY(sa.String(5)))
    wait: dt.timedelta = Field(sa_type=sa.Interval)
    document: dict[str, Any] = Field(sa_type=Document)
    version: str = Field(sa_type=Version())
    network: str = Field(sa_type=postgresql.CIDR)
    {more}
'''
FIRST_SHAPE = SHAPE.format(
    color="",
    kind="",
    more="""
    state: str = Field(default="on", sa_column_kwargs={"server_default": "on"})
    level: int = Field(sa_type=postgresql.DOMAIN("level", sa.Integer(), check="VALUE > 0"))
    gone: str = Field(sa_type=sa.Enum("x", "y", name="gone"))
    """,
)
# Values come, in three places, and go; types come, go and replace each other.
SECOND_SHAPE = SHAPE.format(
    color='\n    BLUE = "blue"',
    kind='\n    OTHER = "it\'s"',
    more="""
    state: str = Field(
        default="on",
        sa_type=sa.Enum("on", "off", name="state"),
        sa_column_kwargs={"server_default": "on"},
    )
    level: int = Field(sa_type=sa.Enum("low", "high", name="height"))
    """,
).replace('COLON = "a :b"', 'NEW = "new"')


def test_types_of_ones_own(template: Path, tmp_path: Path) -> None:
    """Named types come and go with their columns; migrations import what they name."""
    project = copier(template, tmp_path / "my-blog", {"entities": THING})
    commands = Commands(project)
    module = project / "src" / "my_blog" / "models" / "shape.py"
    module.write_text(FIRST_SHAPE)
    types = (
        "SELECT typname FROM pg_type WHERE typtype IN ('d', 'e')"
        " AND typnamespace = 'public'::regnamespace ORDER BY typname COLLATE \"C\""
    )
    row = (
        "INSERT INTO shapes VALUES (1, 'GREEN', '{5%}', 1, '{a}', '1 day', '{}', '0/1',"
        " '10.0.0.0/8', 'off', 1, 'x')"
    )
    first = [[name] for name in ("Odd Enum", "color", "gone", "level")]
    steps = ["alembic downgrade base", types, "alembic upgrade head", "alembic check", types]
    assert run(commands, *migrate("initial"), *steps) == [[], first]

    module.write_text(SECOND_SHAPE)
    second = [[name] for name in ("Odd Enum", "color", "height", "state")]
    colors = "SELECT unnest(enum_range(NULL::color))::text"
    steps = [types, colors, "SELECT color::text, state::text FROM shapes"]
    assert run(commands, *migrate("second"), *steps, "alembic downgrade -1", *steps[:2]) == [
        second,
        [["RED"], ["GREEN"], ["BLUE"]],
        [],
        first,
        [["RED"], ["GREEN"]],
    ]
    # Of what no longer fits, PostgreSQL says which value it is.
    run(commands, row)
    process = commands.run("alembic", "upgrade", "head", check=False)
    assert process.returncode != 0
    assert 'invalid input value for enum height: "1"' in process.stdout
    assert "Traceback" not in process.stdout
    run(commands, "DELETE FROM shapes", "alembic upgrade head", "alembic check")
    script = commands.run("alembic", "upgrade", "base:head", "--sql").stdout
    assert script.count("CREATE TYPE color") == 1
    commands.run("ruff", "check", "migrations")
    commands.run("ruff", "format", "--check", "migrations")
    commands.run("mypy", "migrations")


INDEX_MIGRATION = """
from alembic import op
import sqlalchemy as sa

revision = "index"
down_revision = {down_revision!r}


def upgrade() -> None:
    {before}
    with op.get_context().autocommit_block():
        op.execute({session!r})
        op.create_index("by_name", "things", ["name"], unique=True, postgresql_concurrently=True)
    {behind}


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("by_name", "things", postgresql_concurrently=True)
    {behind}
"""
# In the block: what a transaction would have ended with.
SESSION = """
    DO $$ BEGIN
        ASSERT current_setting('lock_timeout') = '10s';
        ASSERT current_setting('statement_timeout') = '0';
        ASSERT EXISTS (
            SELECT FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()
        );
    END $$
"""


def test_index_that_is_created_concurrently(template: Path, tmp_path: Path) -> None:
    """A migration that fails, before, at and behind it, can be run again."""
    project = copier(template, tmp_path / "my-blog", {"entities": THING})
    commands = Commands(project)
    run(commands, *migrate("initial"), "ALTER ROLE postgres SET statement_timeout = '1min'")
    initial = commands.run("alembic", "current").stdout.split()[-2]
    path = project / "migrations" / "versions" / "index.py"

    def write(before: str = "", behind: str = "") -> None:
        path.write_text(
            INDEX_MIGRATION.format(
                down_revision=initial, before=before, behind=behind, session=SESSION
            )
        )

    def failure(command: str = "upgrade head") -> str:
        process = commands.run("alembic", *command.split(), check=False)
        assert process.returncode != 0, process.stdout
        assert "Traceback" not in process.stdout
        return process.stdout

    count = "SELECT count(*) FROM pg_attribute WHERE attname = 'more' AND NOT attisdropped"
    valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('by_name')"
    write(before='op.add_column("things", sa.Column("more", sa.String()))')
    for _ in range(2):
        assert "Move those steps behind the block" in failure()
        assert run(commands, count, valid) == [[[0]], []]

    run(commands, "INSERT INTO things (name) VALUES ('a'), ('a')")
    write()
    for _ in range(2):
        output = failure()
        assert 'index.py, line 13: could not create unique index "by_name"' in output
        assert "The index by_name of things is not valid" in output
        assert run(commands, valid) == [[[False]]]

    run(commands, "DELETE FROM things")
    write(behind='op.execute("SELECT 1 / 0")')
    for _ in range(2):
        assert "index.py, line 14: division by zero" in failure()
        assert run(commands, valid) == [[[True]]]

    write()
    assert "Applied index" in commands.run("alembic", "upgrade", "head").stdout
    assert run(commands, valid) == [[[True]]]
    write(behind='op.execute("SELECT 1 / 0")')
    for _ in range(2):
        assert "division by zero" in failure("downgrade -1")
        assert run(commands, valid) == [[]]
    write(behind='op.add_column("things", sa.Column("more", sa.String()))')
    run(commands, f"UPDATE alembic_version SET version_num = '{initial}'")
    assert run(commands, "alembic upgrade head", count, valid) == [[[1]], [[True]]]
    script = commands.run("alembic", "upgrade", f"{initial}:head", "--sql").stdout
    assert "CREATE UNIQUE INDEX CONCURRENTLY by_name" in script


def test_another_index_of_the_same_name(template: Path, tmp_path: Path) -> None:
    project = copier(template, tmp_path / "my-blog", {"entities": THING})
    commands = Commands(project)
    run(commands, *migrate("initial"), "CREATE INDEX by_name ON things (name)")
    initial = commands.run("alembic", "current").stdout.split()[-2]
    migration = INDEX_MIGRATION.format(
        down_revision=initial, before="", behind="", session="SELECT 1"
    )
    (project / "migrations" / "versions" / "index.py").write_text(migration)
    process = commands.run("alembic", "upgrade", "head", check=False)
    assert process.returncode != 0
    assert 'relation "by_name" already exists' in process.stdout


UNREACHABLE = "DATABASE_URL=postgresql://me:hunter2@127.0.0.1:1/db"
POOLED = "DATABASE_URL_UNPOOLED=postgresql://me:hunter2@ep-a-pooler.eu-central-1.aws.neon.tech/db"
# Environment variables and a command, and what it says.
REFUSED = {
    "no connection": ([UNREACHABLE], "upgrade head", "Cannot connect to postgresql"),
    "no URL": (
        ["DATABASE_URL=neondb"],
        "upgrade head",
        "DATABASE_URL does not start with postgresql",
    ),
    "no database": (["ENVIRONMENT=production"], "upgrade head", "DATABASE_URL is required"),
    "no number": (["POOL_SIZE=many"], "upgrade head", "POOL_SIZE Input should be a valid integer"),
    "a pooler": ([POOLED], "current", "leads to the pooler"),
    "behind": ([], "check", "First: uv run alembic upgrade head"),
    "behind, again": ([], "revision --autogenerate -m x", "First: uv run alembic upgrade head"),
    "unknown": ([], "upgrade nothing", "Can't locate revision identified by 'nothing'"),
    "two heads": ([], "upgrade head", "Join them: uv run alembic merge heads"),
    "a gap": ([], "upgrade head", "lacks 'gone', which another revision follows"),
}
# One more migration that leads to it.
REVISIONS = {
    "two heads": 'revision = "other"\ndown_revision = None\n',
    "a gap": 'revision = "other"\ndown_revision = "gone"\n',
}


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory, template: Path) -> Commands:
    """Return a project with a migration that is not applied."""
    project = copier(template, tmp_path_factory.mktemp("behind") / "my-blog", {"entities": THING})
    commands = Commands(project)
    commands.run("alembic", "revision", "--autogenerate", "-m", "initial")
    return commands


@pytest.mark.parametrize("case", REFUSED)
def test_refused_in_a_sentence(behind: Commands, case: str) -> None:
    variables, command, message = REFUSED[case]
    other = behind.project / "migrations" / "versions" / "other.py"
    if case in REVISIONS:
        other.write_text(REVISIONS[case])
    try:
        with_variables = ("env", "RETRY_TIMEOUT=1", *variables, "alembic", *command.split())
        process = behind.run(*with_variables, check=False)
    finally:
        other.unlink(missing_ok=True)
    assert process.returncode != 0
    assert message in process.stdout
    assert "Traceback" not in process.stdout
    assert "hunter2" not in process.stdout


POOLER = "unsupported startup parameter in options: lock_timeout"


def test_pooler_is_refused(behind: Commands) -> None:
    """As PgBouncer says it: a pooler would hand the lock and the limits to the next client."""
    fields = f"SFATAL\0C08P01\0M{POOLER}\0\0".encode()
    requests = []

    def answer(listener: socket.socket) -> None:
        client, _ = listener.accept()
        with client:
            requests.append(client.recv(1000))
            client.sendall(b"E" + struct.pack("!I", len(fields) + 4) + fields)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=answer, args=[listener], daemon=True).start()
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        url = f"postgresql://me@{address}/db?sslmode=disable&gssencmode=disable"
        process = behind.run(
            "env", f"DATABASE_URL={url}", "alembic", "upgrade", "head", check=False
        )
    assert process.returncode != 0
    assert b"-c lock_timeout=10s -c statement_timeout=0" in requests[0]
    assert "Migrations cannot go through a pooler: set DATABASE_URL_UNPOOLED" in process.stdout
    assert POOLER in process.stdout
    assert "Traceback" not in process.stdout


def test_commands_outside_of_the_project(behind: Commands) -> None:
    """Alembic itself looks for its configuration in the current folder; the way is in README.md."""
    project = behind.project
    run = ("uv", "run", "--directory", str(project.parent), "--project", str(project), "alembic")
    process = behind.run(*run, "current", check=False)
    assert process.returncode != 0
    assert process.stdout == "FAILED: No 'script_location' key found in configuration.\n"
    process = behind.run(*run, "--config", str(project / "pyproject.toml"), "history")
    assert "initial" in process.stdout


OWN_CONFIGURATION = """
import sys
from pathlib import Path
from alembic import command
from alembic.config import Config

config = Config()
config.set_main_option("script_location", sys.argv[1])
path = list(sys.path)
for _ in range(2):
    command.upgrade(config, "head", sql=True)
assert sys.path == [*path, str(Path(sys.argv[1]).resolve())], sys.path
"""


@pytest.mark.parametrize("is_relative", [True, False])
def test_own_configuration(behind: Commands, tmp_path: Path, is_relative: bool) -> None:
    """A program needs nothing but the folder, and what others call `checks` is not taken for ours."""
    for name in ("autogenerate", "checks", "dialect", "env", "versions"):
        (tmp_path / f"{name}.py").write_text("raise AssertionError(__file__)\n")
    folder, location = behind.project, "migrations"
    if not is_relative:
        folder, location = tmp_path, str(behind.project / location)
    path = os.pathsep.join([behind.environment["PYTHONPATH"], str(tmp_path)])
    arguments = ["python", "-c", OWN_CONFIGURATION, location]
    output = behind.run(*arguments, folder=folder, PYTHONPATH=path).stdout
    assert output.count("CREATE TABLE things") == 2


LOST_MODEL = """
from sqlmodel import Field, SQLModel


class Lost(SQLModel, table=True):
    id: int = Field(primary_key=True)
    other_id: int = Field(foreign_key="nowhere.id")
"""


def test_commands_say_what_they_did(template: Path, tmp_path: Path) -> None:
    project = copier(template, tmp_path / "my-blog", {"entities": THING})
    commands = Commands(project)

    def said(*command: str, check: bool = True) -> str:
        return commands.run("alembic", *command, check=check).stdout.strip()

    none = "FAILED: There is no migration yet. Create the first one: uv run alembic revision"
    assert said("upgrade", "head", check=False).startswith(none)
    assert said("upgrade", "head", "--sql", check=False).startswith(none)
    said("revision", "--autogenerate", "-m", "the first")
    said("revision", "-m", "the second")
    second, first = (line.split()[2].strip(",") for line in said("history").splitlines())
    assert said("upgrade", "head") == f"Applied {first}: the first\nApplied {second}: the second"
    assert said("upgrade", "head") == f"Nothing to do: the database is at {second}"
    model = project / "src" / "my_blog" / "models" / "lost.py"
    model.write_text(LOST_MODEL)
    lost = said("check", check=False)
    assert lost.startswith("FAILED: Foreign key associated with column 'lost.other_id' could not")
    assert "Traceback" not in lost
    model.unlink()
    assert said("downgrade", "-1") == f"Undid {second}: the second"
    assert said("stamp", "head") == f"Stamped {second}: the second"
    assert said("--quiet", "downgrade", "base") == ""


@pytest.mark.parametrize(
    "locale",
    [
        "LC_ALL=C PYTHONCOERCECLOCALE=0 PYTHONUTF8=0",
        "PYTHONIOENCODING=ascii",
        "PYTHONIOENCODING=latin-1",
    ],
)
def test_locale_with_few_characters(template: Path, tmp_path: Path, locale: str) -> None:
    """SQL is UTF-8, and so are migrations, whatever the terminal can show."""
    values = ["größe", "日本"]
    fields = {"name": {"type": "enum", "values": values, "default": "größe"}}
    project = copier(template, tmp_path / "my-blog", {"entities": {"thing": {"fields": fields}}})
    commands = Commands(project)
    alembic = ("env", *locale.split(), "alembic")
    commands.run(*alembic, "revision", "--autogenerate", "-m", "日本")
    (migration,) = project.glob("migrations/versions/*.py")
    assert "日本" in migration.read_text(encoding="utf-8")
    script = commands.run(*alembic, "upgrade", "head", "--sql").stdout
    assert "CHECK (name IN ('größe', '日本'))" in script
    for command in ("upgrade head", "history", "current -v", "check", "downgrade base"):
        commands.run(*alembic, *command.split())


# What extensions, queues and other services have in the same database.
OTHERS = """
    CREATE TABLE spatial_ref_sys (srid integer PRIMARY KEY);
    ALTER EXTENSION plpgsql ADD TABLE spatial_ref_sys;
    CREATE TYPE state AS ENUM ('new', 'done');
    CREATE TABLE jobs (id integer PRIMARY KEY, name text, state state);
    CREATE INDEX ON jobs (name);
    CREATE SEQUENCE numbers;
    CREATE VIEW names AS SELECT name FROM jobs;
    CREATE MATERIALIZED VIEW kept_names AS SELECT name FROM jobs;
    CREATE TABLE log (id integer, at date) PARTITION BY RANGE (at);
    CREATE TABLE log_2026 PARTITION OF log FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
    CREATE SCHEMA queue;
    CREATE TABLE queue.things (id integer PRIMARY KEY, name text);
"""
# A column that a trigger of theirs fills, in a table of ours.
THEIR_COLUMN = """
    ALTER TABLE things ADD legacy_id integer UNIQUE REFERENCES jobs;
    CREATE INDEX by_legacy_id ON things (legacy_id, name);
"""
IN_A_SCHEMA = '''
"""A table in another schema."""

from sqlmodel import Field, SQLModel


class Audit(SQLModel, table=True):
    """A table in another schema."""

    __tablename__ = "audits"
    __table_args__ = {"schema": "queue"}
    id: int = Field(primary_key=True)
    note: str


class Extra(SQLModel, table=True):
    """A table whose schema is the usual one, said so."""

    __tablename__ = "extras"
    __table_args__ = {"schema": "public"}
    id: int = Field(primary_key=True)
'''


def test_tables_of_others_stay(template: Path, tmp_path: Path) -> None:
    """Migrations do not mention them; tables and columns that migrations made still go."""
    entities = {"thing": {"fields": {"name": "str", "more": "str"}}, "other": THING["thing"]}
    project = copier(template, tmp_path / "my-blog", {"entities": entities})
    commands = Commands(project)
    run(commands, OTHERS, *migrate("initial"), THEIR_COLUMN, "alembic check")
    tables = "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relname IN ('others', 'audits')"
    src = project / "src"
    shutil.copytree(src, tmp_path / "old")
    replace(src, copier(template, tmp_path / "new", {"entities": THING}) / "src")
    (src / "my_blog" / "models" / "audit.py").write_text(IN_A_SCHEMA)
    results = run(commands, tables, *migrate("fewer"), tables, "alembic downgrade -1", tables)
    assert results == [[[1]], [[1]], [[1]]]
    for path in project.glob("migrations/versions/*.py"):
        text = path.read_text()
        for name in ("jobs", "spatial_ref_sys", "log", "legacy_id", "numbers", "names", "state"):
            assert f'"{name}' not in text
            assert f".{name} " not in text
    (fewer,) = project.glob("migrations/versions/*_fewer_*.py")
    text = fewer.read_text()
    assert 'op.drop_table("others")' in text
    assert 'op.drop_column("things", "more")' in text
    assert 'schema="queue"' in text
    run(commands, "alembic upgrade head", "alembic check")


def of_type(name: str, has_default: bool) -> dict[str, Any]:
    """Return a field of a type."""
    field = {"type": name} | FIELDS[name]
    return field if has_default else {key: field[key] for key in field if key != "default"}


def test_pattern_that_postgresql_does_not_know(template: Path, tmp_path: Path) -> None:
    entities = {"thing": {"fields": {"code": {"type": "str", "pattern": r"^\p{L}+$"}}}}
    project = copier(template, tmp_path / "my-blog", {"entities": entities})
    arguments = ["alembic", "revision", "--autogenerate", "-m", "initial"]
    process = Commands(project).run(*arguments, check=False)
    assert process.returncode != 0
    message = r"FAILED: thing.code: the pattern '^\\p{L}+$' is not valid in PostgreSQL: invalid"
    assert message in " ".join(process.stdout.split())
    assert list(project.glob("migrations/versions/*.py")) == []


def quoted(text: str) -> str:
    """Return text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def remove_migration(project: Path, message: str) -> None:
    """Remove a migration that was downgraded."""
    (path,) = project.glob(f"migrations/versions/*_{message}_*.py")
    path.unlink()


def replace(folder: Path, other: Path) -> None:
    """Replace a folder by a copy of another."""
    shutil.rmtree(folder)
    shutil.copytree(other, folder)
