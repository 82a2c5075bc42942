"""`python -m fuzz`: send hostile inputs and print the findings. Exits with 1 if there are any.

A finding is a 500, an answer after more than a second, no answer, a dead `web`, more than 400 MB of its memory, or an
input that a parser neither accepts nor refuses. Each is saved in the folder.
"""

import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

from cli.processes import quiet_logging
from fuzz.campaign import run_campaign

Minutes = Annotated[float, typer.Option(help="Total duration; CI runs 0.5.")]
Seed = Annotated[int, typer.Option(help="Determines the inputs.")]
Keep = Annotated[Path | None, typer.Option(help="Use this new folder and keep it.")]


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
    print(f"{sum(record.counts.values()):,} inputs, {len(record.findings)} findings; saved in {folder}")
    raise typer.Exit(int(bool(record.findings)))


if __name__ == "__main__":
    typer.run(main)
