"""The workflow library: written, found."""

from difflib import get_close_matches

from sqlalchemy import or_, select

from core.decisions.people import Person
from core.definitions.workflow import WorkflowDefinition
from core.errors import NotFound
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
    if not (workflow.enabled and _trigger(workflow) == document["trigger"]) or not definition.enabled:
        workflow.trigger_since = work.now
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


def _trigger(workflow: Workflow) -> object:
    """What the definition said of the trigger until now; None of a new workflow."""
    return (workflow.definition or {}).get("trigger")


def find_workflow(work: Work, person: Person, reference: str) -> Workflow:
    """By id or name. NotFound, with the nearest names, also for what other teams own."""
    query = select(Workflow).where(
        or_(Workflow.id == reference, Workflow.name == reference), Workflow.deleted_at.is_(None)
    )
    workflow = work.session.scalar(query)
    if workflow is not None and person.may_see(workflow.team.name if workflow.team else None):
        return workflow
    near = get_close_matches(reference, [known.name for known in visible_workflows(work, person)], cutoff=0.5)
    hint = f"Did you mean {' or '.join(near)}?" if near else "`workflow list` shows what there is."
    raise NotFound(f"There is no workflow {reference}.", hint=hint)


def visible_workflows(work: Work, person: Person) -> list[Workflow]:
    """The workflows that a person may see, by name."""
    found = work.session.scalars(
        select(Workflow).where(Workflow.deleted_at.is_(None)).order_by(Workflow.name)
    )
    return [workflow for workflow in found if person.may_see(workflow.team.name if workflow.team else None)]
