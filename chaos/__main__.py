"""`python -m chaos`: inject faults, recover, check the promises and print a table. Exits with 1 if one was broken."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from chaos.campaign import Order, Result, Say, run_campaign
from chaos.guards import TRIALS
from chaos.orders import order_for, with_concurrency
from chaos.report import print_report
from chaos.restoring.rounds import NAME, play_restores, summary
from chaos.saying import Clock
from chaos.strikes.registry import STRIKES
from chaos.trials import is_broken, print_outcomes, try_guards
from cli.processes import quiet_logging

Seed = Annotated[int, typer.Option(help="Determines requests, decisions, strikes and fail points.")]
Kills = Annotated[int, typer.Option(help="How many kills at named fail points, besides the strikes.")]
Times = Annotated[
    int, typer.Option(help="How often each strike is played; with --only decision-race, how many races.")
]
Only = Annotated[
    str, typer.Option(help=f"Play one strike only: kill-at-point, {NAME}, {', '.join(STRIKES)}.")
]
Without = Annotated[
    str, typer.Option(help=f"Switch one guard off, to see what it prevents: {', '.join(TRIALS)}.")
]
Short = Annotated[bool, typer.Option("--short", help="A small sample of everything, about two minutes.")]
Guards = Annotated[bool, typer.Option("--guards", help="Test every guard: run without it and with it.")]
Concurrency = Annotated[
    int, typer.Option(min=1, help="Concurrent runs per worker; above 1, kills at fail points spare workers.")
]
Keep = Annotated[Path | None, typer.Option(help="Use this new folder and keep it.")]


def main(
    seed: Seed = 1,
    kills: Kills = 100,
    times: Times = 2,
    only: Only = "",
    without: Without = "",
    short: Short = False,
    guards: Guards = False,
    concurrency: Concurrency = 1,
    keep: Keep = None,
) -> None:
    """Inject faults into a running deployment, then check that every promise was kept."""
    quiet_logging()
    console, say = Console(width=110), Clock().say
    if guards:
        outcomes = list(try_guards(seed, lambda order: _run(order, None, console, say)))
        print_outcomes(outcomes, seed, console)
        raise typer.Exit(int(not all(outcome.is_proven for outcome in outcomes)))
    if only == NAME:
        raise typer.Exit(int(not _restores(seed, times, keep, console, say)))
    order = with_concurrency(order_for(seed, kills, times, only, without, short), concurrency)
    result = _run(order, keep, console, say)
    raise typer.Exit(int(is_broken(result)))


def _restores(seed: int, times: int, keep: Path | None, console: Console, say: Say) -> bool:
    """Play the restores and print their summary. Returns whether all of them passed."""
    with tempfile.TemporaryDirectory(prefix="chaos-", ignore_cleanup_errors=True) as temporary:
        folder = keep or Path(temporary)
        folder.mkdir(exist_ok=True)
        rounds = play_restores(seed, times, folder, say)
    console.print(summary(rounds))
    return all(each.is_well for each in rounds)


def _run(order: Order, keep: Path | None, console: Console, say: Say) -> Result:
    """Run one campaign and print its report."""
    with tempfile.TemporaryDirectory(prefix="chaos-", ignore_cleanup_errors=True) as temporary:
        folder = keep or Path(temporary)
        folder.mkdir(exist_ok=True)
        result = run_campaign(order, folder, say)
    print_report(order, result, console)
    return result


if __name__ == "__main__":
    typer.run(main)
