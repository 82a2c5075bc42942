"""`validate` and `apply`: what is written into the service's database by an operator."""

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from cli.apply import apply_files
from cli.compose import Composition, reachable
from core.definitions.validate import validate_files
from core.settings import Settings

app = typer.Typer()

Paths = Annotated[list[Path], typer.Argument(help="YAML or JSON files, or folders of them.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]


@app.command()
def validate(paths: Paths, as_json: AsJson = False) -> None:
    """Check definitions; every problem with file, line and column."""
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
        typer.echo(f"{len(definitions)} definitions, no problem.")
    raise typer.Exit(1 if problems else 0)


@app.command()
def apply(
    paths: Paths,
    approve: Annotated[bool, typer.Option(help="Approve the runbooks as an operator.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write definitions into the library: all of them, or, if one is wrong, none."""
    with (
        reachable(Settings.from_environment(os.environ)) as settings,
        Composition.of(settings) as composition,
    ):
        applied = apply_files(composition.service, paths, approve=approve)
    if as_json:
        typer.echo(json.dumps({"applied": [each.__dict__ for each in applied]}))
        return
    for each in applied:
        version = f" version {each.version}" if each.version else ""
        typer.echo(f"{each.kind} {each.name}{version} {each.status}".rstrip())
