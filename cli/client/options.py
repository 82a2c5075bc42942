"""The options that all verbs have, and the connection that they lead to."""

import json
from typing import Annotated
from urllib.parse import quote

import typer

from cli.client.connection import Answer, Connection
from cli.environment import environment
from core.settings import Settings

Url = Annotated[
    str,
    typer.Option(
        "--url",
        envvar="RUNBOOK_URL",
        show_default=False,
        help="Where the service is; without it http://127.0.0.1:$PORT.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Answer as JSON, as the REST API does.")]


def connect(url: str) -> Connection:
    """To the address given, or to this machine's; with the token of the environment."""
    if not url:
        port = Settings.from_environment({"PORT": environment().get("PORT", "")}).port
        url = f"http://127.0.0.1:{port}"
    return Connection(url, environment().get("RUNBOOK_TOKEN", "").strip())


def path(*parts: str) -> str:
    """A path under /api; whatever is in a part stays in it."""
    return "/".join(["/api", *(quote(part, safe="") for part in parts)])


def print_json(answer: Answer) -> None:
    typer.echo(json.dumps(answer, ensure_ascii=False, indent=2))
