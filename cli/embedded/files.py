"""The files of an embedded server, and what goes wrong with it.

What goes wrong with a server that we bring ourselves.

The files that an embedded server keeps in the home: password, log, state, locks.
"""

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
    """An embedded server cannot be used. The message says what happened, where, and what would be right."""


@dataclass(frozen=True)
class State:
    """A running server as others find it: its process, the process that owns it, and its address."""

    pid: int
    owner: int
    url: str


@dataclass(frozen=True)
class Files:
    """Where the server called `name` keeps its things below `home`."""

    home: Path
    name: str

    @property
    def folder(self) -> Path:
        """The server's data and sockets; belongs to the user that the server runs as."""
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
        """Held by the server's own processes, for as long as one of them lives."""
        return self.home / f"{self.name}.lock"

    @property
    def start_lock(self) -> Path:
        """Held by whoever is deciding between starting and reusing."""
        return self.home / f"{self.name}.start.lock"


def private_folder(path: Path) -> Path:
    """The absolute path of a folder, made for us alone (0700) where there was none."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path.resolve()


def write_private(path: Path, text: str) -> None:
    """Write a file for us alone (0600), whole or not at all."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)


def kept_password(path: Path) -> str:
    """The password in the file; a new one, of characters that need no quoting, where there was none."""
    if not path.exists():
        write_private(path, secrets.token_urlsafe(24))
    return path.read_text().strip()


def fresh_log(path: Path) -> Path:
    """Put the last run's log aside as `NAME.previous.log`: two runs are kept, no more."""
    if path.exists():
        path.replace(path.with_suffix(".previous.log"))
    path.touch(mode=0o600)
    return path


def log_ending(path: Path, lines: int = 15) -> str:
    """The end of an error message: the last lines of the log, indented."""
    text = path.read_text(errors="replace") if path.exists() else ""
    shown = "\n".join(f"  {line}" for line in text.splitlines()[-lines:]) or "  (nothing)"
    return f"The last lines of {path}:\n{shown}"


def read_state(path: Path) -> State | None:
    """The state that an owner wrote, or None where there is none that can be read."""
    try:
        return State(**json.loads(path.read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def write_state(path: Path, state: State) -> None:
    """Tell other processes of a running server."""
    write_private(path, json.dumps(asdict(state)))


def try_lock(path: Path) -> int | None:
    """An open file descriptor that holds the lock exclusively, or None where another holds it (flock(2))."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


@contextmanager
def locked(path: Path, patience: float) -> Iterator[None]:
    """Hold the lock for the length of the block. Raises EmbeddedServiceError after `patience` seconds."""
    deadline = time.monotonic() + patience
    while (descriptor := try_lock(path)) is None:
        if time.monotonic() > deadline:
            raise EmbeddedServiceError(
                f"Another process has been holding {path} for {patience:.0f} seconds while it starts a "
                "server. Wait for it, or end it and try again."
            )
        time.sleep(0.02)
    try:
        yield
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)
