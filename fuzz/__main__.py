"""`python -m fuzz`: send what nobody should, and print what came of it. Exit status 1 where something did.

A finding is a 500, an answer later than a second, none at all, a dead `web`, more than 400 MB of its memory, or an
input that a parser neither takes nor refuses. Each is kept in the folder.
"""

import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

from cli.processes import quiet_logging
from fuzz.campaign import run_campaign

Minutes = Annotated[float, typer.Option(help="How long, in all; 0.5 is what CI runs.")]
Seed = Annotated[int, typer.Option(help="Decides what is sent.")]
Keep = Annotated[Path | None, typer.Option(help="Work in this new folder, and leave it there.")]


def main(minutes: Minutes = 10.0, seed: Seed = 1, keep: Keep = None) -> None:
    """Fuzz REST, Slack and the parsers."""
    quiet_logging()
    folder = keep or Path(tempfile.mkdtemp(prefix="runbook-fuzz-"))
    folder.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - began:6.0f} s  {line}", flush=True)

    record = run_campaign(folder.resolve(), minutes * 60, seed, say)
    print("\n".join(record.lines()))
    print(f"{sum(record.counts.values()):,} inputs, {len(record.findings)} findings, in {folder}")
    raise typer.Exit(int(bool(record.findings)))


if __name__ == "__main__":
    typer.run(main)
