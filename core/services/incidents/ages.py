"""Starts workflows with the trigger `incident.age` when an incident reaches that age.

Due incidents are found by a query, so no restart can lose one. An age counts only if the incident reaches it while the
workflow has the trigger. Every decision is recorded in `incident_ages_reached`, so each workflow is started at most
once per incident and age, and a condition that was false at that time is not checked again.
"""

from datetime import datetime, timedelta
from functools import lru_cache

import structlog
from sqlalchemy import ColumnElement, Select, and_, exists, select, true
from sqlalchemy.dialects.postgresql import insert

from core.advisory_locks import lock_out_freezes
from core.database import DATABASE_IS_AWAY
from core.decisions.initiators import Initiator, Initiators, initiators_from_json
from core.definitions.stored import StoredDefinitionInvalid
from core.definitions.workflow import IncidentAge
from core.services.incidents.changes import new_event
from core.services.library.workflows_in_force import definition_in_force, is_started_by
from core.services.operations.installation import require_known, was_before_a_restore
from core.services.starts.workflow_starts import doubt_what_it_started, start_workflow_by_event
from core.statuses import IncidentKind, IncidentStatus
from core.tables import Incident, IncidentAgeReached, IncidentEvent, Workflow
from core.unit_of_work import UnitOfWork, UnitOfWorkFactory

AT_ONCE = 200
EVENT = "incident.age"

log = structlog.get_logger()


def age_may_be_reached(_: datetime) -> ColumnElement[bool]:
    """Return the condition that an incident may have reached an age: one is open, and an age starts a workflow."""
    is_counted = Incident.status != IncidentStatus.CLOSED, Incident.kind == IncidentKind.INCIDENT
    return and_(exists().where(is_started_by(EVENT)), exists().where(*is_counted))


def start_workflows_by_age(unit_of_work: UnitOfWorkFactory) -> int:
    """Start the workflows whose incidents are old enough now. Return the number of incidents that were decided.

    Raises an ExceptionGroup if some failed, after all others were tried.
    """
    with unit_of_work.begin() as work:
        due = due_by_age(work)
    troubles = [trouble for pair in due if (trouble := _try_to_reach(unit_of_work, *pair)) is not None]
    if troubles:
        raise ExceptionGroup("incidents that reached an age", troubles)
    return len(due)


def _try_to_reach(unit_of_work: UnitOfWorkFactory, workflow_id: str, incident_id: str) -> Exception | None:
    """Decide one incident, and return the exception if it failed, so that it does not hold up the others."""
    try:
        unit_of_work.run(lambda work: _reach(work, workflow_id, incident_id))
    except DATABASE_IS_AWAY:
        raise
    except Exception as error:  # noqa: BLE001 the caller raises it
        return error
    return None


def due_by_age(work: UnitOfWork) -> list[tuple[str, str]]:
    """Return the ids of workflows and of incidents that are old enough for them and not decided yet, as pairs."""
    return [pair for workflow in _workflows(work) for pair in _due(work, workflow)]


def _workflows(work: UnitOfWork) -> list[Workflow]:
    query = select(Workflow).where(is_started_by(EVENT))
    return list(work.session.scalars(query.order_by(Workflow.name)))


def _minutes(workflow: Workflow) -> int | None:
    """Return the age in minutes that triggers the workflow; None if its definition cannot be read."""
    try:
        trigger = definition_in_force(workflow).trigger
    except StoredDefinitionInvalid as error:
        _warn(error.cannot_be_read)
        return None
    assert isinstance(trigger, IncidentAge), "trigger_on is the trigger's name"
    return trigger.minutes


@lru_cache(maxsize=128)  # logs each sentence once, not on every tick
def _warn(sentence: str) -> None:
    log.warning("workflow skipped", reason=sentence)


def _due(work: UnitOfWork, workflow: Workflow) -> list[tuple[str, str]]:
    minutes = _minutes(workflow)
    if minutes is None:
        return []
    age = timedelta(minutes=minutes)
    query: Select[str] = (
        select(Incident.id)
        .where(Incident.status != IncidentStatus.CLOSED, Incident.kind == IncidentKind.INCIDENT)
        .where(Incident.created_at <= work.now - age, Incident.created_at >= workflow.trigger_since - age)
        .where(Incident.team_id == workflow.team_id if workflow.team_id is not None else true())
        .where(
            ~exists().where(
                IncidentAgeReached.workflow_id == workflow.id,
                IncidentAgeReached.incident_id == Incident.id,
                IncidentAgeReached.minutes == minutes,
            )
        )
        .order_by(Incident.created_at)
        .limit(AT_ONCE)
    )
    return [(workflow.id, incident_id) for incident_id in work.session.scalars(query)]


def _reach(work: UnitOfWork, workflow_id: str, incident_id: str) -> None:
    """Decide whether the workflow starts for the incident. Only the first scheduler that records it decides."""
    require_known(work.session)
    lock_out_freezes(work.session)
    of_age = select(Workflow).where(Workflow.id == workflow_id, is_started_by(EVENT))
    workflow = work.session.scalar(of_age.with_for_update(of=Workflow, read=True))
    incident = work.session.get_one(Incident, incident_id, with_for_update={"of": Incident})
    if workflow is None:
        return
    minutes = _minutes(workflow)
    if minutes is None:
        return
    row = {
        "workflow_id": workflow.id,
        "incident_id": incident.id,
        "minutes": minutes,
        "created_at": work.now,
    }
    written = insert(IncidentAgeReached).values(row).on_conflict_do_nothing()
    if work.session.execute(written.returning(IncidentAgeReached.minutes)).first() is None:
        return
    details = {"minutes": minutes, "workflow": workflow.name}
    key, openers = f"{workflow.id}.{incident.id}.{minutes}", _openers(work, incident)
    event = new_event(work, incident, EVENT, "system", details, initiators=openers, key=key)
    start_workflow_by_event(work, workflow, incident, event)
    if was_before_a_restore(work, incident.created_at + timedelta(minutes=minutes)):
        doubt_what_it_started(work, event)


def _openers(work: UnitOfWork, incident: Incident) -> Initiators:
    """Return the initiators of the age event: whoever opened the incident."""
    opened = select(IncidentEvent.initiators).where(
        IncidentEvent.incident_id == incident.id, IncidentEvent.type == "incident.created"
    )
    known = initiators_from_json(work.session.scalars(opened.limit(1)).first())
    return known or (Initiator(incident.opened_by, "opened"),)
