"""`runbook restored`: declare that the database is a restored copy, when that cannot be recognised automatically."""

import typer

from cli.client.output import say
from cli.operator import OPERATOR
from cli.tokens import working
from core.services.operations.restore import declare_restored

app = typer.Typer()


@app.command()
def restored() -> None:
    """Declare that the database was restored from a backup: freeze everything, and ask about steps in doubt."""
    with working() as work:
        generation = declare_restored(work, OPERATOR)
    say(
        f"Everything is frozen; this is generation {generation} of the database. The channels are asked for a verdict "
        "on each step that must not be repeated. Review what is open, then use `/runbook unfreeze`."
    )
