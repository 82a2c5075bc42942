"""Processes of shell steps: run under a guard, with a total deadline and bounded output."""

import os
import selectors
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from core.clock import elapsed
from core.fault_injection import is_disabled
from core.io.attempts import held_until, why_to_end
from core.io.confinement import Confinement, plan
from core.io.text import NO_MASK, Excerpt, Mask, readable

GUARD = str(Path(__file__).with_name("guard.py"))
CHUNK = 65_536
WATCH_SECONDS = 0.1
ANY_LOCALE = frozenset({"LC_ALL", "LC_CTYPE", "LANG"})


@dataclass(frozen=True)
class Command:
    """A command. `environment` is all it gets besides PATH and an LC_CTYPE of UTF-8; nothing of the worker's leaks in.

    `directory`: None for a fresh directory, removed after the command. `mask`: hides secrets in the output before it is
    truncated.
    """

    argv: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    directory: str | None = None
    stdin: bytes = b""
    mask: Mask = NO_MASK


@dataclass(frozen=True)
class ProcessResult:
    """The result of a command. `ended`: why: `exit`, `timeout`, `stopped`, `lease lost`, or `lost` if its guard was
    killed.

    `left`: the names of programs that it had started and that were killed when it exited.
    """

    exit_code: int
    stdout: str
    stderr: str
    ended: str
    left: tuple[str, ...] = ()


class ProcessRunner:
    """Runs one command at a time, and returns only when nothing of it is alive.

    `path`: the PATH of commands that do not set one.
    """

    def __init__(self, path: str, confinement: Confinement | None = None) -> None:
        self._path = path
        self._confinement = confinement or Confinement()

    @property
    def limits_programs(self) -> bool:
        """Whether only listed programs may be run."""
        return bool(self._confinement.programs.entries)

    def check(self, command: Command) -> None:
        """Raise NotAllowed for a command that may not be run here, whatever its input."""
        self._program(command)

    def _program(self, command: Command) -> str:
        path = command.environment.get("PATH", self._path)
        return self._confinement.check(command.argv, command.environment, path, command.directory)

    def run(self, command: Command, limit: timedelta, stop: threading.Event) -> ProcessResult:
        """Run the command. If `stop` is a CancelToken, the command also ends before its lease does.

        Raises OSError if the command's directory does not exist or the guard cannot be started, ValueError for text
        that cannot be passed to a program, and NotAllowed for a command that may not be run here.
        """
        with self._folder(command) as folder:
            return self._run_in(folder, command, limit, stop)

    @contextmanager
    def _folder(self, command: Command) -> Iterator[str]:
        """Yield the working directory: the one the command names, or a fresh one."""
        if command.directory is not None:
            yield command.directory
            return
        folder = tempfile.mkdtemp(prefix="runbook-step-")
        try:
            account = self._confinement.account
            if account is not None and account.uid != os.geteuid():
                os.chown(folder, account.uid, account.groups[0])
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _run_in(
        self, folder: str, command: Command, limit: timedelta, stop: threading.Event
    ) -> ProcessResult:
        life_read, life_write = os.pipe()
        life = [life_write]
        environment = {"PATH": self._path, **command.environment}
        if not ANY_LOCALE & environment.keys():
            environment["LC_CTYPE"] = "C.UTF-8"
        try:
            encoded = plan(self._confinement, self._program(command), command.argv, environment)
            with _file_of(encoded) as descriptor:
                fds = (life_read, descriptor)
                process = _start(command, environment, folder, fds, held_until(stop))
                try:
                    result = _attend(process, command, limit, stop, life)
                finally:
                    _close(life)
                    process.wait()
                return replace(result, left=_left(descriptor, len(encoded)))
        finally:
            _close(life)
            os.close(life_read)


def _start(
    command: Command, environment: dict[str, str], folder: str, fds: tuple[int, int], until: float
) -> "subprocess.Popen[bytes]":
    """Start the guard. `fds`: the end of the life pipe, and the file with the plan."""
    life, descriptor = fds
    guard = [sys.executable, "-I", "-S", GUARD, str(life), str(until), str(descriptor)]
    unguarded = is_disabled("process-guard")
    return subprocess.Popen(  # noqa: S603 argv, and never a shell: what the approved definition says
        command.argv if unguarded else guard,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment if unguarded else {},
        cwd=folder,
        pass_fds=fds,
        start_new_session=True,
    )


def _left(descriptor: int, start: int) -> tuple[str, ...]:
    """Return the program names that the guard wrote after the plan."""
    written = os.pread(descriptor, CHUNK, start)
    return tuple(readable(name) for name in written.split(b"\n") if name)


@contextmanager
def _file_of(content: bytes) -> Iterator[int]:
    """Yield an open file in memory, positioned at its beginning."""
    descriptor = os.memfd_create("command")
    with os.fdopen(descriptor, "w+b") as file:
        file.write(content)
        file.seek(0)
        yield descriptor


def _attend(
    process: "subprocess.Popen[bytes]",
    command: Command,
    limit: timedelta,
    stop: threading.Event,
    life: list[int],
) -> ProcessResult:
    assert process.stdout is not None
    assert process.stderr is not None
    feeder = threading.Thread(target=_feed, args=(process, command.stdin), daemon=True)
    feeder.start()
    outputs = {stream.fileno(): Excerpt(mask=command.mask) for stream in (process.stdout, process.stderr)}
    stdout, stderr = outputs.values()
    ended = _drain(process, outputs, elapsed() + limit.total_seconds(), stop, life)
    exit_code = process.wait()
    if (
        ended == "exit" and exit_code < 0
    ):  # the guard was killed: a signal that kills the command is reported as 128 or more
        ended = "lost"
    for stream in (process.stdout, process.stderr):
        stream.close()
    return ProcessResult(exit_code, stdout.text(), stderr.text(), ended)


def _drain(
    process: "subprocess.Popen[bytes]",
    outputs: dict[int, Excerpt],
    deadline: float,
    stop: threading.Event,
    life: list[int],
) -> str:
    """Read until both streams end, which happens when nothing of the command is alive.

    A command that killed its guard may leave something alive, so reading stops when the guard has ended.
    """
    ended, announced = "exit", held_until(stop)
    with selectors.DefaultSelector() as selector:
        for descriptor in outputs:
            selector.register(descriptor, selectors.EVENT_READ)
        while selector.get_map():
            over = process.poll() is not None
            ready = selector.select(WATCH_SECONDS)
            if over and not ready:
                break
            for key, _ in ready:
                data = os.read(key.fd, CHUNK)
                outputs[key.fd].add(data)
                if not data:
                    selector.unregister(key.fd)
            if life and (reason := why_to_end(stop, deadline)):
                ended = reason
                _close(life)
            if life and announced != held_until(stop):
                announced = held_until(stop)
                _extend(life, announced)
    return ended


def _extend(life: list[int], until: float) -> None:
    """Tell the guard until when the command may now run."""
    with suppress(BrokenPipeError):
        os.write(life[0], struct.pack("d", until))


def _feed(process: "subprocess.Popen[bytes]", stdin: bytes) -> None:
    assert process.stdin
    with suppress(BrokenPipeError):
        process.stdin.write(stdin)
    with suppress(BrokenPipeError):
        process.stdin.close()


def _close(life: list[int]) -> None:
    """Close our end of the life pipe, which makes the guard kill what is left."""
    while life:
        os.close(life.pop())
