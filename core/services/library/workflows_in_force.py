"""The version of a workflow that is in force: the approved one, even if newer drafts exist.

It is separate from the rest of the library because workers and the scheduler need it, and write no definitions.
"""

from sqlalchemy import ColumnElement, and_

from core.decisions.quarantine import UNTIL, why_it_does_not_run
from core.definitions.stored import read_stored
from core.definitions.workflow import WorkflowDefinition
from core.errors import NotRunnable
from core.tables import Workflow


def definition_in_force(workflow: Workflow) -> WorkflowDefinition:
    """Return the approved version, which is the one that starts.

    Raises Conflict if no version is in force, and StoredDefinitionInvalid if it can no longer be read.
    """
    check_in_force(workflow)
    assert workflow.in_force is not None
    assert workflow.approved_version is not None
    return read_stored(WorkflowDefinition, workflow.name, workflow.approved_version, workflow.in_force)


def check_in_force(workflow: Workflow) -> None:
    """Raise Conflict unless a version of the workflow is in force."""
    if workflow.in_force is not None:
        return
    if workflow.quarantine is not None:
        raise NotRunnable(why_it_does_not_run(workflow.name, workflow.quarantine), hint=UNTIL)
    raise NotRunnable(
        f"{workflow.name} is {workflow.status}: only an approved version starts.",
        hint="Ask a platform admin to approve it.",
    )


def is_started_by(event_type: str) -> ColumnElement[bool]:
    """Return the condition that selects workflows whose version in force has this trigger. Drafts do not count."""
    return and_(
        Workflow.trigger_on == event_type,
        Workflow.in_force.is_not(None),
        Workflow.enabled,
        Workflow.deleted_at.is_(None),
    )
