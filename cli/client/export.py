"""`export`: print definitions as YAML that `apply` accepts."""

from typing import Annotated

import typer

from cli.client.completion import definition_names
from cli.client.connection import Connection, Url, connect, path
from core.definitions.yaml_format import SEPARATOR, to_yaml

app = typer.Typer()


@app.command()
def export(
    name: Annotated[
        str | None,
        typer.Argument(
            help="A name or id; by default everything that you may see.", autocompletion=definition_names
        ),
    ] = None,
    workflow: Annotated[
        bool, typer.Option("--workflow", help="Export a workflow instead of a runbook.")
    ] = False,
    url: Url = "",
) -> None:
    """Print runbooks and workflows as YAML; applying the output again changes nothing."""
    with connect(url) as connection:
        if name is None:
            found = [*_all(connection, "runbooks"), *_all(connection, "workflows")]
        else:
            kind = "workflow" if workflow else "runbook"
            found = [connection.get(path(f"{kind}s", name))[kind]["definition"]]
    typer.echo(SEPARATOR.join(map(to_yaml, found)), nl=False)


def _all(connection: Connection, kind: str) -> list[dict[str, object]]:
    rows = sorted(connection.every(path(kind), kind), key=lambda row: str(row["name"]))
    return [row["definition"] for row in rows]
