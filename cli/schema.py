"""`runbook schema`: print JSON Schemas, with which editors complete and check definitions."""

import json
from enum import StrEnum
from typing import Annotated

import typer

from core.definitions.kinds import schema_of

app = typer.Typer()


class Kind(StrEnum):
    """A kind of definition."""

    RUNBOOK = "runbook"
    WORKFLOW = "workflow"
    TEAM = "team"
    SECRET = "secret"


@app.command()
def schema(kind: Annotated[Kind, typer.Argument(help="The kind of definition.")]) -> None:
    """Print the JSON Schema of a kind of definition."""
    typer.echo(json.dumps(schema_of(kind), ensure_ascii=False, indent=2))
