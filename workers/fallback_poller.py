"""The fallback poller: while Redis is unreachable, a worker polls the database for due executions and runs them.

Jobs only make this faster, and the runbook that repairs Redis may be one of these executions.
"""

from datetime import datetime

import structlog
from sqlalchemy import Select, select

from core.database import DATABASE_IS_AWAY
from core.execution.executor import Executor
from core.outage import Outage
from core.services.executions.kinds import KINDS, Kind
from core.unit_of_work import UnitOfWorkFactory

AT_ONCE = 20  # executions of each kind per poll

log = structlog.get_logger()


class FallbackPoller:
    """Polls the database, and runs what is due with the worker's own executor."""

    def __init__(self, unit_of_work: UnitOfWorkFactory, executor: Executor) -> None:
        self._unit_of_work, self._executor = unit_of_work, executor
        self._database = Outage("worker", "the database")

    def look(self) -> None:
        """Run what is due, one after the other, until the worker stops. A failure does not hold up the others."""
        for kind, execution_id in self._due():
            if self._executor.stopping.is_set():
                return
            self._try(kind, execution_id)

    def _due(self) -> list[tuple[Kind, str]]:
        """Return what is due, without marking it: the first worker to claim an execution gets it."""
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
        except Exception as error:  # as RQ does with a failed job: the worker survives
            log.error("execution failed unexpectedly", execution=execution_id, exc_info=error)


def _longest_due(kind: Kind, now: datetime) -> Select[str]:
    """Select what is due, as the scheduler does: what lost workers left behind first."""
    table = kind.execution
    due = select(table.id).where(table.wake_at <= now)
    return due.order_by(table.worker.is_not(None).desc(), table.wake_at).limit(AT_ONCE)
