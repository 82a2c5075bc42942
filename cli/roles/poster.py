"""The `runbook poster` command."""

import typer

from bot.poster.poster import Poster
from bot.poster.slack import open_client
from cli.compose import Composition
from cli.processes import run, stopping

app = typer.Typer()


@app.command()
def poster() -> None:
    """Post to Slack, and keep its messages in line with the database."""
    run("poster", _post, needs=("SLACK_BOT_TOKEN",))


def _post(composition: Composition) -> None:
    settings = composition.settings
    client = open_client(settings.slack_bot_token, settings.slack_api_url)
    Poster(composition.unit_of_work, client, composition.links).run(stopping())
