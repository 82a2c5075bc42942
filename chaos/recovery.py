"""Measure how soon another worker continues the runs of a lost worker."""

import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass

from chaos.journal import Journal, Recovery
from chaos.watching import Connection, Watch

LOOK_SECONDS = 0.2
HELD = """
SELECT id, fence, worker FROM runbook_executions WHERE {condition}
UNION ALL
SELECT id, fence, worker FROM workflow_executions WHERE {condition}
"""
BY_WORKER = HELD.format(condition="worker = %(name)s")
BY_ID = HELD.format(condition="id = ANY(%(ids)s)")

Row = tuple[str, int, str | None]


@dataclass(frozen=True)
class Loss:
    """A lost worker: when (Unix time), and by which fault."""

    fault: str
    pid: int
    at: float


@dataclass(frozen=True)
class Held:
    """An execution that a lost worker holds, with the fence of its claim."""

    loss: Loss
    id: str
    fence: int


class Recoveries(Watch):
    """Writes each recovery into the journal."""

    def __init__(self, conninfo: str, journal: Journal) -> None:
        super().__init__(conninfo, LOOK_SECONDS)
        self._journal = journal
        self._losses: list[Loss] = []
        self._deaths = 0
        self._held: list[Held] = []

    def lost(self, fault: str, pid: int) -> None:
        """Record a worker that is lost without having died: it was stopped."""
        self._losses.append(Loss(fault, pid, time.time()))

    def look(self, connection: Connection) -> None:
        for loss in list(self._new_losses()):
            name = f"{socket.gethostname()}.{loss.pid}"
            for id_, fence, _ in _rows(connection, BY_WORKER, {"name": name}):
                self._held.append(Held(loss, id_, fence))
        if not self._held:
            return
        rows = _rows(connection, BY_ID, {"ids": [held.id for held in self._held]})
        now, found = time.time(), {id_: (fence, worker) for id_, fence, worker in rows}
        for held in list(self._held):
            fence, worker = found[held.id]
            if fence != held.fence or worker is None:
                lost = held.loss
                self._journal.recovered(Recovery(lost.fault, held.id, now - lost.at, lost.at))
                self._held.remove(held)

    def _new_losses(self) -> Iterator[Loss]:
        deaths = self._journal.deaths[self._deaths :]
        self._deaths += len(deaths)
        yield from (Loss(death.fault, death.pid, death.at) for death in deaths if death.kind == "worker")
        while self._losses:
            yield self._losses.pop(0)


def _rows(connection: Connection, query: str, values: dict[str, object]) -> list[Row]:
    return [
        (str(id_), int(str(fence)), None if worker is None else str(worker))
        for id_, fence, worker in connection.execute(query.encode(), values)
    ]
