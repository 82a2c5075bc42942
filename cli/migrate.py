"""`runbook migrate`."""

import typer

from cli.compose import reachable
from cli.environment import environment
from core.database import open_engine
from core.settings import Settings
from migrations.upgrade import upgrade_database

app = typer.Typer()


@app.command("migrate")
def migrate_command() -> None:
    """Bring the database to the newest schema."""
    with reachable(Settings.from_environment(environment())) as settings:
        migrate(settings)
    typer.echo("The database has the newest schema.")


def migrate(settings: Settings) -> None:
    """Bring the database of the settings to the newest schema."""
    assert settings.database_url is not None
    engine = open_engine(settings.database_url)
    upgrade_database(engine)
    engine.dispose()
