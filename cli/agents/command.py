"""The `runbook mcp` command: connects an agent on this machine to the service, over its standard input and output."""

import importlib

import typer

from cli.agents.door import check_installed
from cli.client.connection import Url, checked_url
from cli.environment import environment
from core.errors import ConfigurationError

app = typer.Typer()
HINT = "A platform admin creates one with `runbook token agent NAME --team TEAM --owner SLACK_ID`."


@app.command("mcp")
def mcp(url: Url = "") -> None:
    """Connect an agent to the service: a Model Context Protocol server on standard input and output."""
    check_installed("`runbook mcp` speaks the Model Context Protocol")
    token = environment().get("RUNBOOK_TOKEN", "").strip()
    if not token:
        raise ConfigurationError("RUNBOOK_TOKEN is not set: it must be an agent's token.", hint=HINT)
    importlib.import_module("cli.agents.stdio").serve(f"{checked_url(url)}/mcp", token)
