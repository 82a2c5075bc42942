"""The `runbook demo` command."""

from typing import Annotated

import typer

from cli.demo.run import run_demo, run_headless
from cli.environment import environment
from cli.processes import quiet_logging, stopping
from core.settings import Settings

app = typer.Typer()


@app.command()
def demo(
    headless: Annotated[bool, typer.Option(help="Play the story without a browser.")] = False,
    refuse_promote: Annotated[bool, typer.Option(help="Make the target system refuse the failover.")] = False,
) -> None:
    """Run the whole product on this machine, with a Slack sandbox."""
    quiet_logging()
    settings = Settings.from_environment(environment())
    if headless:
        raise typer.Exit(0 if run_headless(settings, refuse_promote=refuse_promote) else 1)
    run_demo(settings, stopping())
