"""The bench's PostgreSQL and Valkey, which can be killed and restarted on the same data."""

import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from cli.embedded.files import Files, private_folder, try_lock
from cli.embedded.postgres import Postgres
from cli.embedded.roles import as_service, service_password
from cli.embedded.sharing import Server, Started
from cli.embedded.valkey import Valkey

PATIENCE = 60.0  # seconds for a start, including crash recovery
PAUSE = 0.02


class EmbeddedServer:
    """A server with its data folder. `url` is the same after every start."""

    def __init__(self, server: Server, files: Files) -> None:
        self._server, self._files = server, files
        self._started: Started | None = None
        self.url = ""

    @property
    def folder(self) -> Path:
        """The folder of the server's data."""
        return self._files.folder

    @property
    def service_url(self) -> str:
        """PostgreSQL's URL for the service's role."""
        return as_service(self.url, service_password(self._files))

    @property
    def pid(self) -> int:
        """The process id of the server, which is up."""
        assert self._started is not None
        return self._started.child.pid

    @property
    def is_up(self) -> bool:
        """Return whether the server was started and not ended."""
        return self._started is not None

    def start(self) -> None:
        """Start the server and wait until it answers. Raises TimeoutError if it does not."""
        started = self._server.start(self._files, lock := self._lock())
        os.close(lock)
        deadline = time.monotonic() + PATIENCE
        while (reason := self._server.refusal(started.url)) is not None:
            if time.monotonic() > deadline or started.child.exit_status() is not None:
                raise TimeoutError(f"{self._server.title} does not answer: {reason}")
            time.sleep(PAUSE)
        started.address.settle()
        self._server.prepare(self._files, started.url)
        self._started, self.url = started, started.url

    def end(self, number: signal.Signals) -> None:
        """End the server with this signal, and return when the process is gone."""
        assert self._started is not None
        self._started.child.stop([number], patience=20)
        self._started = None

    def signal(self, number: signal.Signals) -> None:
        """Send a signal: a server stopped by SIGSTOP keeps its connections but does not answer until SIGCONT."""
        assert self._started is not None
        os.kill(self._started.child.pid, number)

    def stop(self) -> None:
        """Shut the server down in an orderly way, if it runs."""
        if self._started is not None:
            self._server.stop(self._started.child)
            self._started = None

    def _lock(self) -> int:
        """Return the server's lock, free once the last of its former processes is gone. Raises TimeoutError."""
        deadline = time.monotonic() + PATIENCE
        while (lock := try_lock(self._files.server_lock)) is None:
            if time.monotonic() > deadline:
                raise TimeoutError(f"Former processes of {self._server.title} are still running.")
            time.sleep(PAUSE)
        return lock


def postgres_in(home: Path, settings: Mapping[str, str] = MappingProxyType({})) -> EmbeddedServer:
    """Return a PostgreSQL; SIGQUIT stops it like `pg_ctl stop -m immediate`, with recovery at the next start.

    `settings`: of the server, in addition to those of every embedded one.
    """
    return EmbeddedServer(Postgres(settings), Files(private_folder(home), "postgres"))


def valkey_in(home: Path) -> EmbeddedServer:
    """Return a Valkey; it writes its data with a delay, so SIGKILL may lose the latest."""
    return EmbeddedServer(Valkey(), Files(private_folder(home), "valkey"))
