"""The two kinds of execution: what differs between running a runbook and running a workflow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from core.actions.base import ActionDefinition
from core.definitions.arms import Arm
from core.definitions.kept import read_kept
from core.definitions.runbook import RunbookDefinition
from core.definitions.workflow import WorkflowDefinition
from core.steps.base import StepDefinition
from core.tables import ActionExecution, RunbookExecution, StepExecution, WorkflowExecution

KindName = Literal["runbook", "workflow"]
AnyExecution = RunbookExecution | WorkflowExecution
AnyStepRow = StepExecution | ActionExecution
AnyPart = StepDefinition | ActionDefinition


@dataclass(frozen=True)
class Kind:
    """Where executions of a kind are kept."""

    name: KindName
    execution: type[RunbookExecution] | type[WorkflowExecution]
    step: type[StepExecution] | type[ActionExecution]


RUNBOOK = Kind("runbook", RunbookExecution, StepExecution)
WORKFLOW = Kind("workflow", WorkflowExecution, ActionExecution)
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in (RUNBOOK, WORKFLOW)}


def kind_of(execution: AnyExecution) -> Kind:
    return RUNBOOK if isinstance(execution, RunbookExecution) else WORKFLOW


def parts_of(row: AnyExecution) -> tuple[Sequence[AnyPart], Sequence[Arm | None]]:
    """The ordered steps, or actions, of its frozen definition, and the arm of a branch that each is in, if in one.

    Nested actions are among them. Raises NotValidAnyMore.
    """
    if isinstance(row, RunbookExecution):
        steps = read_kept(RunbookDefinition, row.runbook_name, row.runbook_version, row.definition).steps
        return steps, [None] * len(steps)
    placed = read_kept(WorkflowDefinition, row.workflow_name, row.workflow_version, row.definition).placed
    return [each.action for each in placed], [each.arm for each in placed]
