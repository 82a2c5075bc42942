"""The step `wait`: let time pass."""

from typing import Literal

from pydantic import Field

from core.definitions.durations import PositiveDuration
from core.definitions.steps import StepDefinition
from core.execution.preparation import Context, Prepared
from core.statuses import WaitingFor
from core.values.execution import Waits


class WaitStep(StepDefinition):
    """Wait for a while; no worker is held meanwhile."""

    touches_outside = False
    example = """
id: settle
type: wait
for: 30s
"""

    type: Literal["wait"]
    duration: PositiveDuration = Field(alias="for")
    """How long."""

    def prepare(self, context: Context) -> Prepared:
        return Waits(WaitingFor.TIMER, context.now + self.duration)
