"""The `runbook socket` command."""

import typer

from bot.socket import run_socket
from cli.compose import Composition
from cli.processes import run, stopping
from cli.roles.slack import SLACK, bolt_app

app = typer.Typer()


@app.command()
def socket() -> None:
    """Serve Slack over Socket Mode, for deployments without a public address."""
    run("socket", _connect, needs=("SLACK_APP_TOKEN", *SLACK), waits=False)


def _connect(composition: Composition) -> None:
    run_socket(bolt_app(composition), composition.settings.slack_app_token, stopping())
