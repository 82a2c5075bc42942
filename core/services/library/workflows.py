"""Workflows in the library: apply, find, list, duplicate, enable and disable them."""

from sqlalchemy import select

from core.decisions.people import Person
from core.decisions.policy_table import Action
from core.definitions.stored import read_stored
from core.definitions.validate import still_valid
from core.definitions.workflow import WorkflowDefinition
from core.services.library import finding, writing
from core.services.library.finding import check_may_write
from core.services.library.kinds import WORKFLOWS, Change, with_enabled
from core.services.library.writing import UNSAID, Intent
from core.tables import Workflow
from core.unit_of_work import UnitOfWork


def apply_workflow(
    work: UnitOfWork, person: Person, definition: WorkflowDefinition, *, note: str = ""
) -> Workflow:
    """Create or update the workflow of this name, as a draft. The approved version stays in force until this one is.

    Executions that have started continue with the version they started with.
    """
    return writing.apply(work, person, WORKFLOWS, definition, Intent(note))


def find_workflow(work: UnitOfWork, person: Person, reference: str) -> Workflow:
    """Find a workflow by id or name. Raises NotFound with similar names, also if the person may not see it."""
    return finding.find(work, person, WORKFLOWS, reference)


def switch_workflow(
    work: UnitOfWork, person: Person, workflow: Workflow, *, enabled: bool, intent: Intent = UNSAID
) -> Workflow:
    """Enable or disable a workflow. A disabled one does not start; nothing else changes, and no version is approved.

    Raises NotAllowed, and Stale or Conflict if it was changed since it was read.
    """
    writing.lock(work, WORKFLOWS, workflow, intent)
    check_may_write(person, finding.owner_of(workflow), Action.WORKFLOW_ENABLE)
    if workflow.enabled is enabled:
        return workflow
    WORKFLOWS.switch(workflow, enabled, work.now)
    done = Change.ENABLED if enabled else Change.DISABLED
    change = {"before": {"enabled": not enabled}, "after": {"enabled": enabled}}
    writing.keep(
        work, person, WORKFLOWS, workflow, done, intent.note, {"version": workflow.version, **change}
    )
    return workflow


def duplicate_workflow(
    work: UnitOfWork, person: Person, workflow: Workflow, name: str, intent: Intent = UNSAID
) -> Workflow:
    """Create a copy under another name, as a draft that is disabled.

    Raises NotAllowed if the person may not write definitions of its team, and Conflict if the name is taken or the
    definition is no longer valid.
    """
    check_may_write(person, finding.owner_of(workflow))
    document = with_enabled(workflow.definition, enabled=False) | {"name": name}
    definition = still_valid(workflow.name, workflow.version, document)
    note = intent.note or f"Duplicate of {workflow.name}, version {workflow.version}."
    return writing.create(work, person, WORKFLOWS, definition, Intent(note))


def visible_workflows(work: UnitOfWork, person: Person) -> list[Workflow]:
    """Return the workflows that the person may see, sorted by name."""
    found = work.session.scalars(
        select(Workflow).where(Workflow.deleted_at.is_(None)).order_by(Workflow.name)
    )
    return [workflow for workflow in found if person.may_see(finding.owner_of(workflow))]


def definition_of(workflow: Workflow) -> WorkflowDefinition:
    """Return the newest version. Raises StoredDefinitionInvalid, a Conflict."""
    return read_stored(WorkflowDefinition, workflow.name, workflow.version, workflow.definition)
