"""`runbook validate`: check definitions, without the database or the service."""

import json

import typer

from cli.arguments import AsJson, Paths
from core.definitions.validate import validate_files

app = typer.Typer()


@app.command()
def validate(paths: Paths, as_json: AsJson = False) -> None:
    """Check definitions, and report each problem with its file, line and column."""
    definitions, problems = validate_files(paths)
    if as_json:
        shown = [
            {"file": p.file, "line": p.line, "column": p.column, "message": p.message, "hint": p.hint}
            for p in problems
        ]
        typer.echo(json.dumps({"definitions": [each.name for each in definitions], "problems": shown}))
    elif problems:
        typer.echo("\n".join(map(str, problems)), err=True)
    else:
        typer.echo(f"{len(definitions)} definition{'s' if len(definitions) != 1 else ''}, no problems.")
    raise typer.Exit(1 if problems else 0)
