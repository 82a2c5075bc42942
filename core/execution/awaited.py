"""Runbook executions that a workflow's action waits for: their end is its answer.

The execution is created, and the action begins to wait, in one transaction; the execution ends, and the action is
answered, in another. So the end cannot come before the wait, and neither can be lost.
"""

from core.decisions.execution import Answered, Execution, Failed, Json, Succeeded
from core.service import Work
from core.statuses import Status
from core.tables import RunbookExecution, WorkflowExecution

from .applying import apply
from .kinds import WORKFLOW
from .rows import Loaded, load_locked
from .workflow_obligations import of_workflow


def answer_awaiting(work: Work, row: RunbookExecution, after: Execution) -> None:
    """`row` came to its end, as `after`: tell the action that waits for it, if one does."""
    if row.awaited_by is None or row.workflow_execution_id is None:
        return
    loaded = load_locked(work.session, WORKFLOW, row.workflow_execution_id)
    result = result_of(row, after)
    if isinstance(result, Failed) and not _may_repeat(loaded, row.awaited_by):
        result = Failed(result.error, result.output, final=True)
    apply(work, loaded, Answered(row.awaited_by, result), _fulfil)


def _fulfil(work: Work, loaded: Loaded, after: Execution) -> None:
    assert isinstance(loaded.row, WorkflowExecution)
    of_workflow(work, loaded.row, loaded.state, after)


def result_of(row: RunbookExecution, after: Execution) -> Succeeded | Failed:
    """What the end of the execution is to the action: its status, and what its steps saved, as `output`."""
    output: dict[str, Json] = {
        "execution_id": row.id,
        "runbook": row.runbook_name,
        "status": after.status.value,
        "error": after.error,
        "steps": {step.id: {"status": step.status.value, "saved": dict(step.saved)} for step in after.steps},
    }
    if after.status is Status.SUCCEEDED:
        return Succeeded(output)
    return Failed(
        f"{row.runbook_name} ({row.id}) {_ended(after.status)}. {after.error or ''}".strip(), output
    )


def _ended(status: Status) -> str:
    return {Status.CANCELLED: "was cancelled", Status.TIMED_OUT: "ran out of time"}.get(status, "failed")


def _may_repeat(loaded: Loaded, action_id: str) -> bool:
    """A runbook is run again only where the action says that this is safe."""
    action = next(part for part in loaded.parts if part.id == action_id)
    return action.retry is not None and action.retry.safe
