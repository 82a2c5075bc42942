"""The workflow library: written, found."""

from sqlalchemy import select

from core.decisions.people import Person
from core.definitions.workflow import WorkflowDefinition
from core.identifiers import Prefix, new_id
from core.service import Work
from core.services import audit
from core.services.ownership import check_may_write, owning_team
from core.tables import JsonObject, Workflow, WorkflowVersion


def apply_workflow(work: Work, person: Person, definition: WorkflowDefinition, *, note: str = "") -> Workflow:
    """Make the workflow what the definition says. Executions in flight end on the version they began with."""
    check_may_write(person, definition.team)
    document = definition.model_dump(mode="json", exclude_unset=True)
    team = owning_team(work, definition.team)
    workflow = work.session.scalar(
        select(Workflow)
        .where(Workflow.name == definition.name, Workflow.deleted_at.is_(None))
        .with_for_update(of=Workflow)
    )
    if workflow is None:
        workflow = Workflow(id=new_id(Prefix.WORKFLOW), name=definition.name, version=0, created_at=work.now)
        work.session.add(workflow)
    elif workflow.definition == document:
        return workflow
    else:
        check_may_write(person, workflow.team.name if workflow.team else None)
    before: JsonObject = {"version": workflow.version, "definition": workflow.definition}
    workflow.team, workflow.definition, workflow.version = team, document, workflow.version + 1
    workflow.enabled, workflow.trigger_on = definition.enabled, definition.trigger.on
    workflow.changed_by, workflow.updated_at = person.slack_user_id, work.now
    work.session.flush()
    work.session.add(
        WorkflowVersion(
            workflow_id=workflow.id,
            version=workflow.version,
            definition=document,
            changed_by=person.slack_user_id,
            note=note,
            created_at=work.now,
        )
    )
    after = {"version": workflow.version, "definition": document}
    audit.record(work, person, "workflow.changed", workflow.id, {"before": before, "after": after})
    return workflow
