"""What a worker does while Redis is away: it looks in the database itself for what is due, and runs it.

The bell is only the quicker way to hear of it, and what brings Redis back may be a runbook.
"""

from datetime import datetime

import structlog
from sqlalchemy import Select, select

from core.database import DATABASE_IS_AWAY
from core.execution.executor import Executor
from core.outage import Outage
from core.services.executions.loading import KINDS, Kind
from core.unit_of_work import UnitOfWorkFactory

AT_ONCE = 20  # executions of a kind that one look finds

log = structlog.get_logger()


class FallbackPoller:
    """Runs with the worker's own executor."""

    def __init__(self, unit_of_work: UnitOfWorkFactory, executor: Executor) -> None:
        self._unit_of_work, self._executor = unit_of_work, executor
        self._database = Outage("worker", "the database")

    def look(self) -> None:
        """Run what is due, one after the other, until told to stop. What fails keeps nothing else waiting."""
        for kind, execution_id in self._due():
            if self._executor.stopping.is_set():
                return
            self._try(kind, execution_id)

    def _due(self) -> list[tuple[Kind, str]]:
        """Nothing is marked: whoever claims one first has it, and the others find nothing to do."""
        try:
            with self._unit_of_work.begin() as work:
                found = [
                    (kind, execution_id)
                    for kind in KINDS.values()
                    for execution_id in work.session.scalars(_longest_due(kind, work.now))
                ]
        except DATABASE_IS_AWAY as error:
            self._database.begin(error)
            return []
        self._database.end()
        return found

    def _try(self, kind: Kind, execution_id: str) -> None:
        try:
            self._executor.run(kind, execution_id)
        except Exception as error:  # as RQ does with a job: the worker lives on
            log.error("a run failed", execution=execution_id, exc_info=error)


def _longest_due(kind: Kind, now: datetime) -> Select[str]:
    """What a lost worker left first, as the clock has it."""
    table = kind.execution
    due = select(table.id).where(table.wake_at <= now)
    return due.order_by(table.worker.is_not(None).desc(), table.wake_at).limit(AT_ONCE)
