"""See which worker processes hold executions."""

import time
from collections.abc import Collection

from chaos.watching import Connection, Watch

LOOK_SECONDS = 0.1
HOLDERS = """
SELECT worker, id, fence FROM runbook_executions WHERE worker IS NOT NULL
UNION ALL
SELECT worker, id, fence FROM workflow_executions WHERE worker IS NOT NULL
"""


class Holding(Watch):
    """Notes when each process was first seen with each claim of its, which an execution's fence counts."""

    def __init__(self, conninfo: str) -> None:
        super().__init__(conninfo, LOOK_SECONDS)
        self._seen: dict[tuple[int, str, int], float] = {}
        self._now: frozenset[int] = frozenset()

    def look(self, connection: Connection) -> None:
        rows, now = connection.execute(HOLDERS.encode()).fetchall(), time.time()
        claims = [(int(str(worker).rpartition(".")[2]), str(id_), int(fence)) for worker, id_, fence in rows]
        for claim in claims:
            self._seen.setdefault(claim, now)
        self._now = frozenset(pid for pid, _, _ in claims)

    def holds(self, pids: Collection[int]) -> bool:
        """Return whether one of these processes held something at the last look."""
        return not self._now.isdisjoint(pids)

    def has_claimed(self, pids: Collection[int], since: float) -> bool:
        """Return whether one of these processes has claimed something after `since`."""
        return any(claim[0] in pids and at > since for claim, at in list(self._seen.items()))
