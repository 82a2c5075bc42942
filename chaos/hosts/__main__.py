"""`python -m chaos.hosts`: many hosts, with faults between them. Exits with 1 if a promise was broken.

It runs itself again in a network namespace of its own, so nothing is left on this machine when it ends.
"""

import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from chaos.guards import TRIALS
from chaos.hosts.namespaces import way_in
from chaos.hosts.play import JOINING, LONG, SHORT, play_hosts
from chaos.hosts.report import print_hosts
from chaos.saying import Clock
from cli.processes import quiet_logging

APART = "CHAOS_APART"  # set in the namespace

Seed = Annotated[int, typer.Option(help="Determines requests and decisions.")]
Short = Annotated[bool, typer.Option("--short", help="A few faults and no throughput, about a minute.")]
Joining = Annotated[bool, typer.Option("--joining", help="Throughput alone, without faults.")]
Without = Annotated[str, typer.Option(help=f"Switch one guard off, to see it missed: {', '.join(TRIALS)}.")]
Keep = Annotated[Path | None, typer.Option(help="Use this new folder and keep it.")]


def main(
    seed: Seed = 1,
    short: Short = False,
    joining: Joining = False,
    without: Without = "",
    keep: Keep = None,
) -> None:
    """Run a deployment on eight hosts, cut them off, lose them, restart them, and check that nothing was lost."""
    if APART not in os.environ:
        _begin_apart()
    quiet_logging()
    plan = replace(SHORT if short else JOINING if joining else LONG, seed=seed, without=without)
    with tempfile.TemporaryDirectory(prefix="chaos-", ignore_cleanup_errors=True) as temporary:
        folder = keep or Path(temporary)
        folder.mkdir(exist_ok=True)
        result = play_hosts(plan, folder, Clock().say)
    print_hosts(result, Console(width=120))
    raise typer.Exit(int(not result.is_well))


def _begin_apart() -> None:
    """Become the same program in a network namespace of its own. Exits with 2 where that is not allowed."""
    try:
        way = way_in()
    except OSError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(2) from None
    again = [*way, sys.executable, "-m", "chaos.hosts", *sys.argv[1:]]
    os.execvpe(again[0], again, {**os.environ, APART: "yes"})  # noqa: S606 no shell is wanted


if __name__ == "__main__":
    typer.run(main)
