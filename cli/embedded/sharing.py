"""One embedded server for all who need it, also after somebody was killed.

The files that stop PostgreSQL from starting again after its processes were killed.

One server for a home, however many processes want it: the first starts it, the others reuse it.

The server's own processes hold `NAME.lock`: they inherit the locked descriptor, and the kernel lets go of it
when the last of them is gone. So a free lock proves that nothing of a former server is running, whatever
files it left behind, and no recycled process id can deceive us.
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
    fresh_log,
    locked,
    log_ending,
    read_state,
    try_lock,
    write_state,
)
from cli.embedded.launcher import Address
from cli.embedded.process import Child


def _process_id(lock_file: Path) -> int | None:
    """The first line of postmaster.pid or of a socket's lock file."""
    try:
        first = lock_file.read_text().partition("\n")[0].strip()
    except FileNotFoundError:
        return None
    return int(first) if first.isdigit() else None


def _works_in(pid: int, folder: Path) -> bool:
    """Is this process at work in the folder? A PostgreSQL has its data folder as its working folder."""
    try:
        return Path(f"/proc/{pid}/cwd").readlink() == folder
    except OSError:
        return False


def remove_leftovers(data: Path, sockets: Path) -> None:
    """Remove the pid file and the sockets of a server that is gone.

    PostgreSQL itself refuses to start while any process has the number in its pid file, and after a crash,
    or in a new container, that is soon another program. To be called by the holder of the server's lock: then
    only a server that somebody started by hand can still be there; raises EmbeddedServiceError for that.
    """
    pid = _process_id(data / "postmaster.pid")
    if pid is not None and _works_in(pid, data):
        raise EmbeddedServiceError(
            f"A PostgreSQL that was started by other means (process {pid}) works on {data}. Stop it, or set "
            "DATABASE_URL to its address."
        )
    (data / "postmaster.pid").unlink(missing_ok=True)
    for socket in sockets.glob(".s.PGSQL.*"):
        socket.unlink()


START_SECONDS = 60.0  # crash recovery of a large database takes its time
LEAVE_SECONDS = 15.0  # for the server of an owner that was killed


@dataclass(frozen=True)
class Started:
    """A process that was started, and where it will answer."""

    child: Child
    address: Address
    url: str


class Server(Protocol):
    """What PostgreSQL and Valkey have in common."""

    title: str
    setting: str  # names the server that people bring themselves

    def start(self, files: Files, lock: int) -> Started:
        """Start the process, which inherits `lock`."""

    def refusal(self, url: str) -> str | None:
        """Why it does not answer a question of ours; None where it does."""

    def prepare(self, files: Files, url: str) -> None:
        """Once after each start: make what should be there."""

    def stop(self, child: Child) -> None:
        """Stop it in order."""


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
        happened = f"does not answer: {reason}" if status is None else f"ended with status {status}"
        raise EmbeddedServiceError(
            f"The embedded {server.title} {happened}; to use a server of your own, set {server.setting}. "
            f"{log_ending(files.log)}"
        )


def _launch(server: Server, files: Files, lock: int) -> Started:
    try:
        return server.start(files, lock)
    finally:
        os.close(lock)  # ours; the server holds on to its own copy


def _start(server: Server, files: Files, lock: int) -> Started:
    files.state.unlink(missing_ok=True)
    fresh_log(files.log)
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
    """The server that we own from now on, or the address of the one that another owns."""
    deadline = time.monotonic() + LEAVE_SECONDS
    with locked(files.start_lock, START_SECONDS + LEAVE_SECONDS):
        while (lock := try_lock(files.server_lock)) is None:
            if url := _reusable(server, files):
                return url
            if time.monotonic() > deadline:
                raise EmbeddedServiceError(
                    f"A {server.title} that cannot be used is still at work in {files.folder}; whoever "
                    f"started it may be gone. End its processes (`fuser {files.server_lock}` shows them) and "
                    "try again."
                )
            time.sleep(0.02)
        return _start(server, files, lock)


@contextmanager
def running(server: Server, files: Files) -> Iterator[str]:
    """The address of the server in `files`: started unless it runs, and then stopped at the end.

    Raises EmbeddedServiceError with the last lines of the log where it cannot be started.
    """
    result = _start_or_reuse(server, files)
    if isinstance(result, str):
        yield result
        return
    owner = os.getpid()
    try:
        yield result.url
    finally:
        if os.getpid() == owner:  # and not a fork of ours that unwinds its copy of this stack
            server.stop(result.child)
