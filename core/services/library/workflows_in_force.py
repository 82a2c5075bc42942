"""What of a workflow is in force: its approved version, whatever was written since.

Apart from the library, for workers and the clock ask this, and write no definitions.
"""

from sqlalchemy import ColumnElement, and_

from core.decisions.quarantine import UNTIL, why_it_does_not_run
from core.definitions.kinds import read_stored
from core.definitions.workflow import WorkflowDefinition
from core.errors import NotRunnable
from core.tables import Workflow


def definition_in_force(workflow: Workflow) -> WorkflowDefinition:
    """The approved version, which is what starts.

    Raises Conflict where nothing is in force, and StoredDefinitionInvalid where it cannot be read any more.
    """
    check_in_force(workflow)
    assert workflow.in_force is not None
    assert workflow.approved_version is not None
    return read_stored(WorkflowDefinition, workflow.name, workflow.approved_version, workflow.in_force)


def check_in_force(workflow: Workflow) -> None:
    """Raise Conflict unless a version of it was approved, and may start still."""
    if workflow.in_force is not None:
        return
    if workflow.quarantine is not None:
        raise NotRunnable(why_it_does_not_run(workflow.name, workflow.quarantine), hint=UNTIL)
    raise NotRunnable(
        f"{workflow.name} is {workflow.status}: only an approved version starts.",
        hint="A platform admin approves it.",
    )


def is_started_by(event_type: str) -> ColumnElement[bool]:
    """The condition for the workflows that such an event may start. What was edited since counts for nothing."""
    return and_(
        Workflow.trigger_on == event_type,
        Workflow.in_force.is_not(None),
        Workflow.enabled,
        Workflow.deleted_at.is_(None),
    )
