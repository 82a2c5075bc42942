"""Bringing a database to the newest schema."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, text

from core.advisory_locks import Number, wait_for_the

LOCK_TIMEOUT = "5s"  # rather give up than queue behind a long transaction and block everybody else


def alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config


def upgrade_database(engine: Engine) -> None:
    """Run the missing migrations in one transaction; whoever comes second waits, and finds nothing to do."""
    config = alembic_config()
    with engine.begin() as connection:
        wait_for_the(connection, Number.SCHEMA)
        connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
