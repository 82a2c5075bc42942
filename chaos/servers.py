"""The bench's own PostgreSQL and Valkey: they can be ended hard, and started again on the same data."""

import os
import signal
import time
from pathlib import Path

from cli.embedded.files import Files, private_folder, try_lock
from cli.embedded.postgres import Postgres
from cli.embedded.roles import as_service, service_password
from cli.embedded.sharing import Server, Started
from cli.embedded.valkey import Valkey

PATIENCE = 60.0  # seconds for a start, crash recovery included
PAUSE = 0.02


class EmbeddedServer:
    """One server on its folder. `url` is the same after every start."""

    def __init__(self, server: Server, files: Files) -> None:
        self._server, self._files = server, files
        self._started: Started | None = None
        self.url = ""

    @property
    def folder(self) -> Path:
        """What it keeps everything in."""
        return self._files.folder

    @property
    def service_url(self) -> str:
        """PostgreSQL's, for the role that the service works as."""
        return as_service(self.url, service_password(self._files))

    @property
    def is_up(self) -> bool:
        """Whether it was started, and nobody has ended it."""
        return self._started is not None

    def start(self) -> None:
        """Returns when it answers. Raises TimeoutError where it does not."""
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
        """By this signal; returns when the process is gone."""
        assert self._started is not None
        self._started.child.stop([number], patience=20)
        self._started = None

    def signal(self, number: signal.Signals) -> None:
        """Stop it, or let it go on: meanwhile it has its connections, and says nothing."""
        assert self._started is not None
        os.kill(self._started.child.pid, number)

    def stop(self) -> None:
        """In order, if it runs."""
        if self._started is not None:
            self._server.stop(self._started.child)
            self._started = None

    def _lock(self) -> int:
        """The server's lock: free as soon as the last of its former processes is gone."""
        deadline = time.monotonic() + PATIENCE
        while (lock := try_lock(self._files.server_lock)) is None:
            if time.monotonic() > deadline:
                raise TimeoutError(f"Former processes of {self._server.title} still run.")
            time.sleep(PAUSE)
        return lock


def postgres_in(home: Path) -> EmbeddedServer:
    """Ended with SIGQUIT it stops at once, as `pg_ctl stop -m immediate` does, and recovers at its next start."""
    return EmbeddedServer(Postgres(), Files(private_folder(home), "postgres"))


def valkey_in(home: Path) -> EmbeddedServer:
    """Its data is written behind, so SIGKILL may lose what came last."""
    return EmbeddedServer(Valkey(), Files(private_folder(home), "valkey"))
