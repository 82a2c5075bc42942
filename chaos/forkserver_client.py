"""A client of a forkserver: start processes, and learn of their end."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import IO


class Child:
    """A process of a forkserver. `status` as of subprocess: negative for a signal, None while it runs."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.status: int | None = None
        self._ended = threading.Event()

    def ended(self, status: int) -> None:
        self.status = status
        self._ended.set()

    def send(self, number: signal.Signals) -> None:
        """Nothing happens to one that has ended, whether its end was heard of yet or not."""
        if self.status is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def wait(self, seconds: float | None = None) -> bool:
        """Whether it ended in time."""
        return self._ended.wait(seconds)


class Forkserver:
    """A running forkserver. `environment`: variables that it is started with, beside ours. `program`: its module."""

    def __init__(self, log: Path, environment: Mapping[str, str], program: str = "chaos.forkserver") -> None:
        self._children: dict[int, Child] = {}
        self._early: dict[int, int] = {}  # ends that were told before their births were heard of
        self._born: SimpleQueue[int] = SimpleQueue()
        self._lock = threading.Lock()
        self._process = _started(log, environment, program)
        assert self._process.stdout is not None
        self._thread = threading.Thread(target=self._hear, args=(self._process.stdout,), daemon=True)
        self._thread.start()

    def begin(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        output: Path,
        errors: Path | None = None,
    ) -> Child:
        """Start `runbook ARGUMENT…` with exactly this environment. Without `errors` all it says is in `output`."""
        order = {
            "arguments": list(arguments),
            "environment": dict(environment),
            "output": str(output),
            "errors": str(errors or output),
        }
        assert self._process.stdin is not None
        with self._lock:
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
            return self._known(self._born.get())

    def _known(self, pid: int) -> Child:
        child = self._children[pid] = Child(pid)
        if pid in self._early:
            child.ended(self._early.pop(pid))
        return child

    def _hear(self, answers: IO[str]) -> None:
        with answers:
            for line in answers:
                self._told(json.loads(line))
        for left in self._children.values():
            left.ended(
                -signal.SIGTERM
            )  # processes that are left learn in this way that their forkserver ended

    def _told(self, what: dict[str, int]) -> None:
        if "status" not in what:
            self._born.put(what["pid"])
        elif (child := self._children.pop(what["pid"], None)) is not None:
            child.ended(what["status"])
        else:
            self._early[what["pid"]] = what["status"]

    def close(self) -> None:
        """It ends, and with it what it still has."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
        self._thread.join()


def _started(log: Path, environment: Mapping[str, str], program: str) -> "subprocess.Popen[str]":
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "cli.attached", str(os.getpid()), program],
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=output,
            text=True,
            start_new_session=True,
        )
