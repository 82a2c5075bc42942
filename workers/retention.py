"""The scheduler's task that deletes old executions, as the settings say."""

from dataclasses import dataclass

import structlog

from core.decisions.people import Person
from core.services.executions.kinds import Kind
from core.services.retention.pruning import prune_portion
from core.services.retention.rules import ORDER, Retention
from core.statuses import PrincipalKind
from core.unit_of_work import UnitOfWorkFactory

SYSTEM = Person("system", source="clock", kind=PrincipalKind.OPERATOR)
PORTIONS = 20  # the most of a kind in a minute: 2,000 executions, and what is due waits for none of it

log = structlog.get_logger()


@dataclass(frozen=True)
class Pruning:
    """Deletes what is older than `retention` says, a bounded number of portions each time."""

    retention: Retention

    def prune(self, unit_of_work: UnitOfWorkFactory) -> int:
        """Return how many executions were deleted, without their child runs."""
        deleted = {kind.name: self._prune(unit_of_work, kind) for kind in ORDER}
        if any(deleted.values()):
            log.info("old executions deleted", **deleted)
        return sum(deleted.values())

    def _prune(self, unit_of_work: UnitOfWorkFactory, kind: Kind) -> int:
        age = self.retention.age_of(kind.name)
        if age is None:
            return 0
        total = 0
        for _ in range(PORTIONS):
            with unit_of_work.begin() as work:
                done = prune_portion(work, SYSTEM, kind, work.now - age)
            total += done
            if not done:
                break
        return total
