"""Processes of shell steps: under a guard, with a total deadline, their output bounded."""

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
from core.io.attempts import held_until
from core.io.confinement import Confinement, plan
from core.io.text import NO_MASK, Excerpt, Mask, readable

GUARD = str(Path(__file__).with_name("guard.py"))
CHUNK = 65_536
WATCH_SECONDS = 0.1
ANY_LOCALE = frozenset({"LC_ALL", "LC_CTYPE", "LANG"})


@dataclass(frozen=True)
class Command:
    """`environment` is all the command gets, but PATH and an LC_CTYPE of UTF-8: nothing of the worker's leaks in.

    `directory`: None for a fresh one of its own, which is gone when the command is. `mask`: hides secrets in its output
    before that is cut.
    """

    argv: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    directory: str | None = None
    stdin: bytes = b""
    mask: Mask = NO_MASK


@dataclass(frozen=True)
class ProcessResult:
    """`ended`: why: `exit`, `timeout`, `stopped`, `lease lost`, or `lost` where something killed its guard.

    `left`: the names of programs that it had started, and that were ended when it ended by itself.
    """

    exit_code: int
    stdout: str
    stderr: str
    ended: str
    left: tuple[str, ...] = ()


class ProcessRunner:
    """Runs one command at a time, and returns only when nothing of it is alive.

    `path`: the PATH of commands that set none themselves.
    """

    def __init__(self, path: str, confinement: Confinement | None = None) -> None:
        self._path = path
        self._confinement = confinement or Confinement()

    @property
    def limits_programs(self) -> bool:
        """Whether only listed programs may be run."""
        return bool(self._confinement.programs.entries)

    def check(self, command: Command) -> None:
        """Raises NotAllowed for a command that may not be run here, whatever it is given."""
        self._program(command)

    def _program(self, command: Command) -> str:
        path = command.environment.get("PATH", self._path)
        return self._confinement.check(command.argv, command.environment, path, command.directory)

    def run(self, command: Command, limit: timedelta, stop: threading.Event) -> ProcessResult:
        """Where `stop` is a CancelToken, the command also ends before it is held no longer.

        Raises OSError if the command's directory does not exist or the guard cannot be started, ValueError for
        text that no program can be given, NotAllowed for what may not be run here."""
        with self._folder(command) as folder:
            return self._run_in(folder, command, limit, stop)

    @contextmanager
    def _folder(self, command: Command) -> Iterator[str]:
        """Where it starts: the folder that it names, or one made for it."""
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
            told = plan(self._confinement, self._program(command), command.argv, environment)
            with _file_of(told) as descriptor:
                fds = (life_read, descriptor)
                process = _start(command, environment, folder, fds, held_until(stop))
                try:
                    result = _attend(process, command, limit, stop, life)
                finally:
                    _let_go(life)
                    process.wait()
                return replace(result, left=_left(descriptor, len(told)))
        finally:
            _let_go(life)
            os.close(life_read)


def _start(
    command: Command, environment: dict[str, str], folder: str, fds: tuple[int, int], until: float
) -> "subprocess.Popen[bytes]":
    """`fds`: the life pipe's end, and the file with the plan."""
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
    """What the guard wrote behind the plan."""
    said = os.pread(descriptor, CHUNK, start)
    return tuple(readable(name) for name in said.split(b"\n") if name)


@contextmanager
def _file_of(content: bytes) -> Iterator[int]:
    """An open file in memory, to be read from its beginning."""
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
    if ended == "exit" and exit_code < 0:  # of the guard: a signal that ends the command is 128 and more
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
    """Read until both streams end, which they do when nothing of the command is alive.

    A command that killed its guard may leave something alive: it is read no further than the guard's end.
    """
    ended, told = "exit", held_until(stop)
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
            if life and (reason := _why_it_ends(stop, deadline)):
                ended = reason
                _let_go(life)
            if life and told != held_until(stop):
                told = held_until(stop)
                _tell(life, told)
    return ended


def _why_it_ends(stop: threading.Event, deadline: float) -> str | None:
    now = elapsed()
    if stop.is_set():
        return "stopped"
    if now >= deadline:
        return "timeout"
    return "lease lost" if now >= held_until(stop) else None


def _tell(life: list[int], until: float) -> None:
    """The guard need not end it before then."""
    with suppress(BrokenPipeError):
        os.write(life[0], struct.pack("d", until))


def _feed(process: "subprocess.Popen[bytes]", stdin: bytes) -> None:
    assert process.stdin
    with suppress(BrokenPipeError):
        process.stdin.write(stdin)
    with suppress(BrokenPipeError):
        process.stdin.close()


def _let_go(life: list[int]) -> None:
    """Close our end of the life pipe: the guard kills what is left."""
    while life:
        os.close(life.pop())
