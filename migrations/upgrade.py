"""Migrate a database to the newest schema."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from core.advisory_locks import Number, wait_for_the

LOCK_TIMEOUT = "5s"  # give up rather than queue behind a long transaction and block everybody else


COMPATIBLE = """
INSERT INTO schema_compatibility (id, oldest_code) VALUES (1, :oldest_code)
ON CONFLICT (id) DO UPDATE SET oldest_code = excluded.oldest_code
"""


def oldest_code() -> str:
    """Return the oldest release that works with the newest schema: the latest that any migration requires."""
    scripts = ScriptDirectory.from_config(alembic_config()).walk_revisions()
    return max(getattr(script.module, "oldest_code", "") for script in scripts)


def _say_which_code_fits(connection: Connection) -> None:
    """Write it only if it differs: a role that finds nothing to migrate may lack the right to write it."""
    oldest = oldest_code()
    if connection.scalar(text("SELECT oldest_code FROM schema_compatibility")) != oldest:
        connection.execute(text(COMPATIBLE), {"oldest_code": oldest})


def alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config


def upgrade_database(engine: Engine) -> None:
    """Run the missing migrations in one transaction; a concurrent call waits and then finds nothing to do."""
    config = alembic_config()
    with engine.begin() as connection:
        wait_for_the(connection, Number.SCHEMA)
        connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        _say_which_code_fits(connection)
