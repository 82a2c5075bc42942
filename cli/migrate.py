"""The `runbook migrate` command."""

import typer
from sqlalchemy import Engine, text

from cli.addresses import engine_at
from cli.compose import reachable
from cli.environment import environment
from core.errors import Conflict
from core.settings import Settings
from migrations.grants import grant_service
from migrations.newest import known_revisions, newest_revision
from migrations.upgrade import upgrade_database

app = typer.Typer()


@app.command("migrate")
def migrate_command() -> None:
    """Migrate the database to the newest schema."""
    with reachable(Settings.from_environment(environment())) as settings:
        migrate(settings)
    typer.echo("The database is at the newest schema.")


def migrate(settings: Settings) -> None:
    """Migrate the database to the newest schema as its owner, and grant the service's role its rights.

    Raises Conflict, and changes nothing, if a newer release has migrated the database.
    """
    assert settings.database_url is not None
    owner = settings.database_owner_url
    engine = engine_at("DATABASE_URL", settings.database_url)
    service = engine.url.username
    if owner:
        engine = engine_at("DATABASE_OWNER_URL", owner)
    _refuse_a_newer_one(engine)
    upgrade_database(engine)
    if owner and service and service != engine.url.username:
        with engine.begin() as connection:
            grant_service(connection, service)
    engine.dispose()


def _refuse_a_newer_one(engine: Engine) -> None:
    with engine.connect() as connection:
        if connection.scalar(text("SELECT to_regclass('alembic_version')")) is None:
            return
        present = connection.scalar(text("SELECT version_num FROM alembic_version"))
    if present is not None and present not in known_revisions():
        raise Conflict(newer_sentence(present), hint="Nothing was changed. Use that release.")


def newer_sentence(present: str) -> str:
    """Return the error for a database at migration `present`, which this release does not know."""
    return (
        f"The database is at migration {present}, but this release knows only those up to {newest_revision()}: "
        "a newer release migrated it."
    )
