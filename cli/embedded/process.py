"""Server processes that end when this process ends, even if it is killed."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from cli.embedded.launcher import Plan
from cli.embedded.privileges import Identity

LAUNCHER = Path(__file__).with_name("launcher.py")


@dataclass(frozen=True)
class Command:
    """A server to start: its arguments, user, working folder, and the signal it receives when we die."""

    arguments: Sequence[str]
    identity: Identity
    folder: Path  # working folder
    log: Path  # takes standard output and standard error
    death_signal: signal.Signals
    lock: int | None = (
        None  # open descriptor that the server inherits, which keeps the lock held while it lives
    )


def _plan(command: Command) -> str:
    plan = Plan(
        parent=os.getpid(),
        way=command.identity.way,
        uid=command.identity.uid,
        gid=command.identity.gid,
        folder=str(command.folder),
        death_signal=command.death_signal,
    )
    return json.dumps(plan)


def _environment() -> dict[str, str]:
    """Return a minimal environment for servers, without our secrets or variables such as PGOPTIONS."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    return kept | {"LC_ALL": "C", "TZ": "UTC"}


def _spawn(command: Command) -> subprocess.Popen[bytes]:
    with command.log.open("ab") as log:
        return subprocess.Popen(  # noqa: S603 our own launcher, and the packages' servers
            [sys.executable, "-I", "-S", str(LAUNCHER), _plan(command), *command.arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=_environment(),
            pass_fds=() if command.lock is None else (command.lock,),
            start_new_session=True,  # Ctrl-C must reach only us; we then stop the servers in an orderly way
        )


class Child:
    """A started process, and the thread that started it.

    The kernel sends the death signal when the starting *thread* ends (prctl(2)), so a dedicated thread starts the
    process and lives until the process has been waited for.
    """

    def __init__(self, command: Command) -> None:
        """Start the process. Raises OSError if Python cannot be started."""
        self._ended = threading.Event()
        started: Future[subprocess.Popen[bytes]] = Future()
        threading.Thread(
            target=self._keep, args=(command, started), daemon=True, name="embedded-server"
        ).start()
        self.process = started.result()

    def _keep(self, command: Command, started: "Future[subprocess.Popen[bytes]]") -> None:
        try:
            started.set_result(_spawn(command))
        except OSError as error:
            started.set_exception(error)
        else:
            self._ended.wait()

    @property
    def pid(self) -> int:
        return self.process.pid

    def exit_status(self) -> int | None:
        """Return the exit status, or None while the process runs."""
        return self.process.poll()

    def wait(self, seconds: float) -> int:
        """Wait for the exit status and return it. Raises subprocess.TimeoutExpired after `seconds`."""
        status = self.process.wait(seconds)
        self._ended.set()
        return status

    def stop(self, signals: Sequence[signal.Signals], patience: float) -> None:
        """Send the signals `patience` seconds apart, and finally SIGKILL, until the process has ended."""
        for number in (*signals, signal.SIGKILL):
            if self.process.poll() is None:
                self.process.send_signal(number)
            try:
                self.wait(patience)
            except subprocess.TimeoutExpired:
                continue
            return
