"""The `runbook poster` command."""

import threading
from functools import partial

import typer

from bot.directory import LOOK_EVERY, SlackDirectory
from bot.poster.poster import Poster
from bot.poster.slack import open_client
from cli.compose import Composition
from cli.processes import run, stopping
from workers.shutdown import repeat

app = typer.Typer()


@app.command()
def poster() -> None:
    """Post to Slack, and keep its messages in line with the database."""
    run("poster", _post, needs=("SLACK_BOT_TOKEN",))


def _post(composition: Composition) -> None:
    settings = composition.settings
    client = open_client(settings.slack_bot_token, settings.slack_api_url)
    stop, look = stopping(), SlackDirectory(settings.slack_bot_token, settings.slack_api_url).look
    # On a thread of its own, so that no message waits for it.
    watch = partial(repeat, look, composition.unit_of_work, stop, LOOK_EVERY)
    threading.Thread(target=watch, name="directory", daemon=True).start()
    Poster(composition.unit_of_work, client, composition.links).run(stop)
