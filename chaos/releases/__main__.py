"""`python -m chaos.releases`: upgrade from the last release and back, under load. Exits with 1 if a promise broke."""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from chaos.releases.last_release import name_of_last_release, unpack
from chaos.releases.play import SHORT, Timing, play_upgrade
from chaos.releases.report import print_upgrade
from chaos.saying import Clock
from cli.processes import quiet_logging

Seed = Annotated[int, typer.Option(help="Determines requests and decisions.")]
Short = Annotated[bool, typer.Option("--short", help="A few seconds of each phase, about a minute.")]
From = Annotated[str, typer.Option("--from", help="A tag or a commit; by default the last release.")]
Keep = Annotated[Path | None, typer.Option(help="Use this new folder and keep it.")]


def main(seed: Seed = 1, short: Short = False, since: From = "", keep: Keep = None) -> None:
    """Run the last release, replace it by this one under load, go back, and check that nothing was lost."""
    quiet_logging()
    timing = replace(SHORT if short else Timing(), seed=seed)
    with tempfile.TemporaryDirectory(prefix="chaos-", ignore_cleanup_errors=True) as temporary:
        folder = keep or Path(temporary)
        folder.mkdir(exist_ok=True)
        release = unpack(since or name_of_last_release(), folder / "last-release")
        result = play_upgrade(release, timing, folder, Clock().say)
    print_upgrade(result, Console(width=120))
    raise typer.Exit(int(not result.is_well))


if __name__ == "__main__":
    typer.run(main)
