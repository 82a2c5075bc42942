"""How long something that is due waits for somebody to go on with it, while everything that it takes is up."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import psycopg

from chaos.journal import Journal

LOOK_SECONDS = 1.0
DUE = """
SELECT id, revision FROM runbook_executions WHERE wake_at < now()
UNION ALL
SELECT id, revision FROM workflow_executions WHERE wake_at < now()
"""

Due = dict[str, int]  # revision by id


@dataclass
class Wait:
    """Since which revision, and for how many seconds that count."""

    revision: int
    seconds: float = 0.0


class Waits:
    """Adds up looks: who is due again and again at the same revision is one whom nobody goes on with."""

    def __init__(self) -> None:
        self._waits: dict[str, Wait] = {}

    def look(self, due: Due, seconds: float) -> dict[str, float]:
        """What is due now, `seconds` after the last look. Returns how long each has waited."""
        self._waits = {id_: self._wait(id_, revision, seconds) for id_, revision in due.items()}
        return {id_: wait.seconds for id_, wait in self._waits.items()}

    def _wait(self, id_: str, revision: int, seconds: float) -> Wait:
        former = self._waits.get(id_)
        if former is None or former.revision != revision:
            return Wait(revision)
        return Wait(revision, former.seconds + seconds)


class StuckWatch:
    """Looks in a thread of its own, and writes the longest wait of each into the journal.

    `is_up`: whether everything that an execution takes is there; seconds in which it is not do not count.
    """

    def __init__(self, conninfo: str, journal: Journal, is_up: Callable[[], bool]) -> None:
        self._conninfo, self._journal, self._is_up = conninfo, journal, is_up
        self._waits = Waits()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="stuck", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            try:
                with psycopg.connect(self._conninfo, autocommit=True, connect_timeout=2) as connection:
                    self._look_on(connection)
            except psycopg.Error:
                continue  # the database is away, as it may be here

    def _look_on(self, connection: "psycopg.Connection[tuple[str, int]]") -> None:
        looked, was_up = time.monotonic(), False
        while not self._over.wait(LOOK_SECONDS):
            due = dict(connection.execute(DUE).fetchall())
            now, is_up = time.monotonic(), self._is_up()
            seconds = now - looked if was_up and is_up else 0.0
            looked, was_up = now, is_up
            for id_, waited in self._waits.look(due, seconds).items():
                self._journal.waited(id_, waited)
