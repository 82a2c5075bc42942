"""The migrations make what the models say."""

from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from migrations.newest import newest_revision
from migrations.upgrade import alembic_config, upgrade_database


def test_the_migrations_are_equal_to_the_models(engine: Engine) -> None:
    config = alembic_config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.check(config)


def test_an_upgraded_database_is_upgraded_again_without_a_change(engine: Engine) -> None:
    upgrade_database(engine)


def test_the_newest_revision_is_the_one_that_alembic_would_end_at() -> None:
    assert newest_revision() == ScriptDirectory.from_config(alembic_config()).get_current_head()
