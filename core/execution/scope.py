"""The names that expressions see while an execution runs."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from core.services.executions.kinds import AnyExecution
from core.statuses import Status
from core.tables import RunbookExecution, WorkflowExecution
from core.values.execution import Execution, Step


def scope_of(
    row: AnyExecution,
    state: Execution,
    incident: Mapping[str, object],
    event: Mapping[str, object],
    outer: Mapping[str, object] = MappingProxyType({}),
) -> dict[str, object]:
    """Return the names that expressions see while the execution runs. Secrets are not among them.

    `event`: the event that started a workflow. `outer`: what inline steps of a child run see of its parent.
    """
    done = results_of(state.steps)
    if isinstance(row, WorkflowExecution):
        return {"incident": incident, "actions": done, "event": event}
    before = outer.get("steps", {})
    assert isinstance(before, Mapping)
    names = {**names_at_start(row, incident, state.outcome), "values": row.values or {}}
    return {**outer, **names, "steps": {**before, **done}}


def results_of(steps: Iterable[Step]) -> dict[str, object]:
    """Return what expressions see of steps, by id."""
    return {step.id: step.result for step in steps}


def names_at_start(
    row: RunbookExecution, incident: Mapping[str, object], outcome: Status | None = None
) -> dict[str, object]:
    """Return the names that the values of a run may use: what is known before its first step.

    `outcome`: how the run will end, once that is decided.
    """
    return {"incident": incident, "params": row.parameters, "execution": _execution(row, outcome)}


def _execution(row: RunbookExecution, outcome: Status | None) -> dict[str, object]:
    return {
        "id": row.id,
        "runbook": row.runbook_name,
        "runbook_version": row.runbook_version,
        "requested_by": row.requested_by,
        "workflow_execution_id": row.workflow_execution_id or "",
        "outcome": outcome.value if outcome else "",
    }
