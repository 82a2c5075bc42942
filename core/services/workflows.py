"""The workflow library: written, enabled and disabled, duplicated, found."""

from sqlalchemy import select

from core.decisions.people import Person
from core.decisions.policy_table import Action
from core.definitions.enabling import with_enabled
from core.definitions.kept import read_kept
from core.definitions.workflow import WorkflowDefinition
from core.service import Work
from core.services import library, library_search
from core.services.library import UNSAID, Intent
from core.services.ownership import check_may_write
from core.services.restoring import still_valid
from core.services.shelves import WORKFLOWS, Change
from core.tables import Workflow


def apply_workflow(work: Work, person: Person, definition: WorkflowDefinition, *, note: str = "") -> Workflow:
    """Make the workflow what the definition says: a draft, and what was approved stays in force until this is.

    Executions in flight end on the version they began with.
    """
    return library.apply(work, person, WORKFLOWS, definition, Intent(note))


def find_workflow(work: Work, person: Person, reference: str) -> Workflow:
    """By id or name. NotFound, with the nearest names, also for what other teams own."""
    return library_search.find(work, person, WORKFLOWS, reference)


def switch_workflow(
    work: Work, person: Person, workflow: Workflow, *, enabled: bool, intent: Intent = UNSAID
) -> Workflow:
    """Enable or disable what is in force: what is disabled starts no more, and stays otherwise as it is.

    No version comes into force by that.

    Raises NotAllowed, and Stale and Conflict where it was changed since it was read.
    """
    library.lock(work, WORKFLOWS, workflow, intent)
    check_may_write(person, library_search.owner_of(workflow), Action.WORKFLOW_ENABLE)
    if workflow.enabled is enabled:
        return workflow
    WORKFLOWS.switch(workflow, enabled, work.now)
    done = Change.ENABLED if enabled else Change.DISABLED
    change = {"before": {"enabled": not enabled}, "after": {"enabled": enabled}}
    library.keep(
        work, person, WORKFLOWS, workflow, done, intent.note, {"version": workflow.version, **change}
    )
    return workflow


def duplicate_workflow(
    work: Work, person: Person, workflow: Workflow, name: str, intent: Intent = UNSAID
) -> Workflow:
    """A new workflow that says the same under another name: a draft, and disabled until somebody enables it.

    Raises NotAllowed for who may not write for its team, Conflict where the name is taken or it is not valid any more.
    """
    check_may_write(person, library_search.owner_of(workflow))
    document = with_enabled(workflow.definition, enabled=False) | {"name": name}
    definition = still_valid(workflow.name, workflow.version, document)
    note = intent.note or f"Duplicate of {workflow.name}, version {workflow.version}."
    return library.create(work, person, WORKFLOWS, definition, Intent(note))


def visible_workflows(work: Work, person: Person) -> list[Workflow]:
    """The workflows that a person may see, by name."""
    found = work.session.scalars(
        select(Workflow).where(Workflow.deleted_at.is_(None)).order_by(Workflow.name)
    )
    return [workflow for workflow in found if person.may_see(library_search.owner_of(workflow))]


def definition_of(workflow: Workflow) -> WorkflowDefinition:
    """The newest version. Raises NotValidAnyMore, a Conflict."""
    return read_kept(WorkflowDefinition, workflow.name, workflow.version, workflow.definition)
