"""Settings and the URLs that follow from them."""

import pytest
from pydantic import SecretStr, ValidationError

from {{ package_name }}.db.engine import direct_url, pooled_url
from {{ package_name }}.settings import Settings

POOLED = "postgresql://me:p%40ss@ep-cool-1-pooler.eu-central-1.aws.neon.tech/db?sslmode=require"


def test_production_needs_a_database() -> None:
    with pytest.raises(ValidationError, match="DATABASE_URL is required"):
        Settings(environment="production")


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


def test_secrets_stay_hidden() -> None:
    assert "p%40ss" not in repr(Settings(database_url=SecretStr(POOLED)))
