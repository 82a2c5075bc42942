"""The `wait` step: wait for a fixed time."""

from typing import Literal

from pydantic import Field

from core.definitions.durations import PositiveDuration, format_duration
from core.definitions.steps import StepDefinition
from core.execution.preparation import Context, Prepared
from core.statuses import WaitingFor
from core.values.execution import Waits


class WaitStep(StepDefinition):
    """Wait for a fixed time. The wait occupies no worker."""

    touches_outside = False
    only_waits = True
    words_say_all = True
    example = """
id: settle
type: wait
for: 30s
"""

    type: Literal["wait"]
    duration: PositiveDuration = Field(alias="for")
    """How long to wait, such as `30s`."""

    def in_words(self) -> str:
        return f"Wait {format_duration(self.duration)}."

    def prepare(self, context: Context) -> Prepared:
        return Waits(WaitingFor.TIMER, context.now + self.duration)
