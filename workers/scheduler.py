"""The scheduler (the process `clock`): enqueues executions that are due, because their time came or a job was lost.

It also starts the workflows whose incidents have reached an age or whose schedule is due, closes the maintenance that
is done, prompts people at approval gates, seals the audit trail, and counts what has ended. It finds everything in the
database and keeps no state, so any number of schedulers may run.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, and_, case, exists, or_, select, update

from core.execution.losses import delete_old_losses
from core.fault_injection import fail_point, is_disabled
from core.outage import Outage
from core.services.analytics.tallies import AT_ONCE as COUNTED_AT_ONCE
from core.services.analytics.tallies import count_ended, has_uncounted_ends
from core.services.audit.chain import AT_ONCE as SEALED_AT_ONCE
from core.services.audit.chain import has_unsealed_entries, seal_entries
from core.services.executions import secret_parameters
from core.services.executions.kinds import KINDS, Kind, KindName
from core.services.executions.loading import LEASE
from core.services.incidents.ages import age_may_be_reached, start_workflows_by_age
from core.services.incidents.scheduled_incidents import (
    close_finished_maintenance,
    maintenance_may_be_finished,
)
from core.services.incidents.schedules import schedule_is_due, start_scheduled_workflows
from core.services.operations.health import delete_old_heartbeats
from core.services.operations.installation import as_known
from core.services.operations.restore import settle, settle_and_mark
from core.services.runs.gate_prompts import prompt_deciders, prompt_is_due
from core.services.shared.idempotency import delete_old
from core.unit_of_work import JobRequest, UnitOfWork, UnitOfWorkFactory
from workers.shutdown import PeriodicTask, PeriodicTasks

TICK = 0.5  # seconds between two looks at the database
REST = 4  # the same in ticks, while nothing is due within SOON
SOON = LEASE + timedelta(seconds=5)  # a run that a worker holds has its next time before
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


@dataclass(frozen=True)
class RoundTask:
    """A task of every round, and the condition, at a time, that it has something to do."""

    do: PeriodicTask
    has_work: Callable[[datetime], ColumnElement[bool]]


# For these, seconds are soon enough.
EACH_ROUND = (
    RoundTask(start_workflows_by_age, age_may_be_reached),
    RoundTask(start_scheduled_workflows, schedule_is_due),
    RoundTask(close_finished_maintenance, maintenance_may_be_finished),
    RoundTask(prompt_deciders, prompt_is_due),
    RoundTask(seal_the_audit_trail, has_unsealed_entries),
    RoundTask(count_what_ended, has_uncounted_ends),
)


class Watch:
    """Looks at the database at each tick, and says what else there is to do, and how long the scheduler may rest.

    `is_round`: whether the next look asks for the tasks of a round, too. `todo`: those that the last look found to
    have work. `rest`: ticks until the next look.
    """

    def __init__(self) -> None:
        self.is_round, self.todo, self.rest = True, list[PeriodicTask](), 1

    def look(self, unit_of_work: UnitOfWorkFactory) -> None:
        """Enqueue what is due, and handle a database that is not the one its data was written in.

        One statement asks all of it, and nothing else is done while nothing has happened. A run that starts while the
        scheduler rests has its job already: what the rest delays, by seconds, is a job that was lost or a short wait.
        """
        self.rest, self.todo = 1, []
        round_ = EACH_ROUND if self.is_round else ()
        with unit_of_work.begin() as work:
            due = or_(*(exists().where(is_due(kind, work.now)) for kind in KINDS.values()))
            soon = or_(
                *(exists().where(kind.execution.wake_at <= work.now + SOON) for kind in KINDS.values())
            )
            asked = (as_known(work.session), due, soon, *(each.has_work(work.now) for each in round_))
            is_known, some_due, some_soon, *found = work.session.execute(select(*asked)).one()
        self.todo = [each.do for each, has_work in zip(round_, found, strict=True) if has_work]
        try:
            if not is_known:
                settle(unit_of_work)
        finally:
            if some_due:
                enqueue_what_is_due(unit_of_work)
        self.rest = 1 if some_soon or not is_known else REST


def run_clock(
    unit_of_work: UnitOfWorkFactory, stop: threading.Event, seldom: Sequence[PeriodicTask] = ()
) -> None:
    """Tick until `stop` is set, and wait while the database is unreachable. `seldom`: further tasks, once a minute."""
    watch, tasks, database = Watch(), PeriodicTasks(unit_of_work), Outage("clock", "the database")
    last, tick = -1, 0
    while not stop.wait(watch.rest * TICK):
        if not is_disabled("sweep"):
            _tick(tasks, _todo(watch, last, tick, seldom), stop, database)
        last, tick = tick, tick + watch.rest


def _todo(watch: Watch, last: int, tick: int, seldom: Sequence[PeriodicTask]) -> Iterator[PeriodicTask]:
    """Yield the tasks of a tick; those of a round once its look has found them. `last`: the previous tick."""
    if _is_time(max(TICKS_BETWEEN_MARKS, 2 * watch.rest), last, tick):
        yield settle_and_mark
    watch.is_round = _is_time(TICKS_BETWEEN_ROUNDS, last, tick)
    yield watch.look
    yield from watch.todo
    if _is_time(TICKS_BETWEEN_TIDYING, last, tick):
        yield from (tidy, *seldom)


def _is_time(every: int, last: int, tick: int) -> bool:
    """True if a multiple of `every` ticks was passed since the last tick."""
    return last // every != tick // every


def _tick(
    tasks: PeriodicTasks, todo: Iterable[PeriodicTask], stop: threading.Event, database: Outage
) -> None:
    """Run each task, even if others fail."""
    away = [tasks.do(task, time.monotonic()) for task in todo if not stop.is_set()]
    error = next(filter(None, away), None)
    if error is not None:
        database.begin(error)
    elif not stop.is_set():
        database.end()
