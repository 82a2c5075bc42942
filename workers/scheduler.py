"""The scheduler (the process `clock`): enqueues executions that are due, because their time came or a job was lost.

It also starts the workflows whose incidents have reached an age or whose schedule is due, closes the maintenance that
is done, prompts people at approval gates, seals the audit trail, and counts what has ended. It finds everything in the
database and keeps no state, so any number of schedulers may run.
"""

import itertools
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, and_, case, exists, or_, select, update

from core.execution.losses import delete_old_losses
from core.fault_injection import fail_point, is_disabled
from core.outage import Outage
from core.services.analytics.tallies import AT_ONCE as COUNTED_AT_ONCE
from core.services.analytics.tallies import count_ended
from core.services.audit.chain import AT_ONCE as SEALED_AT_ONCE
from core.services.audit.chain import seal_entries
from core.services.executions import secret_parameters
from core.services.executions.kinds import KINDS, Kind, KindName
from core.services.incidents.ages import start_workflows_by_age
from core.services.incidents.scheduled_incidents import close_finished_maintenance
from core.services.incidents.schedules import start_scheduled_workflows
from core.services.operations.health import delete_old_heartbeats
from core.services.operations.installation import as_known, move_mark
from core.services.operations.restore import settle
from core.services.runs.gate_prompts import prompt_deciders
from core.services.shared.idempotency import delete_old
from core.unit_of_work import JobRequest, UnitOfWork, UnitOfWorkFactory
from workers.shutdown import PeriodicTask, PeriodicTasks

TICK = 0.5  # seconds
PATIENCE = timedelta(seconds=5)  # how long after a job the next one is enqueued
PATIENCE_WITH_LOST = timedelta(
    seconds=2
)  # the same for executions of lost workers: people are waiting for them
AT_ONCE = 200
PORTIONS = 10  # the most portions of a task per tick
TICKS_BETWEEN_MARKS = 4
TICKS_BETWEEN_ROUNDS = 10  # five seconds
TICKS_BETWEEN_TIDYING = 120  # a minute

log = structlog.get_logger()


def look_at_the_database(unit_of_work: UnitOfWorkFactory) -> None:
    """Enqueue what is due, and handle a database that is not the one its data was written in.

    It is asked at each tick, so one statement asks both, and nothing else is done while nothing has happened.
    """
    with unit_of_work.begin() as work:
        due = [exists().where(is_due(kind, work.now)) for kind in KINDS.values()]
        is_known, some_due = work.session.execute(select(as_known(work.session), or_(*due))).one()
    try:
        if not is_known:
            settle(unit_of_work)
    finally:
        if some_due:
            enqueue_what_is_due(unit_of_work)


def keep_the_mark(unit_of_work: UnitOfWorkFactory) -> None:
    """Remember outside the database how far it has come, unless it was reset to an earlier state."""
    settle(unit_of_work)
    with unit_of_work.begin() as work:
        moved = move_mark(work)
    if moved is not None:
        unit_of_work.witness.remember(*moved)


def enqueue_what_is_due(unit_of_work: UnitOfWorkFactory) -> int:
    """Enqueue jobs for due executions that were not enqueued lately. Return how many."""
    with unit_of_work.begin() as work:
        found = [each for kind in KINDS.values() for each in find_due(work, kind)]
        fail_point("clock.found")
    waiting = unit_of_work.job_queue.queued() if found else frozenset()
    missed = [each for each in found if each.is_lost or each.execution_id not in waiting]
    for each in missed:
        if each.is_lost:
            log.warning("worker lost: execution enqueued again", kind=each.kind, execution=each.execution_id)
    if missed:
        unit_of_work.job_queue.enqueue(
            [JobRequest(each.kind, each.execution_id, each.is_lost) for each in missed]
        )
    return len(missed)


@dataclass(frozen=True)
class Due:
    """An execution that needs a worker. `is_lost`: True if the worker that held it was lost."""

    kind: KindName
    execution_id: str
    is_lost: bool


