"""The `runbook demo` command."""

from typing import Annotated

import typer

from cli.demo.agent_story import run_demo_with_agent, run_headless_with_agent
from cli.demo.run import run_demo, run_headless
from cli.environment import environment
from cli.processes import quiet_logging, stopping
from core.settings import Settings

app = typer.Typer()


@app.command()
def demo(
    headless: Annotated[bool, typer.Option(help="Play the story without a browser.")] = False,
    agent: Annotated[
        bool, typer.Option(help="Have an agent (a script, no model) triage an incident and propose a run.")
    ] = False,
    refuse_promote: Annotated[bool, typer.Option(help="Make the target system refuse the failover.")] = False,
) -> None:
    """Run the whole product on this machine, with a Slack sandbox."""
    quiet_logging()
    settings = Settings.from_environment(environment())
    if agent and refuse_promote:
        raise typer.BadParameter("--refuse-promote is not for --agent: nothing is promoted there.")
    if agent and headless:
        raise typer.Exit(0 if run_headless_with_agent(settings) else 1)
    if agent:
        return run_demo_with_agent(settings, stopping())
    if headless:
        raise typer.Exit(0 if run_headless(settings, refuse_promote=refuse_promote) else 1)
    return run_demo(settings, stopping())
