"""The `branch` action: run one of two lists of actions."""

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from core.definitions.actions import ActionDefinition, action_types
from core.definitions.fields import Condition
from core.definitions.type_registry import RegisteredUnion
from core.execution.preparation import Context, Prepared
from core.execution.prepare import took
from core.values.execution import StepResult, Succeeded

Actions = tuple[Annotated[ActionDefinition, RegisteredUnion(action_types)], ...]


class BranchAction(ActionDefinition):
    """Run the actions under `then` if `if` is true, otherwise those under `else`.

    `actions.ID.output.branch` is the branch that was taken, `then` or `else`. The actions of the other branch are
    skipped.
    """

    touches_outside = False
    example: ClassVar[str] = """
id: who
type: branch
if: incident.severity == "critical"
then:
  - {id: failover, type: runbook, runbook: db-failover, parameters: {cluster: orders}}
else:
  - {id: ask, type: message, text: "Who looks at {{ incident.title }}?"}
"""

    type: Literal["branch"]
    condition: Condition = Field(alias="if")
    """The condition that decides which branch is taken."""
    then: Annotated[Actions, Field(min_length=1)]
    """The actions to run if `if` is true."""
    otherwise: Actions = Field(default=(), alias="else")
    """The actions to run if `if` is false."""

    def branches(self) -> Mapping[str, Sequence[ActionDefinition]]:
        return {"then": self.then, "else": self.otherwise}

    def prepare(self, context: Context) -> Prepared:  # noqa: ARG002 it is called only if the condition is true
        return Succeeded(took("then"))

    def unmet(self) -> StepResult:
        return Succeeded(took("else"))
