"""The action `branch`: one way or the other."""

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
    """Do the actions of `then` where `if` is true, otherwise those of `else`.

    `actions.ID.output.branch` says which way it went. The actions of the other way are skipped.
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
    """Which way it goes."""
    then: Annotated[Actions, Field(min_length=1)]
    """What is done where `if` is true."""
    otherwise: Actions = Field(default=(), alias="else")
    """What is done where it is not."""

    def branches(self) -> Mapping[str, Sequence[ActionDefinition]]:
        return {"then": self.then, "else": self.otherwise}

    def prepare(self, context: Context) -> Prepared:  # noqa: ARG002 its condition held, and that is all
        return Succeeded(took("then"))

    def unmet(self) -> StepResult:
        return Succeeded(took("else"))
