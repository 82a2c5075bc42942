"""`runbook restored`: says that the database is a restored copy, where nobody can recognise it."""

import typer

from cli.client.output import say
from cli.operator import OPERATOR
from cli.tokens import working
from core.services.operations.restore import declare_restored

app = typer.Typer()


@app.command()
def restored() -> None:
    """The database was restored from a copy: freeze everything, and ask about what may have gone on since."""
    with working() as work:
        generation = declare_restored(work, OPERATOR)
    say(
        f"Everything is frozen, and this is generation {generation} of the database. Steps that must not be repeated "
        "are asked about in their channels. Look at what is open, then `/runbook unfreeze`."
    )
