"""`apply` and `token create`: what is written into the service's database by an operator."""

import json
import os
from typing import Annotated

import typer

from cli.apply import OPERATOR, apply_files
from cli.arguments import AsJson, Paths
from cli.compose import Composition, reachable
from core.services.tokens import create_token
from core.settings import Settings

app = typer.Typer()
token_app = typer.Typer(help="Bearer tokens for the REST API.", no_args_is_help=True)
app.add_typer(token_app, name="token")


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


@token_app.command("create")
def token_create(
    user: Annotated[str, typer.Option(help="Slack id of the person the token speaks for.")],
    name: Annotated[str, typer.Option(help="What the token is for.")],
) -> None:
    """A new token; it is printed alone on the last line, this once."""
    with (
        reachable(Settings.from_environment(os.environ)) as settings,
        Composition.of(settings) as composition,
        composition.service.transaction() as work,
    ):
        token = create_token(work, OPERATOR, user, name)
    typer.echo(token)
