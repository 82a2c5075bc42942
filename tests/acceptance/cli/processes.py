"""Processes as an operator starts them, and what they say."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

PROJECT = Path(__file__).parents[3]
PATIENCE = 30.0  # seconds


class Started:
    """A process, and all that it has printed so far."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process, self._lines = process, list[str]()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self._lines.extend(iter(self.process.stdout.readline, ""))

    @property
    def printed(self) -> str:
        return "".join(self._lines)

    def until(self, text: str) -> str:
        """What it has printed, as soon as `text` is there."""
        deadline = time.monotonic() + PATIENCE
        while text not in self.printed:
            assert time.monotonic() < deadline, f"{text!r} never came; there is:\n{self.printed}"
            assert self.process.poll() is None or text in self.printed, f"it ended:\n{self.printed}"
            time.sleep(0.02)
        return self.printed

    def ends(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Its status after a signal; all that it said is there then."""
        self.process.send_signal(number)
        status = self.process.wait(PATIENCE)
        self._thread.join(PATIENCE)
        return status


@contextmanager
def started(environment: Mapping[str, str], *arguments: str) -> Iterator[Started]:
    """`runbook ARGUMENT…` with this environment and no other of ours."""
    with subprocess.Popen(
        [sys.executable, "-m", "cli", *arguments],
        cwd=PROJECT,
        env=bare(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield Started(process)
        finally:
            process.kill()


def said(environment: Mapping[str, str], *arguments: str) -> tuple[int, str]:
    """Exit status and output of a command that ends by itself."""
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
