"""Bringing a database to the newest schema."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, text

ADVISORY_LOCK = 7_261_153  # any number that only our migrations use
LOCK_TIMEOUT = "5s"  # rather give up than queue behind a long transaction and block everybody else


def alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config


def upgrade_database(engine: Engine) -> None:
    """Run the missing migrations in one transaction; whoever comes second waits, and finds nothing to do."""
    config = alembic_config()
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
        connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
