"""The two kinds of executions, their tables, and their step rows as they are written."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from core.tables import (
    ActionExecution,
    Runbook,
    RunbookExecution,
    StepExecution,
    Workflow,
    WorkflowExecution,
)
from core.values.execution import Execution, Step

KindName = Literal["runbook", "workflow"]
AnyExecution = RunbookExecution | WorkflowExecution
AnyStepRow = StepExecution | ActionExecution


@dataclass(frozen=True)
class Kind:
    """A kind of execution and its tables. `definition`: of what it runs, as the library has it."""

    name: KindName
    execution: type[RunbookExecution] | type[WorkflowExecution]
    step: type[StepExecution] | type[ActionExecution]
    definition: type[Runbook] | type[Workflow]


RUNBOOK = Kind("runbook", RunbookExecution, StepExecution, Runbook)
WORKFLOW = Kind("workflow", WorkflowExecution, ActionExecution, Workflow)
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in (RUNBOOK, WORKFLOW)}


def kind_of(execution: AnyExecution) -> Kind:
    return RUNBOOK if isinstance(execution, RunbookExecution) else WORKFLOW


def changed_steps(before: Execution, after: Execution) -> list[dict[str, Any]]:
    """Return the step rows that differ between the two values, as JSON objects to write."""
    return [
        _row(position, new)
        for position, (old, new) in enumerate(zip(before.steps, after.steps, strict=True))
        if old is not new and old != new
    ]


def _row(position: int, step: Step) -> dict[str, Any]:
    return {
        "position": position,
        "status": step.status.value,
        "attempt": step.attempt,
        "started_at": step.started_at.isoformat() if step.started_at else None,
        "finished_at": step.finished_at.isoformat() if step.finished_at else None,
        "request": step.request,
        "output": step.output,
        "saved": dict(step.saved),
        "error": step.error,
        "maybe_done": step.maybe_done,
        "progress": step.progress,
    }
