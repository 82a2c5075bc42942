"""What the inline steps of a child run see of the run around them: its earlier steps, and the child's own item."""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from core.execution.scope import results_of
from core.services.executions.kinds import RUNBOOK, AnyExecution
from core.services.executions.loading import load
from core.tables import RunbookExecution


def outer_scope(session: Session, row: AnyExecution) -> Mapping[str, object]:
    """Return the names that a run sees of its parent: `steps` as far as they had ended, and the item by its variable.

    Empty for a run that has no parent, and for a child that runs a runbook of its own. The parent's earlier steps do
    not change any more while it waits for its children.
    """
    if not isinstance(row, RunbookExecution) or row.child_scope is None:
        return {}
    parent = session.get_one(RunbookExecution, row.parent_execution_id)
    around = dict(outer_scope(session, parent))
    steps = load(session, RUNBOOK, parent).state.steps
    position = next(at for at, step in enumerate(steps) if step.id == row.parent_step)
    before = around.get("steps", {})
    assert isinstance(before, Mapping)
    variable = row.child_scope.get("variable")
    item = {str(variable): row.child_scope.get("value")} if variable else {}
    return {**around, **item, "steps": {**before, **results_of(steps[:position])}}
