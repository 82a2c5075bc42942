"""How long something that is due waits for somebody to go on with it, while everything that it takes is up."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from chaos.journal import Journal
from chaos.watching import Connection, Watch

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


class StuckWatch(Watch):
    """Writes the longest wait of each into the journal.

    `is_up`: whether everything that an execution takes is there; seconds in which it is not do not count.
    """

    def __init__(self, conninfo: str, journal: Journal, is_up: Callable[[], bool]) -> None:
        super().__init__(conninfo, LOOK_SECONDS)
        self._journal, self._is_up = journal, is_up
        self._waits = Waits()
        self._looked, self._was_up = 0.0, False

    def look(self, connection: Connection) -> None:
        due = dict(connection.execute(DUE).fetchall())
        now, is_up = time.monotonic(), self._is_up()
        seconds = now - self._looked if self._was_up and is_up else 0.0
        self._looked, self._was_up = now, is_up
        for id_, waited in self._waits.look(due, seconds).items():
            self._journal.waited(id_, waited)
