"""The `fail` step: end the run as failed."""

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from core.definitions.fields import PublicText
from core.definitions.steps import StepDefinition
from core.definitions.templates import render_text
from core.execution.preparation import Context, Inside, Prepared
from core.values.execution import Failed


class FailStep(StepDefinition):
    """End the run as failed, with a reason. Put it after the steps that clean up, with an `if` where it is
    conditional, so that a run cleans up first and still counts as failed."""

    touches_outside = False
    only_waits = True
    example = """
id: ended
type: fail
if: incident.severity == "low"
message: "{{ incident.title }} is no reason to fail over."
"""

    type: Literal["fail"]
    message: Annotated[PublicText, Field(min_length=1)]
    """The reason, which the run's outcome shows."""

    def prepare(self, context: Context) -> Prepared:
        message = render_text(self.message, context.shown_scope, ("message",))
        ended = Failed(message, final=True)
        return Inside(lambda _work: ended, shown={"message": message}, comes_to=ended)

    @model_validator(mode="after")
    def _refuse_going_on(self) -> "FailStep":
        if self.on_failure == "continue":
            raise PydanticCustomError(
                "fail_goes_on",
                "A step of type fail ends the run, so on_failure: continue cannot apply. Leave on_failure out.",
            )
        if self.retry is not None:
            raise PydanticCustomError("fail_again", "A step of type fail is never retried. Leave retry out.")
        return self
