"""The clock: rings again for whatever is due and not held, whether its time came or its bell was lost.

It also starts the workflows whose incidents come of age.

It finds everything in the database, so any number of clocks may run, and none keeps anything.
"""

import itertools
import threading
import time
from collections.abc import Sequence
from datetime import timedelta

import structlog
from sqlalchemy import case, or_, select, update

from core.execution.kinds import KINDS, Kind
from core.execution.losses import forget_old_losses
from core.sabotage import is_disabled, reach
from core.service import Service, Work
from core.services.audit_chain import AT_ONCE as SEALED_AT_ONCE
from core.services.audit_chain import seal_entries
from core.services.idempotent_answers import forget_old
from core.services.incident_ages import start_what_came_of_age

from .duties import Duties, Duty

TICK = 0.5  # seconds
PATIENCE = timedelta(seconds=5)  # how long after a ring it is rung again
PATIENCE_WITH_LOST = timedelta(seconds=2)  # the same, for what a lost worker left: people wait for it already
AT_ONCE = 200
TICKS_BETWEEN_TIDYING = 120  # a minute

log = structlog.get_logger()


def ring_what_is_due(service: Service) -> int:
    """Ring for executions that want a worker and were not rung for lately. Returns how many."""
    with service.transaction() as work:
        for kind in KINDS.values():
            _ring_kind(work, kind)
        reach("clock.found")
        return len(work.rings)


def _ring_kind(work: Work, kind: Kind) -> None:
    """What a lost worker left goes before all that has only just begun to wait."""
    table = kind.execution
    is_lost = table.worker.is_not(None)
    since = case((is_lost, work.now - PATIENCE_WITH_LOST), else_=work.now - PATIENCE)
    due = (
        select(table.id)
        .where(table.wake_at <= work.now)
        .where(or_(table.rung_at.is_(None), table.rung_at <= since))
        .order_by(is_lost.desc(), table.wake_at)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    ring = update(table).where(table.id.in_(due.scalar_subquery())).values(rung_at=work.now)
    for execution_id, lost in work.session.execute(ring.returning(table.id, is_lost)):
        work.ring(kind.name, execution_id, first=lost)


def seal_the_audit_trail(service: Service) -> int:
    """Bring what was committed since into the chain of the audit trail. Returns how many entries that were."""
    total = 0
    while True:
        with service.transaction() as work:
            sealed = seal_entries(work)
        total += sealed
        if sealed < SEALED_AT_ONCE:
            return total


def tidy(service: Service) -> None:
    """Delete what nobody will ask for any more."""
    with service.transaction() as work:
        forget_old(work)
        forget_old_losses(work)


DUTIES: tuple[Duty, ...] = (ring_what_is_due, start_what_came_of_age, seal_the_audit_trail)


def run_clock(service: Service, stop: threading.Event) -> None:
    """Tick until `stop` is set. A database that is away is waited for."""
    duties = Duties(service)
    for tick in itertools.count():
        if stop.wait(TICK):
            return
        if not is_disabled("sweep"):
            _tick(duties, (*DUTIES, tidy) if tick % TICKS_BETWEEN_TIDYING == 0 else DUTIES, stop)


def _tick(duties: Duties, todo: Sequence[Duty], stop: threading.Event) -> None:
    """Each is tried, whatever became of the others."""
    away = [duties.do(duty, time.monotonic()) for duty in todo if not stop.is_set()]
    error = next(filter(None, away), None)
    if error is not None:
        log.warning("clock cannot reach the database", error=str(error))
