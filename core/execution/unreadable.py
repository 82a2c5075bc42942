"""What stands for the steps, or actions, of an execution whose frozen definition cannot be read any more.

Each fails as soon as it is to be prepared, so that the execution ends and says why. What a worker had begun stays in
doubt, as that of any step which nobody says is safe to repeat.
"""

from collections.abc import Sequence

from core.actions.base import ActionDefinition
from core.decisions.execution import Failed
from core.steps.base import StepDefinition

from .kinds import AnyPart, AnyStepRow, Kind
from .preparation import Context, Prepared


class UnreadableStep(StepDefinition):
    """`reason`: why it cannot be read."""

    reason: str

    def prepare(self, context: Context) -> Prepared:  # noqa: ARG002 nothing helps
        return Failed(self.reason, final=True)


class UnreadableAction(ActionDefinition):
    """`reason`: why it cannot be read."""

    reason: str

    def prepare(self, context: Context) -> Prepared:  # noqa: ARG002 nothing helps
        return Failed(self.reason, final=True)


def unreadable_parts(kind: Kind, steps: Sequence[AnyStepRow], reason: str) -> list[AnyPart]:
    """One for each of the rows. Not validated: ids, too, may have been valid once."""
    part = UnreadableStep if kind.name == "runbook" else UnreadableAction
    return [part.model_construct(id=step.step_id, type=step.type, reason=reason) for step in steps]
