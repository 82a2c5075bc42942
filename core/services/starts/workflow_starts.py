"""Starts workflows, in the transaction of the event that triggers them, or by hand."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from core.advisory_locks import lock_start
from core.decisions.initiators import MOST_DEPTH, initiated_by, initiators_to_json, is_too_deep
from core.decisions.people import Person
from core.decisions.policy import reaches
from core.decisions.policy_table import Action
from core.decisions.team_scope import check_may_respond, check_runbook_scope
from core.decisions.triggers import MOST_WORK_AN_EVENT, IncidentHappening, Match, match
from core.definitions.actions import ActionDefinition
from core.definitions.cel.expressions import at_most
from core.definitions.stored import StoredDefinitionInvalid
from core.errors import AlreadyDone, Conflict, NotRunnable
from core.identifiers import Prefix, derived_id, new_id
from core.services.freezes.in_force import begins_frozen
from core.services.library.workflows_in_force import check_in_force, definition_in_force, is_started_by
from core.services.shared import audit
from core.services.shared.incident_scope import event_scope, incident_scope
from core.services.shared.unforeseen import unforeseen
from core.services.starts.bounds import check_may_start, notify_failure, notify_not_started, room_for
from core.statuses import IncidentKind, Status
from core.tables import ActionExecution, Incident, IncidentEvent, JsonObject, Workflow, WorkflowExecution
from core.unit_of_work import UnitOfWork

MANUAL = "manual"
TOO_DEEP = (
    f"It was not run: in a chain of {MOST_DEPTH + 1} workflows, each started the next by changing the incident. "
    "Check whether one of them starts itself."
)


@dataclass(frozen=True)
class _Start:
    """A workflow that an event starts. `actions`: all of them, in order."""

    workflow: Workflow
    actions: Sequence[ActionDefinition]
    incident: Incident
    event: IncidentEvent
    match: Match
    request_key: str | None

    @classmethod
    def of(
        cls, workflow: Workflow, incident: Incident, event: IncidentEvent, request_key: str | None = None
    ) -> "_Start | None":
        """Return the start, or None if the event does not trigger the workflow. Raises StoredDefinitionInvalid."""
        happening = IncidentHappening(
            event.type, incident.team.name, incident_scope(incident), event_scope(event)
        )
        definition = definition_in_force(workflow)
        found = match(definition, happening)
        if found is None:
            return None
        if is_too_deep(event.depth):
            found = Match(error=TOO_DEEP)
        actions = [placed.action for placed in definition.placed]
        return cls(workflow, actions, incident, event, found, _once_key(workflow, incident) or request_key)

    @classmethod
    def of_unreadable(
        cls, workflow: Workflow, incident: Incident, event: IncidentEvent, why: str
    ) -> "_Start | None":
        """Return a start that fails, so that people are notified: whether the event triggers it is no longer known.

        None if the incident belongs to another team.
        """
        if not reaches(workflow.team.name if workflow.team else None, incident.team.name):
            return None
        return cls(workflow, (), incident, event, Match(error=why), _once_key(workflow, incident))


def _once_key(workflow: Workflow, incident: Incident) -> str | None:
    is_once = (workflow.in_force or {}).get("once_per_incident") is True
    return f"once:{workflow.id}:{incident.id}" if is_once else None


def start_matching_workflows(work: UnitOfWork, incident: Incident, event: IncidentEvent) -> None:
    """Start every enabled workflow whose approved version the event triggers, up to the limits.

    They start independently of each other. Global ones go first, so that no team can crowd them out. Maintenance starts
    none: nobody is to be paged for planned work.
    """
    if incident.kind == IncidentKind.MAINTENANCE:
        return
    candidates = select(Workflow).where(is_started_by(event.type))
    ordered = candidates.order_by(Workflow.team_id.is_not(None), Workflow.name)
    with at_most(MOST_WORK_AN_EVENT):
        _start_each(work, work.session.scalars(ordered), incident, event)


def start_workflow_by_event(
    work: UnitOfWork, workflow: Workflow, incident: Incident, event: IncidentEvent
) -> None:
    """Start the workflow if the event triggers it and its condition is true."""
    _start_each(work, [workflow], incident, event)


def doubt_what_it_started(work: UnitOfWork, event: IncidentEvent) -> None:
    """Mark the actions of the workflows that this event started as possibly already done (StepColumns)."""
    started = select(WorkflowExecution.id).where(WorkflowExecution.event_id == event.id)
    actions = update(ActionExecution).where(ActionExecution.execution_id.in_(started))
    work.session.execute(actions.values(maybe_done=True))


def _start_each(
    work: UnitOfWork, workflows: Iterable[Workflow], incident: Incident, event: IncidentEvent
) -> None:
    starts = [start for each in workflows if (start := _by_event(each, incident, event)) is not None]
    room = room_for(work, incident) if starts else 0
    for start in starts[:room]:
        _create_by_itself(work, start)
    if starts[room:]:
        notify_not_started(work, incident, [start.workflow.name for start in starts[room:]])


def _by_event(workflow: Workflow, incident: Incident, event: IncidentEvent) -> _Start | None:
    try:
        return _Start.of(workflow, incident, event)
    except StoredDefinitionInvalid as error:
        return _Start.of_unreadable(workflow, incident, event, error.cannot_be_read)
    except Exception as error:  # noqa: BLE001 a faulty workflow must not prevent a change of the incident
        why = unforeseen(error, event.id, workflow.name, "Its condition could not be evaluated")
        return _Start.of_unreadable(workflow, incident, event, why)


def _create_by_itself(work: UnitOfWork, start: _Start) -> None:
    execution_id = _create(work, start)
    if execution_id is not None:
        actor = Person(f"workflow:{start.workflow.name}", source="workflow")
        after = {"status": Status.FAILED if start.match.error else Status.PENDING}
        details = {"workflow": start.workflow.name, "event": start.event.type, "before": None, "after": after}
        audit.record(work, actor, "workflow_execution.requested", execution_id, details)


def start_workflow_by_person(
    work: UnitOfWork, person: Person, workflow: Workflow, incident: Incident, request_key: str | None
) -> str:
    """Start a workflow whose trigger is `manual`. Return the workflow execution's id.

    `request_key`: a repeated delivery with the same key gets the same execution. Raises NotAllowed if the team-scope
    checks fail, and Conflict if the workflow cannot be started now or is no longer valid.
    """
    check_runbook_scope(workflow.name, workflow.team.name if workflow.team else None, incident.team.name)
    check_may_respond(person, incident.team.name, f"run {workflow.name}", Action.WORKFLOW_START)
    known = _by_request_key(work, request_key)
    if known is not None:
        return known
    work.session.refresh(workflow, with_for_update={"read": True, "of": Workflow})
    check_in_force(workflow)
    if workflow.trigger_on != MANUAL:
        raise NotRunnable(f"{workflow.name} cannot be started by hand: its trigger is {workflow.trigger_on}.")
    if not workflow.enabled:
        raise NotRunnable(f"{workflow.name} is disabled.")
    check_may_start(work, incident)
    event = _manual_event(work, person, workflow, incident)
    start = _Start.of(workflow, incident, event, request_key)
    if start is None:
        condition = (workflow.in_force or {}).get("when")
        raise Conflict(f"The condition of {workflow.name} is not true: {condition}")
    execution_id = _create(work, start)
    if execution_id is None:
        raise AlreadyDone(f"{workflow.name} runs once per incident and has already run for this one.")
    details = {"workflow": workflow.name, "before": None, "after": {"status": Status.PENDING}}
    audit.record(work, person, "workflow_execution.requested", execution_id, details)
    return execution_id


def _by_request_key(work: UnitOfWork, request_key: str | None) -> str | None:
    """Return the execution of an earlier delivery with this key. No freeze begins before this transaction ends."""
    lock_start(work.session, request_key)
    if request_key is None:
        return None
    query = select(WorkflowExecution.id).where(WorkflowExecution.request_key == request_key)
    return work.session.scalar(query)


def _manual_event(work: UnitOfWork, person: Person, workflow: Workflow, incident: Incident) -> IncidentEvent:
    event = IncidentEvent(
        id=new_id(Prefix.EVENT),
        incident_id=incident.id,
        type=MANUAL,
        actor=person.slack_user_id,
        details={"workflow": workflow.name},
        initiators=initiators_to_json(initiated_by(person, "started")),
        depth=person.depth,
        created_at=work.now,
    )
    work.session.add(event)
    work.session.flush()
    return event


def _create(work: UnitOfWork, start: _Start) -> str | None:
    """Create the execution, and return its id; None if there is one already.

    A unique key allows one per event, or one per incident if `once_per_incident` is set.
    """
    created = (
        insert(WorkflowExecution)
        .values(_row(work, start))
        .on_conflict_do_nothing()
        .returning(WorkflowExecution.id)
    )
    execution_id = work.session.scalar(created)
    if execution_id is None:
        return None
    work.session.add_all(
        ActionExecution(execution_id=execution_id, position=position, step_id=action.id, type=action.type)
        for position, action in enumerate(start.actions)
    )
    if start.match.error is None:
        work.enqueue("workflow", execution_id)
    else:
        row = work.session.get_one(WorkflowExecution, execution_id)
        notify_failure(work, row, Status.FAILED, start.match.error)
    return execution_id


def _row(work: UnitOfWork, start: _Start) -> JsonObject:
    workflow, failed = start.workflow, start.match.error is not None
    return {
        "id": derived_id(Prefix.WORKFLOW_EXECUTION, workflow.id, start.event.id),
        "workflow_id": workflow.id,
        "workflow_name": workflow.name,
        "workflow_version": workflow.approved_version,
        "definition": workflow.in_force,
        "incident_id": start.incident.id,
        "event_id": start.event.id,
        "requested_by": start.event.actor,
        "request_key": start.request_key,
        "frozen": begins_frozen(work, start.incident),
        "status": Status.FAILED if failed else Status.PENDING,
        "error": start.match.error,
        "wake_at": None if failed else work.now,
        "enqueued_at": work.now,
        "created_at": work.now,
        "finished_at": work.now if failed else None,
    }
