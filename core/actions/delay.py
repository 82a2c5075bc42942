"""The action `delay`: let time pass before the next action."""

from typing import ClassVar, Literal

from pydantic import Field

from core.definitions.actions import ActionDefinition
from core.definitions.durations import PositiveDuration
from core.execution.preparation import Context, Prepared
from core.statuses import WaitingFor
from core.values.execution import Succeeded, Waits


class DelayAction(ActionDefinition):
    """Wait for a while; no worker is held meanwhile, and a restart changes nothing.

    What comes after it sees the incident as it is then. Its own `if` is asked before and after: where it does not hold
    any more, the delay is `skipped`, so that `actions.ID.status == "succeeded"` says whether it still does.
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
    """How long."""

    def prepare(self, context: Context) -> Prepared:
        return Succeeded() if context.resumed else Waits(WaitingFor.TIMER, context.now + self.duration)
