"""`runbook migrate`."""

import typer
from sqlalchemy.engine import make_url

from cli.compose import reachable
from cli.environment import environment
from core.database import open_engine
from core.settings import Settings
from migrations.grants import grant_service
from migrations.upgrade import upgrade_database

app = typer.Typer()


@app.command("migrate")
def migrate_command() -> None:
    """Bring the database to the newest schema."""
    with reachable(Settings.from_environment(environment())) as settings:
        migrate(settings)
    typer.echo("The database has the newest schema.")


def migrate(settings: Settings) -> None:
    """Bring the database of the settings to the newest schema, as its owner; the service's role gets its rights."""
    assert settings.database_url is not None
    service, owner = make_url(settings.database_url).username, settings.database_owner_url
    engine = open_engine(owner or settings.database_url)
    upgrade_database(engine)
    if owner and service and service != engine.url.username:
        with engine.begin() as connection:
            grant_service(connection, service)
    engine.dispose()
