"""Waking the posters: one NOTIFY for all that came to be owed within a moment, from a thread of its own.

PostgreSQL takes one lock of the whole server at the commit of each transaction that says NOTIFY
(https://www.postgresql.org/docs/current/sql-notify.html: notifications are sent in the order of commits), so what is
said in every checkpoint makes all workers wait for each other. Said afterwards it costs them nothing. A process that
dies in between loses it: then posters find what is owed at their next look, seconds later.
"""

import os
import threading

import structlog
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

CHANNEL = "notices"  # which posters listen on
PAUSE_SECONDS = 0.05  # what is announced meanwhile goes with the next

log = structlog.get_logger()


class Announcer:
    """One a process. The first to announce starts the thread; the child of a fork starts its own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._owed, self._over = threading.Event(), threading.Event()
        self._lock = threading.Lock()
        self._process = 0
        self._thread: threading.Thread | None = None

    def announce(self) -> None:
        """Something is owed, and committed. Never waits, never raises."""
        if self._process != os.getpid():
            self._start()
        self._owed.set()

    def _start(self) -> None:
        with self._lock:
            if self._process != os.getpid():
                self._process = os.getpid()
                self._thread = threading.Thread(target=self._go_on, name="announcer", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Say what is owed, and end."""
        self._over.set()
        self._owed.set()
        if self._thread is not None and self._process == os.getpid():
            self._thread.join(timeout=5)

    def _go_on(self) -> None:
        while self._owed.wait():
            self._owed.clear()
            self._say()
            if self._over.wait(PAUSE_SECONDS):
                return

    def _say(self) -> None:
        try:
            with self._engine.connect() as connection:
                connection.execution_options(isolation_level="AUTOCOMMIT").execute(text(f"NOTIFY {CHANNEL}"))
        except SQLAlchemyError as error:
            log.info("posters could not be woken", error=str(error))
