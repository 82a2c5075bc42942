"""`runbook manifest`: print the manifest from which Slack creates the app."""

import json
from typing import Annotated

import typer
import yaml

from bot.app_manifest import Installation, manifest
from cli.environment import environment
from core.settings import Settings

app = typer.Typer()


@app.command(name="manifest")
def print_manifest(
    url: Annotated[str, typer.Option(help="The service's public address; by default PUBLIC_URL.")] = "",
    socket: Annotated[
        bool, typer.Option("--socket", help="For Socket Mode, which needs no address.")
    ] = False,
    public_only: Annotated[
        bool, typer.Option("--public-only", help="Without the scopes that private channels need.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print the manifest of the Slack app, to paste it at api.slack.com/apps under "Create New App"."""
    address = None if socket else url or Settings.from_environment(environment()).public_url
    if address is not None and not address.startswith("https://"):
        found = f"`{address}` is not" if address else "PUBLIC_URL is not set to"
        raise typer.BadParameter(
            f"Slack sends requests to an address that begins with https://; {found} one. "
            "Add --url https://…, or --socket if Slack cannot reach this service.",
            param_hint="--url",
        )
    made = manifest(Installation(address, private_channels=not public_only))
    typer.echo(
        json.dumps(made, indent=2) if as_json else yaml.safe_dump(made, sort_keys=False, allow_unicode=True)
    )
