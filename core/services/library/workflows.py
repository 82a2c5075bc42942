"""Workflows in the library: writing, approving, switching on and off.

The workflow library: written, enabled and disabled, duplicated, found.
"""

from sqlalchemy import select

from core.decisions.people import Person
from core.decisions.policy_table import Action
from core.definitions.kinds import read_stored
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
    """Make the workflow what the definition says: a draft, and what was approved stays in force until this is.

    Executions in flight end on the version they began with.
    """
    return writing.apply(work, person, WORKFLOWS, definition, Intent(note))


def find_workflow(work: UnitOfWork, person: Person, reference: str) -> Workflow:
    """By id or name. NotFound, with the nearest names, also for what other teams own."""
    return finding.find(work, person, WORKFLOWS, reference)


def switch_workflow(
    work: UnitOfWork, person: Person, workflow: Workflow, *, enabled: bool, intent: Intent = UNSAID
) -> Workflow:
    """Enable or disable what is in force: what is disabled starts no more, and stays otherwise as it is.

    No version comes into force by that.

    Raises NotAllowed, and Stale and Conflict where it was changed since it was read.
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
    """A new workflow that says the same under another name: a draft, and disabled until somebody enables it.

    Raises NotAllowed for who may not write for its team, Conflict where the name is taken or it is not valid any more.
    """
    check_may_write(person, finding.owner_of(workflow))
    document = with_enabled(workflow.definition, enabled=False) | {"name": name}
    definition = still_valid(workflow.name, workflow.version, document)
    note = intent.note or f"Duplicate of {workflow.name}, version {workflow.version}."
    return writing.create(work, person, WORKFLOWS, definition, Intent(note))


def visible_workflows(work: UnitOfWork, person: Person) -> list[Workflow]:
    """The workflows that a person may see, by name."""
    found = work.session.scalars(
        select(Workflow).where(Workflow.deleted_at.is_(None)).order_by(Workflow.name)
    )
    return [workflow for workflow in found if person.may_see(finding.owner_of(workflow))]


def definition_of(workflow: Workflow) -> WorkflowDefinition:
    """The newest version. Raises StoredDefinitionInvalid, a Conflict."""
    return read_stored(WorkflowDefinition, workflow.name, workflow.version, workflow.definition)
