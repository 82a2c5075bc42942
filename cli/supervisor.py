"""The supervisor: keeps a set of processes running, and stops them when it ends."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Protocol, Self

import structlog

from cli.environment import environment, is_secret
from cli.secret_handover import ON_STDIN, hand_over
from core.settings import Settings

# What runs our command line, as a module. The chaos bench puts a program of its own here, which arms its faults.
PROGRAM = "cli"
LOOK_SECONDS = 0.2
GRACE_SECONDS = 10.0
LONGEST_PAUSE = 10.0
LONG_LIFE = 60.0  # seconds; a process that lived this long did start, so its earlier failures no longer count

log = structlog.get_logger()


@dataclass(frozen=True)
class Part:
    """One process to run: a Python module with its arguments. `log`: the file for its output; None means ours.

    `environment` is added to ours; secrets in either are passed through a socket and never in the environment.
    """

    name: str
    module: str
    arguments: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    log: Path | None = None


def command(
    name: str, arguments: Sequence[str], environment: Mapping[str, str], log: Path | None = None
) -> Part:
    """`runbook ARGUMENT…` as a part."""
    return Part(name, PROGRAM, arguments, environment, log)


class Process(Protocol):
    """A part's process, as of `subprocess.Popen`."""

    @property
    def pid(self) -> int: ...

    @property
    def returncode(self) -> int | None: ...

    def poll(self) -> int | None: ...

    def terminate(self) -> None: ...

    def kill(self) -> None: ...

    def wait(self, timeout: float | None = None) -> int: ...


Start = Callable[[Part], Process]


def start_process(part: Part) -> "subprocess.Popen[bytes]":
    """Start the part in a new interpreter, which ends when this process does."""
    command = [sys.executable, "-m", "cli.attached", str(os.getpid()), part.module]
    given = {**environment(), **part.environment}
    secrets = {name: value for name, value in given.items() if is_secret(name, value)}
    ours, theirs = socket.socketpair()
    with theirs, _output(part) as output:
        process = subprocess.Popen(  # noqa: S603 our own command
            [*command, *part.arguments],
            env={name: value for name, value in given.items() if name not in secrets} | {ON_STDIN: "1"},
            stdin=theirs.fileno(),
            stdout=output,
            stderr=subprocess.STDOUT if output else None,
            start_new_session=True,
        )
    hand_over(ours, secrets)
    return process


def _output(part: Part) -> AbstractContextManager[IO[bytes] | None]:
    return part.log.open("ab") if part.log else nullcontext()


class Running:
    """A part's process, restarted when it ends: at once the first time, then after 1, 2, 4, … seconds.

    After LONG_LIFE seconds of running the delay is reset. `now` is a reading of the monotonic clock.
    """

    def __init__(self, part: Part, now: float, start: Start) -> None:
        self.part, self._start = part, start
        self._deaths = 0
        self._began = now
        self._start_at: float | None = None
        self.process = start(part)

    def keep_up(self, now: float) -> None:
        """Restart the process if it has ended and its delay is over."""
        if self.process.poll() is None:
            return
        if self._start_at is None:
            self._start_at = now + self._pause(now)
            log.warning("process ended", process=self.part.name, status=self.process.returncode)
        if now >= self._start_at:
            self._start_at, self._began, self.process = None, now, self._start(self.part)

    def _pause(self, now: float) -> float:
        """Return the delay in seconds before the restart, for a death noticed now."""
        deaths = 0 if now - self._began >= LONG_LIFE else self._deaths
        self._deaths = deaths + 1
        return min(2.0 ** min(deaths - 1, 10), LONGEST_PAUSE) if deaths else 0.0


class Supervisor:
    """Runs the parts for the length of a block: `with Supervisor(parts) as supervisor: supervisor.watch(stop)`.

    `start`: how a process is started; tests fork theirs.
    """

    def __init__(self, parts: Sequence[Part], start: Start = start_process) -> None:
        self._parts, self._start = parts, start
        self._running: list[Running] = []

    def __enter__(self) -> Self:
        for part in self._parts:
            self._running.append(Running(part, time.monotonic(), self._start))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Terminate all processes, and kill those that do not end within GRACE_SECONDS."""
        for running in reversed(self._running):
            running.process.terminate()
        deadline = time.monotonic() + GRACE_SECONDS
        for running in self._running:
            try:
                running.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                running.process.kill()
                running.process.wait()

    def keep_up(self) -> None:
        """Check every process once, and restart those that are due."""
        for running in self._running:
            running.keep_up(time.monotonic())

    def process(self, name: str) -> Process:
        """Return the current process of the part with this name. Raises KeyError if there is none."""
        return {running.part.name: running.process for running in self._running}[name]

    def watch(self, stop: threading.Event) -> None:
        """Keep the processes running until `stop` is set."""
        while not stop.wait(LOOK_SECONDS):
            self.keep_up()


def addresses(settings: Settings) -> dict[str, str]:
    """Return the variables that tell child processes where our services are, without the database owner's address."""
    assert settings.database_url is not None
    assert settings.redis_url is not None
    return {"DATABASE_URL": settings.database_url, "DATABASE_OWNER_URL": "", "REDIS_URL": settings.redis_url}
