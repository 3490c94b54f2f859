{% import "includes/concurrency.jinja" as c with context %}
{% from "includes/python.jinja" import sorted_imports with context %}
"""Settings and the URLs that follow from them."""

import time
from pathlib import Path
from typing import Literal

import pytest
from psycopg import capabilities
from pydantic import SecretStr, ValidationError
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import OperationalError

{{ sorted_imports([
  [package_name ~ ".db.database", ["Database", "prepares"]],
  [package_name ~ ".db.urls", ["direct_url", "pooled_url"]],
  [package_name ~ ".settings", ["ENV_FILE", "Settings", "load_settings"]],
  ["tests.applications", ["Applications", "settings_for"]],
]) }}

PROJECT = Path(__file__).resolve().parents[1]
POOLED = "postgresql://me:p%40ss@ep-cool-1-pooler.eu-central-1.aws.neon.tech/db?sslmode=require"
DIRECT = POOLED.replace("-pooler", "")
OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


def test_production_needs_a_database() -> None:
    with pytest.raises(ValidationError, match="DATABASE_URL is required"):
        Settings(environment="production")


def test_paths_start_from_the_project(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert ENV_FILE == PROJECT / ".env"
    assert Settings().embedded_directory == PROJECT / ".postgres"
    assert Settings(embedded_directory=Path("data")).embedded_directory == PROJECT / "data"
    assert Settings(embedded_directory=tmp_path).embedded_directory == tmp_path


def test_migrations_go_past_the_pooler() -> None:
    settings = Settings(database_url=SecretStr(POOLED))
    assert pooled_url(settings).host == "ep-cool-1-pooler.eu-central-1.aws.neon.tech"
    assert direct_url(settings).host == "ep-cool-1.eu-central-1.aws.neon.tech"
    assert direct_url(settings).password == "p@ss"
    assert direct_url(settings).query == {"sslmode": "require"}


def test_direct_url_can_be_given() -> None:
    direct = SecretStr("postgresql://me@direct.example/db")
    settings = Settings(
        database_url=SecretStr(POOLED),
        database_url_unpooled=direct,
    )
    assert direct_url(settings).host == "direct.example"


@pytest.mark.parametrize(
    ("database_url", "prepared_statements", "expected"),
    [
        (DIRECT, "auto", True),
        (DIRECT, "off", False),
        # Neon's pooler has to be told which statements to forget.
        (POOLED, "auto", capabilities.has_send_close_prepared()),
        (POOLED, "on", True),
        (POOLED, "off", False),
    ],
)
def test_prepared_statements(
    database_url: str,
    prepared_statements: Literal["auto", "on", "off"],
    expected: bool,
) -> None:
    settings = Settings(
        database_url=SecretStr(database_url),
        prepared_statements=prepared_statements,
    )
    assert prepares(settings, pooled_url(settings)) == expected


@pytest.mark.parametrize(
    "url",
    [
        " postgresql://me:secret@host/db\n",
        "'postgresql://me:secret@host/db'",
        '"postgres://me:secret@host/db"',
        "postgresql+asyncpg://me:secret@host/db",
    ],
)
def test_urls_that_are_understood(url: str) -> None:
    parsed = pooled_url(Settings(database_url=SecretStr(url)))
    shown = "postgresql+psycopg://me:secret@host/db"
    assert parsed.render_as_string(hide_password=False) == shown


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("psql 'postgresql://me:secret@host/db'", "leave out psql"),
        ("http://me:secret@host/db", "does not start with postgresql://"),
        ("host=host password=secret", "does not start with postgresql://"),
        ("postgresql:/me:secret@host/db", "does not start with postgresql://"),
        ("postgresql://me:secret@secret@host/db", "%40 for @"),
        ("postgresql://me:secret@sec/ret@host/db", "%40 for @"),
        ("postgresql://me@host:secret/db", "special characters"),
        ("postgresql://me:secret@host", "names no database"),
        ("postgresql://me:secret@host/?sslmode=require", "names no database"),
        ("postgresql://me:secret@host/db?schema=public", '"schema"'),
        ("postgresql://me:***@host/db", "show the password"),
    ],
)
@pytest.mark.parametrize("name", ["DATABASE_URL", "DATABASE_URL_UNPOOLED"])
def test_urls_that_are_explained(
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    url: str,
    problem: str,
) -> None:
    monkeypatch.setenv(name, url)
    with pytest.raises(SystemExit) as end:
        load_settings()
    message = str(end.value)
    assert message.startswith(f"{name} ")
    assert problem in message
    assert "\n" not in message
    assert "secret" not in message


def test_all_wrong_settings_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POOL_SIZE", "many")
    monkeypatch.setenv("DATABASE_URL", "nowhere")
    with pytest.raises(SystemExit, match=r"(?s)DATABASE_URL does not start.*POOL_SIZE"):
        load_settings()


def test_functions_keep_no_connections(own_database: Engine, applications: Applications) -> None:
    settings = settings_for(own_database.url).model_copy(update={"pool_enabled": False})
    with applications.running(settings) as app:
        client = applications.client(app)
        assert client.get("/{{ (schema | first).path }}").status_code == 200
        # A server closes a connection after its client did.
        deadline = time.monotonic() + 10
        # In a transaction the server would answer with what it saw first.
        autocommit = own_database.execution_options(isolation_level="AUTOCOMMIT")
        with autocommit.connect() as connection:
            while connection.scalar(text(OTHERS)) != 0:
                assert time.monotonic() < deadline
                time.sleep(0.01)


def test_secrets_stay_hidden() -> None:
    settings = Settings(database_url=SecretStr("postgresql://me:p%40ss@127.0.0.1:1/db"))
    engine = create_engine(direct_url(settings))
    with pytest.raises(OperationalError) as raised:
        engine.connect()
    shown = [repr(settings), repr(engine), str(raised.value), repr(raised.value)]
    assert not [text for text in shown if "p@ss" in text or "p%40ss" in text]


@pytest.mark.parametrize("environment", ["development", "production"])
def test_values_stay_hidden_in_production(
    environment: Literal["development", "production"],
) -> None:
    settings = Settings(environment=environment, database_url=SecretStr(DIRECT))
    engine = Database(settings).engine
    assert engine{{ ".sync_engine" if c.is_async }}.hide_parameters is (environment == "production")
