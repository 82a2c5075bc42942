"""Wakes the posters with NOTIFY, sent from a separate thread and once for all notices of a short interval.

PostgreSQL takes a server-wide lock at the commit of each transaction with a NOTIFY
(https://www.postgresql.org/docs/current/sql-notify.html: notifications are sent in commit order), so a NOTIFY in every
checkpoint would make all workers wait for each other. If a process dies before it is sent, the posters find the notices
at their next poll, seconds later.
"""

import os
import threading

import structlog
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

CHANNEL = "notices"  # the posters listen on it
PAUSE_SECONDS = 0.05  # announcements within this time share one NOTIFY

log = structlog.get_logger()


class Announcer:
    """One per process. The first announcement starts the thread; the child of a fork starts its own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._pending, self._closed = threading.Event(), threading.Event()
        self._lock = threading.Lock()
        self._process = 0
        self._thread: threading.Thread | None = None

    def announce(self) -> None:
        """Announce that a notice has been enqueued and committed. Never waits, never raises."""
        if self._process != os.getpid():
            self._start()
        self._pending.set()

    def _start(self) -> None:
        with self._lock:
            if self._process != os.getpid():
                self._process = os.getpid()
                self._thread = threading.Thread(target=self._run, name="announcer", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Send what has been announced, and stop."""
        self._closed.set()
        self._pending.set()
        if self._thread is not None and self._process == os.getpid():
            self._thread.join(timeout=5)

    def _run(self) -> None:
        while self._pending.wait():
            self._pending.clear()
            self._notify()
            if self._closed.wait(PAUSE_SECONDS):
                return

    def _notify(self) -> None:
        try:
            with self._engine.connect() as connection:
                connection.execution_options(isolation_level="AUTOCOMMIT").execute(text(f"NOTIFY {CHANNEL}"))
        except SQLAlchemyError as error:
            log.info("posters could not be woken", error=str(error))