def find_due(work: UnitOfWork, kind: Kind) -> list[Due]:
    """Return due executions and mark them as enqueued: those of lost workers first, then the longest due.

    An execution that stays due is found again after PATIENCE.
    """
    table = kind.execution
    is_lost = table.worker.is_not(None)
    due = (  # a CTE, since PostgreSQL may execute a subquery repeatedly, which would lock other rows each time
        select(table.id)
        .where(is_due(kind, work.now))
        .order_by(is_lost.desc(), table.wake_at)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    enqueue = update(table).where(table.id == due.c.id).values(enqueued_at=work.now)
    found = work.session.execute(enqueue.returning(table.id, is_lost))
    return [Due(kind.name, execution_id, is_lost=lost) for execution_id, lost in found]


def is_due(kind: Kind, now: datetime) -> ColumnElement[bool]:
    """Return the condition that an execution of this kind needs a worker, and that none was called lately."""
    table = kind.execution
    since = case((table.worker.is_not(None), now - PATIENCE_WITH_LOST), else_=now - PATIENCE)
    return and_(table.wake_at <= now, or_(table.enqueued_at.is_(None), table.enqueued_at <= since))


def seal_the_audit_trail(unit_of_work: UnitOfWorkFactory) -> int:
    """Add newly committed entries to the audit trail's chain. Return how many."""
    return _in_portions(unit_of_work, seal_entries, SEALED_AT_ONCE)


def count_what_ended(unit_of_work: UnitOfWorkFactory) -> int:
    """Count newly ended executions in the tallies. Return how many."""
    return _in_portions(unit_of_work, count_ended, COUNTED_AT_ONCE)


def _in_portions(unit_of_work: UnitOfWorkFactory, act: Callable[[UnitOfWork], int], at_once: int) -> int:
    """Act until a portion is not full or PORTIONS are done, so that a backlog does not delay other tasks."""
    total = 0
    for _ in range(PORTIONS):
        with unit_of_work.begin() as work:
            done = act(work)
        total += done
        if done < at_once:
            break
    return total


def tidy(unit_of_work: UnitOfWorkFactory) -> None:
    """Delete data that is no longer needed."""
    with unit_of_work.begin() as work:
        delete_old(work)
        delete_old_losses(work)
        delete_old_heartbeats(work)
        secret_parameters.delete_old(work)


# People wait for what is due, so it is looked for at each tick; for the rest, seconds are soon enough.
EACH_TICK: tuple[PeriodicTask, ...] = (look_at_the_database,)
EACH_ROUND: tuple[PeriodicTask, ...] = (
    start_workflows_by_age,
    start_scheduled_workflows,
    close_finished_maintenance,
    prompt_deciders,
    seal_the_audit_trail,
    count_what_ended,
)


def run_clock(
    unit_of_work: UnitOfWorkFactory, stop: threading.Event, seldom: Sequence[PeriodicTask] = ()
) -> None:
    """Tick until `stop` is set, and wait while the database is unreachable. `seldom`: further tasks, once a minute."""
    tasks, database = PeriodicTasks(unit_of_work), Outage("clock", "the database")
    for tick in itertools.count():
        if stop.wait(TICK):
            return
        if not is_disabled("sweep"):
            _tick(tasks, _todo(tick, seldom), stop, database)


def _todo(tick: int, seldom: Sequence[PeriodicTask]) -> Sequence[PeriodicTask]:
    marking = (keep_the_mark,) if tick % TICKS_BETWEEN_MARKS == 0 else ()
    round_ = EACH_ROUND if tick % TICKS_BETWEEN_ROUNDS == 0 else ()
    tidying = (tidy, *seldom) if tick % TICKS_BETWEEN_TIDYING == 0 else ()
    return (*marking, *EACH_TICK, *round_, *tidying)


def _tick(
    tasks: PeriodicTasks, todo: Sequence[PeriodicTask], stop: threading.Event, database: Outage
) -> None:
    """Run each task, even if others fail."""
    away = [tasks.do(task, time.monotonic()) for task in todo if not stop.is_set()]
    error = next(filter(None, away), None)
    if error is not None:
        database.begin(error)
    elif not stop.is_set():
        database.end()
