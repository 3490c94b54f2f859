"""Migrations: they lead to the models, and back to nothing."""

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import URL, create_engine, inspect


def test_one_head(alembic_config: Config) -> None:
    assert len(ScriptDirectory.from_config(alembic_config).get_heads()) == 1


def test_up_check_down(alembic_config: Config, empty_database: URL) -> None:
    engine = create_engine(empty_database)
    with engine.connect() as connection:
        alembic_config.attributes["connection"] = connection
        command.upgrade(alembic_config, "head")
        command.check(alembic_config)  # fails where models and migrations differ
        command.downgrade(alembic_config, "base")
        assert inspect(connection).get_table_names() == ["alembic_version"]
        command.upgrade(alembic_config, "head")
    engine.dispose()
