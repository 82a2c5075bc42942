"""`runbook clock`."""

import typer

from cli.compose import Composition
from cli.processes import run, stopping
from core.definitions.kinds import build_models
from workers.clock import run_clock

app = typer.Typer()


@app.command()
def clock() -> None:
    """Wake what is due."""
    run(_tick)


def _tick(composition: Composition) -> None:
    build_models()  # some incident's age will start a workflow
    run_clock(composition.service, stopping())
