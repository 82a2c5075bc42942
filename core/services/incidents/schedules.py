"""Starts the workflows whose schedule is due: each occurrence opens an incident of kind maintenance for its workflow.

Due workflows are found by a query, and an occurrence is decided in one transaction: its incident, the workflow's
execution, and the next occurrence. Schedulers that find the same one wait for each other at the workflow's row, and
`scheduled_occurrences` has each at most once.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache

import structlog
from sqlalchemy import ColumnElement, Select, exists, select, update
from sqlalchemy.dialects.postgresql import insert

from core.advisory_locks import lock_out_freezes
from core.database import DATABASE_IS_AWAY
from core.decisions.people import Person
from core.decisions.schedules import Missed, Timetable, decide, next_after
from core.definitions.cron import zone_named
from core.definitions.stored import StoredDefinitionInvalid
from core.definitions.workflow import Schedule
from core.errors import RunbookError
from core.services.incidents.changes import new_event
from core.services.incidents.scheduled_incidents import open_scheduled, tell_channel
from core.services.library.workflows_in_force import definition_in_force, is_started_by
from core.services.operations.installation import require_known, was_before_a_restore
from core.services.shared import audit
from core.services.shared.idempotency import serialize_on_key
from core.services.starts.bounds import workflows_left
from core.services.starts.workflow_starts import doubt_what_it_started, start_workflow_by_event
from core.tables import ScheduledOccurrence, Workflow
from core.unit_of_work import UnitOfWork, UnitOfWorkFactory

AT_ONCE = 200
EVENT = "schedule"
SYSTEM = Person("system", source="clock")
SECOND = timedelta(seconds=1)
TOO_LATE = "No scheduler was running in time."

log = structlog.get_logger()


class NoRoom(Exception):
    """The team has started the maximum number of workflows in the last minute: the occurrence waits."""


def schedule_is_due(now: datetime) -> ColumnElement[bool]:
    """Return the condition that an occurrence is due."""
    return exists().where(*_is_due(now))


def start_scheduled_workflows(unit_of_work: UnitOfWorkFactory) -> int:
    """Decide the occurrences that are due. Return the number of workflows that were looked at.

    Raises an ExceptionGroup if some failed, after all others were tried.
    """
    with unit_of_work.begin() as work:
        due = list(work.session.scalars(_due(work).with_only_columns(Workflow.id).limit(AT_ONCE)))
    troubles = [trouble for workflow_id in due if (trouble := _try(unit_of_work, workflow_id)) is not None]
    if troubles:
        raise ExceptionGroup("workflows whose schedule is due", troubles)
    return len(due)


def _due(work: UnitOfWork) -> Select[Workflow]:
    return select(Workflow).where(*_is_due(work.now)).order_by(Workflow.next_at)


def _is_due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return is_started_by(EVENT), Workflow.next_at <= now


def _try(unit_of_work: UnitOfWorkFactory, workflow_id: str) -> Exception | None:
    """Decide one workflow's occurrences, and return the exception if it failed, so that it does not hold up others."""
    try:
        unit_of_work.run(lambda work: _decide(work, workflow_id))
    except DATABASE_IS_AWAY:
        raise
    except NoRoom:
        _warn(
            f"The team has started too many workflows: {workflow_id} waits ({unit_of_work.clock.now():%H:%M})."
        )
    except Exception as error:  # noqa: BLE001 the caller raises it
        return error
    return None


def _decide(work: UnitOfWork, workflow_id: str) -> None:
    """Decide what is due of the workflow, unless another scheduler has.

    The channel is locked before freezes and the workflow, as wherever incidents are opened, so that nobody deadlocks.
    """
    require_known(work.session)
    seen = work.session.scalar(_due(work).where(Workflow.id == workflow_id))
    channel = _channel(seen)
    if channel is not None:
        serialize_on_key(work, f"channel {channel}")
    lock_out_freezes(work.session)
    locked = _due(work).where(Workflow.id == workflow_id).with_for_update(of=Workflow, key_share=True)
    workflow = work.session.scalar(locked.execution_options(populate_existing=True))
    schedule = _schedule(workflow) if workflow is not None else None
    if workflow is not None and schedule is not None and schedule.incident.slack_channel == channel:
        _decide_locked(work, workflow, schedule)


def _channel(workflow: Workflow | None) -> str | None:
    schedule = _schedule(workflow) if workflow is not None else None
    return schedule.incident.slack_channel if schedule is not None else None


