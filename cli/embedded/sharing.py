"""Share one embedded server per home: the first process starts it, the others reuse it.

The server's own processes hold `NAME.lock`: they inherit the locked descriptor, and the kernel releases it when the
last of them is gone. A free lock therefore proves that no process of a former server is running, whatever files it
left behind and whoever has its process id now.
"""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cli.embedded.files import (
    EmbeddedServiceError,
    Files,
    State,
    locked,
    log_tail,
    read_state,
    rotate_log,
    try_lock,
    write_state,
)
from cli.embedded.launcher import Address
from cli.embedded.process import Child


def _process_id(lock_file: Path) -> int | None:
    """Return the process id in the first line of postmaster.pid or of a socket's lock file."""
    try:
        first = lock_file.read_text().partition("\n")[0].strip()
    except FileNotFoundError:
        return None
    return int(first) if first.isdigit() else None


def _works_in(pid: int, folder: Path) -> bool:
    """Return whether the process has this working folder, as PostgreSQL has its data folder."""
    try:
        return Path(f"/proc/{pid}/cwd").readlink() == folder
    except OSError:
        return False


def remove_leftovers(data: Path, sockets: Path) -> None:
    """Remove the pid file and the sockets of a server that is gone; the caller must hold the server's lock.

    PostgreSQL refuses to start while any process has the id in its pid file, and after a crash, or in a new
    container, that may be another program. Raises EmbeddedServiceError if somebody started a server by hand.
    """
    pid = _process_id(data / "postmaster.pid")
    if pid is not None and _works_in(pid, data):
        raise EmbeddedServiceError(
            f"A PostgreSQL that was started by other means (process {pid}) uses {data}. Stop it, or set "
            "DATABASE_URL to its address."
        )
    (data / "postmaster.pid").unlink(missing_ok=True)
    for socket in sockets.glob(".s.PGSQL.*"):
        socket.unlink()


START_SECONDS = 60.0  # crash recovery of a large database takes a while
LEAVE_SECONDS = 15.0  # for a server to end after its owner was killed


@dataclass(frozen=True)
class Started:
    """A started process, and the address it will answer at."""

    child: Child
    address: Address
    url: str


class Server(Protocol):
    """An embedded server: PostgreSQL or Valkey."""

    title: str
    setting: str  # the setting that names a server of the operator's own

    def start(self, files: Files, lock: int) -> Started:
        """Start the process, which inherits `lock`."""

    def refusal(self, url: str) -> str | None:
        """Return why the server does not answer, or None if it does."""

    def prepare(self, files: Files, url: str) -> None:
        """Create what the service needs; called once after each start."""

    def stop(self, child: Child) -> None:
        """Shut the server down in an orderly way."""


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _wait_until_it_answers(server: Server, files: Files, started: Started) -> None:
    deadline = time.monotonic() + START_SECONDS
    while (reason := server.refusal(started.url)) is not None:
        status = started.child.exit_status()
        if status is None and time.monotonic() < deadline:
            time.sleep(0.02)
            continue
        happened = f"does not answer: {reason}" if status is None else f"exited with status {status}"
        raise EmbeddedServiceError(
            f"The embedded {server.title} {happened}. To use your own server, set {server.setting}. "
            f"{log_tail(files.log)}"
        )


def _launch(server: Server, files: Files, lock: int) -> Started:
    try:
        return server.start(files, lock)
    finally:
        os.close(lock)  # our copy; the server keeps its own


def _start(server: Server, files: Files, lock: int) -> Started:
    files.state.unlink(missing_ok=True)
    rotate_log(files.log)
    started = _launch(server, files, lock)
    with ExitStack() as undo:
        undo.callback(server.stop, started.child)
        _wait_until_it_answers(server, files, started)
        started.address.settle()
        server.prepare(files, started.url)
        write_state(files.state, State(pid=started.child.pid, owner=os.getpid(), url=started.url))
        undo.pop_all()
    return started


def _reusable(server: Server, files: Files) -> str | None:
    state = read_state(files.state)
    if state is not None and _alive(state.owner) and server.refusal(state.url) is None:
        return state.url
    return None


def _start_or_reuse(server: Server, files: Files) -> Started | str:
    """Return the server started here, or the address of one that another process owns."""
    deadline = time.monotonic() + LEAVE_SECONDS
    with locked(files.start_lock, START_SECONDS + LEAVE_SECONDS):
        while (lock := try_lock(files.server_lock)) is None:
            if url := _reusable(server, files):
                return url
            if time.monotonic() > deadline:
                raise EmbeddedServiceError(
                    f"A {server.title} that does not answer is still running in {files.folder}; the process that "
                    f"started it may be gone. Stop its processes (`fuser {files.server_lock}` lists them) and "
                    "try again."
                )
            time.sleep(0.02)
        return _start(server, files, lock)


@contextmanager
def running(server: Server, files: Files) -> Iterator[str]:
    """Yield the server's address, starting it if it is not running; a server started here is stopped at the end.

    Raises EmbeddedServiceError, with the last lines of the log, if it cannot be started.
    """
    result = _start_or_reuse(server, files)
    if isinstance(result, str):
        yield result
        return
    owner = os.getpid()
    try:
        yield result.url
    finally:
        if os.getpid() == owner:  # a fork that unwinds its copy of this stack must not stop the server
            server.stop(result.child)
