"""`apply`: write definitions into the service's database as an operator."""

import json
from typing import Annotated

import typer

from cli.apply import apply_files
from cli.arguments import AsJson, Paths
from cli.compose import Composition, reachable
from cli.environment import environment
from core.services.operations.health import check_schema
from core.settings import Settings
from migrations.newest import newest_revision

app = typer.Typer()


@app.command()
def apply(
    paths: Paths,
    approve: Annotated[bool, typer.Option(help="Approve the runbooks and workflows as an operator.")] = False,
    as_json: AsJson = False,
) -> None:
    """Apply definitions to the library: all of them, or none if one is invalid."""
    with (
        reachable(Settings.from_environment(environment())) as settings,
        Composition.of(settings) as composition,
    ):
        with composition.unit_of_work.begin() as work:
            check_schema(work, newest_revision())
        applied = apply_files(composition.unit_of_work, paths, approve=approve)
    if as_json:
        typer.echo(json.dumps({"applied": [each.__dict__ for each in applied]}))
        return
    for each in applied:
        version = f" version {each.version}" if each.version else ""
        typer.echo(f"{each.kind} {each.name}{version} {each.status}".rstrip())
