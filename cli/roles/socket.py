"""`runbook socket`."""

import typer

from bot.socket import run_socket
from cli.compose import Composition
from cli.processes import run, stopping
from cli.roles.slack import bolt_app

app = typer.Typer()


@app.command()
def socket() -> None:
    """Slack over Socket Mode, where there is no public address."""
    run("socket", _connect)


def _connect(composition: Composition) -> None:
    composition.settings.need("SLACK_APP_TOKEN")
    run_socket(bolt_app(composition), composition.settings.slack_app_token, stopping())
