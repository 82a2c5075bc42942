"""The `delay` action: wait before the next action."""

from typing import ClassVar, Literal

from pydantic import Field

from core.definitions.actions import ActionDefinition
from core.definitions.durations import PositiveDuration
from core.execution.preparation import Context, Prepared
from core.statuses import WaitingFor
from core.values.execution import Succeeded, Waits


class DelayAction(ActionDefinition):
    """Wait for a fixed time. The wait occupies no worker and survives restarts.

    Later actions see the incident as it is after the wait. The delay's own `if` is checked before and after the wait;
    if it is no longer true afterwards, the delay ends as `skipped`. So `actions.ID.status == "succeeded"` tells
    whether the condition still holds.
    """

    touches_outside = False
    rechecks = True
    example: ClassVar[str] = """
id: grace
type: delay
for: 15m
if: incident.status == "open"
"""

    type: Literal["delay"]
    duration: PositiveDuration = Field(alias="for")
    """How long to wait, such as `15m`."""

    def prepare(self, context: Context) -> Prepared:
        return Succeeded() if context.resumed else Waits(WaitingFor.TIMER, context.now + self.duration)
