"""`runbook schema`: for editors, so that they complete and check what is written."""

import json
from enum import StrEnum
from typing import Annotated

import typer

from core.definitions.kinds import schema_of

app = typer.Typer()


class Kind(StrEnum):
    """The kinds of documents."""

    RUNBOOK = "runbook"
    WORKFLOW = "workflow"
    TEAM = "team"
    SECRET = "secret"


@app.command()
def schema(kind: Annotated[Kind, typer.Argument(help="What kind of document.")]) -> None:
    """Print the JSON Schema of a document kind."""
    typer.echo(json.dumps(schema_of(kind), ensure_ascii=False, indent=2))