def _schedule(workflow: Workflow) -> Schedule | None:
    """Return the trigger of the version in force; None if it cannot be read."""
    try:
        trigger = definition_in_force(workflow).trigger
    except StoredDefinitionInvalid as error:
        _warn(error.cannot_be_read)
        return None
    assert isinstance(trigger, Schedule), "trigger_on is the trigger's name"
    return trigger


@lru_cache(maxsize=128)  # logs each sentence once, not on every tick
def _warn(sentence: str) -> None:
    log.warning("scheduled workflow skipped", reason=sentence)


def _decide_locked(work: UnitOfWork, workflow: Workflow, schedule: Schedule) -> None:
    timetable = Timetable(schedule.cron, schedule.timezone)
    first = _first(workflow, timetable)
    if first is None:
        workflow.next_at = None
        return
    decision = decide(timetable, first, work.now, schedule.catch_up)
    workflow.next_at = decision.next_at
    if decision.missed is not None:
        _record_missed(work, workflow, decision.missed)
    if decision.run is not None and _take(work, workflow, decision.run):
        _start(work, workflow, schedule, decision.run)


def _first(workflow: Workflow, timetable: Timetable) -> datetime | None:
    """Return the first occurrence to decide, by the rules of time zones known today: they change with tzdata.

    It is never before the workflow was enabled with this trigger, whichever release wrote the row.
    """
    assert workflow.next_at is not None, "it was found by it"
    return next_after(timetable, max(workflow.trigger_since, workflow.next_at - SECOND))


def _take(work: UnitOfWork, workflow: Workflow, occurs_at: datetime, reason: str | None = None) -> bool:
    """Record the occurrence as decided; False if it was before. `reason`: why it does not start, if so."""
    row = {"workflow_id": workflow.id, "occurs_at": occurs_at, "reason": reason, "created_at": work.now}
    taken = insert(ScheduledOccurrence).values(row).on_conflict_do_nothing()
    found = work.session.execute(taken.returning(ScheduledOccurrence.occurs_at)).first()
    return found is not None


def _record_missed(work: UnitOfWork, workflow: Workflow, missed: Missed) -> None:
    if _take(work, workflow, missed.last, TOO_LATE):
        span = {"first": missed.first.isoformat(), "last": missed.last.isoformat(), "count": missed.count}
        details = {"workflow": workflow.name, "reason": TOO_LATE, **span}
        audit.record(work, SYSTEM, "workflow.schedule_missed", workflow.id, details)


def _start(work: UnitOfWork, workflow: Workflow, schedule: Schedule, occurs_at: datetime) -> None:
    """Open the incident and start the workflow in it. If it cannot be opened, the occurrence is missed."""
    details = _details(workflow, schedule, occurs_at)
    key = f"{workflow.id}.{occurs_at.isoformat()}"
    try:
        with work.session.begin_nested():
            incident = open_scheduled(work, workflow, schedule.incident, details, f"schedule:{key}")
    except RunbookError as error:
        _miss(work, workflow, schedule, occurs_at, error)
        return
    _update(work, workflow, occurs_at, incident_id=incident.id)
    event = new_event(work, incident, EVENT, "system", dict(details), initiators=(), key=key)
    if workflows_left(work, incident) <= 0:
        raise NoRoom
    start_workflow_by_event(work, workflow, incident, event)
    if was_before_a_restore(work, occurs_at):
        doubt_what_it_started(work, event)


def _details(workflow: Workflow, schedule: Schedule, occurs_at: datetime) -> Mapping[str, str]:
    """Return the event's details: `at` in UTC, and `local`, the time on the clocks of the schedule's zone."""
    local = occurs_at.astimezone(zone_named(schedule.timezone))
    return {
        "workflow": workflow.name,
        "at": f"{occurs_at:%Y-%m-%dT%H:%M:%SZ}",
        "local": f"{local:%Y-%m-%d %H:%M}",
    }


def _miss(
    work: UnitOfWork, workflow: Workflow, schedule: Schedule, occurs_at: datetime, error: RunbookError
) -> None:
    _update(work, workflow, occurs_at, reason=str(error))
    details = {"workflow": workflow.name, "reason": str(error), "at": occurs_at.isoformat()}
    audit.record(work, SYSTEM, "workflow.schedule_missed", workflow.id, details)
    log.warning("scheduled workflow not started", **details)
    tell_channel(work, workflow, schedule.incident, occurs_at)


def _update(work: UnitOfWork, workflow: Workflow, occurs_at: datetime, **values: str) -> None:
    taken = update(ScheduledOccurrence).where(
        ScheduledOccurrence.workflow_id == workflow.id, ScheduledOccurrence.occurs_at == occurs_at
    )
    work.session.execute(taken.values(**values))
