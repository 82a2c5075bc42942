"""Starting workflows: in the transaction of the event that triggers them."""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from core.decisions.triggers import IncidentHappening, Match, match
from core.definitions.workflow import WorkflowDefinition
from core.identifiers import Prefix, new_id
from core.service import Work
from core.services.incident_scope import incident_scope
from core.statuses import Status
from core.tables import ActionExecution, Incident, IncidentEvent, Workflow, WorkflowExecution


def start_matching_workflows(work: Work, incident: Incident, event: IncidentEvent) -> None:
    """Start every enabled workflow that the event triggers, each for itself."""
    happening = IncidentHappening(event.type, incident.team.name, incident_scope(incident), event.details)
    candidates = select(Workflow).where(
        Workflow.trigger_on == event.type, Workflow.enabled, Workflow.deleted_at.is_(None)
    )
    for workflow in work.session.scalars(candidates.order_by(Workflow.name)):
        definition = WorkflowDefinition.model_validate(workflow.definition)
        found = match(definition, happening)
        if found is not None:
            _start(work, workflow, definition, incident, event, found)


def _start(
    work: Work,
    workflow: Workflow,
    definition: WorkflowDefinition,
    incident: Incident,
    event: IncidentEvent,
    found: Match,
) -> None:
    """One execution an event (a unique key says so), or an incident where `once_per_incident` is set."""
    execution_id = new_id(Prefix.WORKFLOW_EXECUTION)
    failed = found.error is not None
    row = {
        "id": execution_id,
        "workflow_id": workflow.id,
        "workflow_name": workflow.name,
        "workflow_version": workflow.version,
        "definition": workflow.definition,
        "incident_id": incident.id,
        "event_id": event.id,
        "requested_by": event.actor,
        "request_key": f"once:{workflow.id}:{incident.id}" if definition.once_per_incident else None,
        "status": Status.FAILED if failed else Status.PENDING,
        "error": found.error,
        "wake_at": None if failed else work.now,
        "rung_at": work.now,
        "created_at": work.now,
        "finished_at": work.now if failed else None,
    }
    created = insert(WorkflowExecution).values(row).on_conflict_do_nothing().returning(WorkflowExecution.id)
    if work.session.scalar(created) is None:
        return
    work.session.add_all(
        ActionExecution(execution_id=execution_id, position=position, step_id=action.id, type=action.type)
        for position, action in enumerate(definition.actions)
    )
    if not failed:
        work.ring("workflow", execution_id)
