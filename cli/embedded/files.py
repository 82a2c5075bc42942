"""The files of an embedded server in RUNBOOK_HOME: data, password, log, state and locks."""

import fcntl
import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from core.errors import RunbookError


class EmbeddedServiceError(RunbookError):
    """An embedded server cannot be used. The message says what happened, where, and what to do."""


@dataclass(frozen=True)
class State:
    """A running server as other processes find it: its process id, that of its owner, and its address."""

    pid: int
    owner: int
    url: str


@dataclass(frozen=True)
class Files:
    """The paths of the server `name` below `home`."""

    home: Path
    name: str

    @property
    def folder(self) -> Path:
        """The folder of the server's data and sockets, owned by the user that the server runs as."""
        return self.home / self.name

    @property
    def log(self) -> Path:
        return self.home / f"{self.name}.log"

    @property
    def password(self) -> Path:
        return self.home / f"{self.name}.password"

    @property
    def state(self) -> Path:
        return self.home / f"{self.name}.json"

    @property
    def server_lock(self) -> Path:
        """The lock that the server's own processes hold as long as one of them is alive."""
        return self.home / f"{self.name}.lock"

    @property
    def start_lock(self) -> Path:
        """The lock that a process holds while it decides whether to start the server or to reuse it."""
        return self.home / f"{self.name}.start.lock"


def private_folder(path: Path) -> Path:
    """Return the folder's absolute path, creating it with mode 0700 if it does not exist."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path.resolve()


def write_private(path: Path, text: str) -> None:
    """Write a file atomically, with mode 0600."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)


def ensure_password(path: Path) -> str:
    """Return the password in the file, creating one first if there is none; it needs no quoting in URLs."""
    if not path.exists():
        write_private(path, secrets.token_urlsafe(24))
    return path.read_text().strip()


def rotate_log(path: Path) -> Path:
    """Create an empty log, keeping the last run's as `NAME.previous.log`. Returns its path."""
    if path.exists():
        path.replace(path.with_suffix(".previous.log"))
    path.touch(mode=0o600)
    return path


def log_tail(path: Path, lines: int = 15) -> str:
    """Return the last lines of the log, indented, for the end of an error message."""
    text = path.read_text(errors="replace") if path.exists() else ""
    shown = "\n".join(f"  {line}" for line in text.splitlines()[-lines:]) or "  (nothing)"
    return f"The last lines of {path}:\n{shown}"


def read_state(path: Path) -> State | None:
    """Return the state that the server's owner wrote, or None if there is none or it is invalid."""
    try:
        return State(**json.loads(path.read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def write_state(path: Path, state: State) -> None:
    """Publish a running server to other processes."""
    write_private(path, json.dumps(asdict(state)))


def try_lock(path: Path) -> int | None:
    """Return an open descriptor that holds the lock exclusively, or None if another process holds it (flock(2))."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


@contextmanager
def locked(path: Path, patience: float) -> Iterator[None]:
    """Hold the lock during the block. Raises EmbeddedServiceError if it is not free within `patience` seconds."""
    deadline = time.monotonic() + patience
    while (descriptor := try_lock(path)) is None:
        if time.monotonic() > deadline:
            raise EmbeddedServiceError(
                f"Another process has held {path} for {patience:.0f} seconds while starting a server. "
                "Wait for it, or stop it and try again."
            )
        time.sleep(0.02)
    try:
        yield
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)
