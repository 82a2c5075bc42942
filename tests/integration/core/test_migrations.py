"""The migrations make what the models say."""

from secrets import token_hex

from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect

from cli.embedded import Services, create_database
from core.database import open_engine
from core.decisions.installation import OLDEST_SCHEMA, Schema
from core.services.operations.health import schema_of
from core.tables import Base
from core.unit_of_work import UnitOfWorkFactory
from migrations.newest import newest_revision
from migrations.upgrade import alembic_config, oldest_code, upgrade_database

FIRST = "0020"  # that says so


def test_the_migrations_are_equal_to_the_models(engine: Engine) -> None:
    config = alembic_config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.check(config)


def test_every_migration_says_from_which_release_on_its_schema_may_be_used() -> None:
    """By its newest migration: the new schema is there before the new release is everywhere, and after a rollback."""
    scripts = ScriptDirectory.from_config(alembic_config()).walk_revisions()
    newer = {
        script.revision: getattr(script.module, "oldest_code", None)
        for script in scripts
        if script.revision >= FIRST
    }

    assert [revision for revision, oldest in newer.items() if not oldest or oldest > revision] == []
    assert oldest_code() == max(filter(None, newer.values()))


def test_the_oldest_schema_that_this_release_works_with_has_all_its_tables_and_columns(
    services: Services, worker_id: str
) -> None:
    """Else: OLDEST_SCHEMA is the migration that made what is missing."""
    engine = open_engine(create_database(services.owner_url, f"oldest_{worker_id}_{token_hex(4)}"))
    config = alembic_config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, OLDEST_SCHEMA)
        found = inspect(connection)
        there = {
            (table, column["name"])
            for table in found.get_table_names()
            for column in found.get_columns(table)
        }
    engine.dispose()

    wanted = {(table.name, column.name) for table in Base.metadata.sorted_tables for column in table.columns}
    assert wanted - there == set()


def test_the_database_says_which_releases_work_with_it(
    engine: Engine, unit_of_work: UnitOfWorkFactory, owner_engine: Engine
) -> None:
    upgrade_database(owner_engine)

    with unit_of_work.begin() as work:
        assert schema_of(work) == Schema(newest_revision(), oldest_code())


def test_an_upgraded_database_is_upgraded_again_without_a_change(engine: Engine) -> None:
    upgrade_database(engine)


def test_the_newest_revision_is_the_one_that_alembic_would_end_at() -> None:
    assert newest_revision() == ScriptDirectory.from_config(alembic_config()).get_current_head()
