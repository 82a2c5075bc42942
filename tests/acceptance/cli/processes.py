"""Processes as an operator starts them, and what they say.

An `Operator` has them forked. `really_said` starts a new interpreter: for what a fork might hide.
"""

import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from chaos.forkserver_client import Child, Forkserver

PROJECT = Path(__file__).parents[3]
PATIENCE = 30.0  # seconds


@dataclass
class Started:
    """A process, and all that it has printed so far."""

    process: Child
    output: Path

    @property
    def printed(self) -> str:
        return self.output.read_text()

    def until(self, text: str) -> str:
        """What it has printed, as soon as `text` is there."""
        deadline = time.monotonic() + PATIENCE
        while text not in self.printed:
            assert time.monotonic() < deadline, f"{text!r} never came; there is:\n{self.printed}"
            assert self.process.status is None or text in self.printed, f"it ended:\n{self.printed}"
            time.sleep(0.02)
        return self.printed

    def ends(self, number: signal.Signals = signal.SIGTERM) -> int | None:
        """Its status after a signal; all that it said is there then."""
        self.process.send(number)
        assert self.process.wait(PATIENCE), f"it never ended:\n{self.printed}"
        return self.process.status


@dataclass
class Operator:
    """Who starts `runbook ARGUMENT…`, with an environment and no other of ours."""

    forkserver: Forkserver
    folder: Path
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @contextmanager
    def started(self, environment: Mapping[str, str], *arguments: str) -> Iterator[Started]:
        """A process that is killed at the end of the block, if it is still there."""
        output = self._new_file()
        process = self.forkserver.begin(["cli", *arguments], bare(environment), output)
        try:
            yield Started(process, output)
        finally:
            process.send(signal.SIGKILL)
            process.wait(PATIENCE)

    def said(self, environment: Mapping[str, str], *arguments: str) -> tuple[int | None, str]:
        """Exit status and output of a command that ends by itself: first what it answers, then what it complains."""
        output, errors = self._new_file(), self._new_file()
        process = self.forkserver.begin(["cli", *arguments], bare(environment), output, errors)
        assert process.wait(PATIENCE), output.read_text() + errors.read_text()
        return process.status, output.read_text() + errors.read_text()

    def _new_file(self) -> Path:
        file = self.folder / str(next(self._numbers))
        file.touch()
        return file


def really_said(environment: Mapping[str, str], *arguments: str) -> tuple[int, str]:
    """Exit status and output of `python -m cli ARGUMENT…`."""
    done = subprocess.run(
        [sys.executable, "-m", "cli", *arguments],
        cwd=PROJECT,
        env=bare(environment),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def bare(environment: Mapping[str, str]) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, "PYTHONUNBUFFERED": "1", **environment}
