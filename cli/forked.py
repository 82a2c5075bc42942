"""Start a command as a fork of this process, which has imported and built what the command needs.

A fresh interpreter takes a second and a half of processor time for that, and has no memory in common with others.
"""

import ctypes
import gc
import os
import runpy
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from cli.attached import attach
from cli.environment import is_secret, keep, seclude
from cli.supervisor import Part, Process, start_process

PR_SET_NAME = 15  # linux/prctl.h; the kernel cuts the name after 15 bytes
STOPPING = (signal.SIGTERM, signal.SIGINT)
LOOK_SECONDS = 0.02


@dataclass
class ForkedProcess:
    """A child that was forked, as of `subprocess.Popen`."""

    pid: int
    returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def terminate(self) -> None:
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        self._send(signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        """Raises subprocess.TimeoutExpired."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while (status := self.poll()) is None:
            if deadline is not None and time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
            time.sleep(LOOK_SECONDS)
        return status

    def _send(self, number: signal.Signals) -> None:
        if self.poll() is None:  # as long as nobody waited for it, its number is not given to another process
            os.kill(self.pid, number)


def fork_process(part: Part) -> Process:
    """Start the part as a fork, which ends when this process does.

    It is a fresh interpreter where a fork could not work: beside threads, which may hold locks that nobody would
    release, and on systems whose libraries forbid it.
    """
    if sys.platform != "linux" or len(list(Path("/proc/self/task").iterdir())) > 1:
        return start_process(part)
    parent = os.getpid()
    for said in (sys.stdout, sys.stderr):
        said.flush()  # or the child would say it once more
    gc.freeze()  # the child copies no page only because its collector has looked at it
    # The child must not lose one in its parent's handlers, before it has its own.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
    pid = os.fork()
    if pid == 0:
        _become(part, parent, before)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return ForkedProcess(pid)


def _become(part: Part, parent: int, mask: Iterable[int]) -> NoReturn:
    """Run the part's module, and never return into the parent's code."""
    status = 1
    try:
        _leave(part.log)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        attach(parent)
        _call_itself(part.name)
        _take_environment(part)
        sys.argv = [part.module, *part.arguments]
        runpy.run_module(part.module, run_name="__main__", alter_sys=True)
        status = 0
    except SystemExit as error:
        status = _status_of(error)
    except BaseException as error:  # noqa: BLE001 the process's boundary
        sys.excepthook(type(error), error, error.__traceback__)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _leave(log: Path | None) -> None:
    """Have a session, handlers and open files of its own: what the parent has open is not the child's to keep."""
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in [int(each.name) for each in Path("/proc/self/fd").iterdir()]:
        if number > 2:
            with suppress(OSError):  # the listing itself has one, which is closed by now
                os.close(number)
    _open_as((0,), os.devnull, os.O_RDONLY)
    if log:
        _open_as((1, 2), log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)


def _open_as(numbers: Sequence[int], file: str | Path, flags: int) -> None:
    opened = os.open(file, flags, 0o666)
    for number in numbers:
        os.dup2(opened, number)
    os.close(opened)


def _call_itself(name: str) -> None:
    """Be `name` in the lists of ps and top, where its parent's command line stands for both."""
    ctypes.CDLL(None).prctl(PR_SET_NAME, name.encode(), 0, 0, 0)


def _take_environment(part: Part) -> None:
    seclude()
    secrets = {name: value for name, value in part.environment.items() if is_secret(name, value)}
    keep(secrets)
    os.environ.update({name: value for name, value in part.environment.items() if name not in secrets})


def _status_of(error: SystemExit) -> int:
    if isinstance(error.code, str):
        print(error.code, file=sys.stderr)
        return 1
    return error.code or 0
