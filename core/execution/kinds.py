"""The two kinds of execution: what differs between running a runbook and running a workflow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from core.actions.base import ActionDefinition
from core.definitions.arms import Arm
from core.definitions.runbook import RunbookDefinition
from core.definitions.workflow import WorkflowDefinition
from core.steps.base import StepDefinition
from core.tables import ActionExecution, JsonObject, RunbookExecution, StepExecution, WorkflowExecution

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

    def parts(self, definition: JsonObject) -> Sequence[AnyPart]:
        """The ordered steps, or actions, of a frozen definition: nested actions, too."""
        if self.name == "runbook":
            return RunbookDefinition.model_validate(definition).steps
        return [placed.action for placed in WorkflowDefinition.model_validate(definition).placed]

    def arms(self, definition: JsonObject) -> Sequence[Arm | None]:
        """For each of the parts, the arm of a branch that it is in, if it is in one."""
        if self.name == "runbook":
            return [None] * len(definition["steps"])
        return [placed.arm for placed in WorkflowDefinition.model_validate(definition).placed]


RUNBOOK = Kind("runbook", RunbookExecution, StepExecution)
WORKFLOW = Kind("workflow", WorkflowExecution, ActionExecution)
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in (RUNBOOK, WORKFLOW)}


def kind_of(execution: AnyExecution) -> Kind:
    return RUNBOOK if isinstance(execution, RunbookExecution) else WORKFLOW
