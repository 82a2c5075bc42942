"""`python -m chaos`: strike, heal, check, and print one table. Exit status 1 where a promise was broken."""

import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from chaos.campaign import Order, Result, run_campaign
from chaos.guards import TRIALS
from chaos.report import print_report
from chaos.strikes.registry import STRIKES
from cli.processes import quiet_logging

Seed = Annotated[int, typer.Option(help="Decides requests, decisions, strikes and points.")]
Kills = Annotated[int, typer.Option(help="Kills at named points, beside the strikes.")]
Times = Annotated[int, typer.Option(help="How often each strike is played.")]
Only = Annotated[str, typer.Option(help=f"One strike alone: kill-at-point, {', '.join(STRIKES)}.")]
Without = Annotated[
    str, typer.Option(help=f"Switch a guard off, to see what it is for: {', '.join(TRIALS)}.")
]
Short = Annotated[bool, typer.Option("--short", help="About two minutes, some of each.")]
Keep = Annotated[Path | None, typer.Option(help="Work in this new folder, and leave it there.")]

RATE = 0.6  # requests a second
SHORT_KILLS, SHORT_RATE = 25, 0.4
TRIAL_RATE, TRIAL_LIMIT = 1.0, 100.0  # seconds: what is stuck without a guard stays stuck


def order_for(seed: int, kills: int, times: int, only: str, without: str, short: bool) -> Order:
    """What the options ask for. Raises typer.BadParameter for a name that is none."""
    if without:
        return _trial_order(seed, without)
    if only == "kill-at-point":
        return Order(seed, (), kills, rate=RATE)
    if only:
        if only not in STRIKES:
            raise typer.BadParameter(f"There is no strike {only}; there is {', '.join(STRIKES)}.")
        return Order(seed, [only] * times, rate=RATE)
    if short:
        return Order(seed, list(STRIKES), SHORT_KILLS, rate=SHORT_RATE, pause=0.3, limit=90)
    return Order(seed, list(STRIKES) * times, kills, rate=RATE)


def _trial_order(seed: int, without: str) -> Order:
    if without not in TRIALS:
        raise typer.BadParameter(f"There is no guard {without}; there is {', '.join(TRIALS)}.")
    trial = TRIALS[without]
    return Order(
        seed,
        trial.strikes,
        trial.kills,
        trial.points,
        trial.runbooks,
        trial.requests,
        rate=TRIAL_RATE,
        limit=TRIAL_LIMIT,
        without=without,
    )


def main(
    seed: Seed = 1,
    kills: Kills = 100,
    times: Times = 2,
    only: Only = "",
    without: Without = "",
    short: Short = False,
    keep: Keep = None,
) -> None:
    """Break what can break, and hold the promises against what came of it."""
    quiet_logging()
    order = order_for(seed, kills, times, only, without, short)
    with tempfile.TemporaryDirectory(prefix="chaos-", ignore_cleanup_errors=True) as temporary:
        folder = keep or Path(temporary)
        folder.mkdir(exist_ok=True)
        result = run_campaign(order, folder, Clock().say)
    print_report(order, result, Console(width=110))
    raise typer.Exit(int(is_broken(result)))


def is_broken(result: Result) -> bool:
    return bool(result.violations) or result.left is not None


class Clock:
    """Says things with the seconds since it was made."""

    def __init__(self) -> None:
        self._begun = time.monotonic()

    def say(self, what: str) -> None:
        print(f"{time.monotonic() - self._begun:6.1f} s  {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    typer.run(main)
