"""The migrations make what the models say."""

from alembic import command
from sqlalchemy import Engine

from migrations.upgrade import alembic_config, upgrade_database


def test_the_migrations_are_equal_to_the_models(engine: Engine) -> None:
    config = alembic_config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.check(config)


def test_an_upgraded_database_is_upgraded_again_without_a_change(engine: Engine) -> None:
    upgrade_database(engine)
