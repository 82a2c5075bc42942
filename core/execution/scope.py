"""The names that expressions see while an execution runs."""

from collections.abc import Mapping

from core.decisions.execution import Execution
from core.tables import RunbookExecution, WorkflowExecution

from .kinds import AnyExecution


def scope_of(
    row: AnyExecution, state: Execution, incident: Mapping[str, object], event: Mapping[str, object]
) -> dict[str, object]:
    """`event`: what started a workflow. Secrets are not among them: a step resolves those that it names."""
    done = {
        step.id: {
            "status": step.status.value,
            "output": step.output,
            "saved": dict(step.saved),
            "error": step.error,
        }
        for step in state.steps
    }
    if isinstance(row, WorkflowExecution):
        return {"incident": incident, "actions": done, "event": event}
    return {"incident": incident, "params": row.parameters, "steps": done, "execution": _execution(row)}


def _execution(row: RunbookExecution) -> dict[str, object]:
    return {
        "id": row.id,
        "runbook": row.runbook_name,
        "runbook_version": row.runbook_version,
        "requested_by": row.requested_by,
        "workflow_execution_id": row.workflow_execution_id or "",
    }
