"""The clock: rings again for whatever is due and not held, whether its time came or its bell was lost.

It also starts the workflows whose incidents come of age, seals the audit trail, and counts what ended.

It finds everything in the database, so any number of clocks may run, and none keeps anything.
"""

import itertools
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import case, or_, select, update

from core.execution.losses import forget_old_losses
from core.fault_injection import fail_point, is_disabled
from core.outage import Outage
from core.services.analytics.tallies import AT_ONCE as COUNTED_AT_ONCE
from core.services.analytics.tallies import count_ended
from core.services.audit.chain import AT_ONCE as SEALED_AT_ONCE
from core.services.audit.chain import seal_entries
from core.services.executions import secret_parameters
from core.services.executions.loading import KINDS, Kind, KindName
from core.services.incidents.ages import start_what_came_of_age
from core.services.operations.health import forget_old_signs
from core.services.operations.installation import is_as_known, move_mark
from core.services.operations.restore import settle
from core.services.shared.idempotency import forget_old
from core.unit_of_work import JobRequest, UnitOfWork, UnitOfWorkFactory
from workers.shutdown import PeriodicTask, PeriodicTasks

TICK = 0.5  # seconds
PATIENCE = timedelta(seconds=5)  # how long after a ring it is rung again
PATIENCE_WITH_LOST = timedelta(seconds=2)  # the same, for what a lost worker left: people wait for it already
AT_ONCE = 200
PORTIONS = 10  # of what is done in portions, in a tick
TICKS_BETWEEN_TIDYING = 120  # a minute
TICKS_BETWEEN_MARKS = 4

log = structlog.get_logger()


def watch_the_database(unit_of_work: UnitOfWorkFactory) -> None:
    """First of all: whether it is still the one that it was."""
    with unit_of_work.begin() as work:
        is_known = is_as_known(work.session)
    if not is_known:
        settle(unit_of_work)


def keep_the_mark(unit_of_work: UnitOfWorkFactory) -> None:
    """Have remembered outside how far the database has come, unless it was set back behind that."""
    settle(unit_of_work)
    with unit_of_work.begin() as work:
        moved = move_mark(work)
    if moved is not None:
        unit_of_work.witness.remember(*moved)


def enqueue_what_is_due(unit_of_work: UnitOfWorkFactory) -> int:
    """Ring for executions that want a worker and were not rung for lately. Returns how many."""
    with unit_of_work.begin() as work:
        found = [each for kind in KINDS.values() for each in find_due(work, kind)]
        fail_point("clock.found")
    waiting = unit_of_work.job_queue.queued() if found else frozenset()
    missed = [each for each in found if each.is_lost or each.execution_id not in waiting]
    for each in missed:
        if each.is_lost:
            log.warning(
                "an execution lost its worker, and is rung for", kind=each.kind, execution=each.execution_id
            )
    if missed:
        unit_of_work.job_queue.enqueue(
            [JobRequest(each.kind, each.execution_id, each.is_lost) for each in missed]
        )
    return len(missed)


@dataclass(frozen=True)
class Due:
    """An execution that wants a worker. `is_lost`: it had one, who is lost."""

    kind: KindName
    execution_id: str
    is_lost: bool


def find_due(work: UnitOfWork, kind: Kind) -> list[Due]:
    """What a lost worker left first, then what is longest due. It is found again after a while, if it still is due."""
    table = kind.execution
    is_lost = table.worker.is_not(None)
    since = case((is_lost, work.now - PATIENCE_WITH_LOST), else_=work.now - PATIENCE)
    due = (
        select(table.id)
        .where(table.wake_at <= work.now)
        .where(or_(table.enqueued_at.is_(None), table.enqueued_at <= since))
        .order_by(is_lost.desc(), table.wake_at)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    enqueue = update(table).where(table.id.in_(due.scalar_subquery())).values(enqueued_at=work.now)
    found = work.session.execute(enqueue.returning(table.id, is_lost))
    return [Due(kind.name, execution_id, is_lost=lost) for execution_id, lost in found]


def seal_the_audit_trail(unit_of_work: UnitOfWorkFactory) -> int:
    """Bring what was committed since into the chain of the audit trail. Returns how many entries that were."""
    return _in_portions(unit_of_work, seal_entries, SEALED_AT_ONCE)


def count_what_ended(unit_of_work: UnitOfWorkFactory) -> int:
    """Count what ended since. Returns how many executions that were."""
    return _in_portions(unit_of_work, count_ended, COUNTED_AT_ONCE)


def _in_portions(unit_of_work: UnitOfWorkFactory, act: Callable[[UnitOfWork], int], at_once: int) -> int:
    """Act until a portion is not full, or PORTIONS are done: a backlog must not keep the bells from ringing."""
    total = 0
    for _ in range(PORTIONS):
        with unit_of_work.begin() as work:
            done = act(work)
        total += done
        if done < at_once:
            break
    return total


def tidy(unit_of_work: UnitOfWorkFactory) -> None:
    """Delete what nobody will ask for any more."""
    with unit_of_work.begin() as work:
        forget_old(work)
        forget_old_losses(work)
        forget_old_signs(work)
        secret_parameters.forget_old(work)


TASKS: tuple[PeriodicTask, ...] = (
    watch_the_database,
    enqueue_what_is_due,
    start_what_came_of_age,
    seal_the_audit_trail,
    count_what_ended,
)


def run_clock(
    unit_of_work: UnitOfWorkFactory, stop: threading.Event, seldom: Sequence[PeriodicTask] = ()
) -> None:
    """Tick until `stop` is set. A database that is away is waited for. `seldom`: more that is done once a minute."""
    tasks, database = PeriodicTasks(unit_of_work), Outage("clock", "the database")
    for tick in itertools.count():
        if stop.wait(TICK):
            return
        if not is_disabled("sweep"):
            _tick(tasks, _todo(tick, seldom), stop, database)


def _todo(tick: int, seldom: Sequence[PeriodicTask]) -> Sequence[PeriodicTask]:
    marking = (keep_the_mark,) if tick % TICKS_BETWEEN_MARKS == 0 else ()
    return (*marking, *TASKS, *((tidy, *seldom) if tick % TICKS_BETWEEN_TIDYING == 0 else ()))


def _tick(
    tasks: PeriodicTasks, todo: Sequence[PeriodicTask], stop: threading.Event, database: Outage
) -> None:
    """Each is tried, whatever became of the others."""
    away = [tasks.do(task, time.monotonic()) for task in todo if not stop.is_set()]
    error = next(filter(None, away), None)
    if error is not None:
        database.begin(error)
    elif not stop.is_set():
        database.end()
