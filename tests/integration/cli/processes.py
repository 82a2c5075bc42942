"""Owners of embedded servers in processes of their own, and what became of the servers."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cli.embedded import Services
from cli.embedded.files import Files, read_state

OWNER = "tests.integration.cli.owner"
PROJECT = Path(__file__).parents[3]


@contextmanager
def owner(home: Path, prefix: Sequence[str] = ()) -> Iterator[tuple["subprocess.Popen[str]", Services]]:
    """A process that has the services of `home`; it leaves in order at the end, if it still lives."""
    command = [*prefix, sys.executable, "-m", OWNER, str(home)]
    with subprocess.Popen(
        command, cwd=PROJECT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        assert first, f"the owner ended with status {process.wait()}"
        yield process, Services(**json.loads(first))


def server_pids(home: Path) -> list[int]:
    """The process ids of both servers of a home."""
    states = [read_state(Files(home, name).state) for name in ("postgres", "valkey")]
    return [state.pid for state in states if state is not None]


def runs(pid: int) -> bool:
    """Is there such a process, and not only its zombie?"""
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def user_of(pid: int) -> int:
    """The real user id of a process, as we see it."""
    return Path(f"/proc/{pid}").stat().st_uid


def eventually(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Does the condition come true in time?"""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
