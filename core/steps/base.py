"""What every step of a runbook says, whatever its type."""

from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from core.decisions.execution import Skipped, StepResult
from core.definitions.durations import Duration, PositiveDuration
from core.definitions.fields import Condition, Definition, StepId

OnFailure = Literal["stop", "continue"]


class Retry(Definition):
    """How often to try again. Without `safe` a step is called at most once, whatever `attempts` says."""

    safe: bool = False
    attempts: int = Field(default=3, ge=1, le=10)
    backoff: Duration = timedelta(seconds=1)
    max_backoff: Duration = timedelta(minutes=1)


class StepDefinition(Definition):
    """The fields of every step; a step type adds `type: Literal["name"]`, its own fields, and `prepare`.

    `prepare` is what the executor asks for, and core.execution.preparation says it: what is written needs no executor.

    `touches_outside`: whether its act reaches beyond our database, so that a crash can leave it in doubt.
    """

    touches_outside: ClassVar[bool] = True

    id: StepId
    type: str
    name: Annotated[str, Field(min_length=1, max_length=150)] | None = None
    condition: Condition | None = Field(default=None, alias="if")
    timeout: PositiveDuration | None = None
    retry: Retry | None = None
    on_failure: OnFailure = "stop"

    def unmet(self) -> StepResult:
        """What it comes to where its condition does not hold."""
        return Skipped(f"Its condition did not hold: {self.condition}")
