"""What every action of a workflow says, whatever its type."""

from pydantic import Field

from core.definitions.durations import PositiveDuration
from core.definitions.fields import Condition, Definition, StepId
from core.steps.base import OnFailure, Retry


class ActionDefinition(Definition):
    """The fields of every action; an action type adds `type: Literal["name"]` and its own."""

    id: StepId
    type: str
    condition: Condition | None = Field(default=None, alias="if")
    retry: Retry | None = None
    timeout: PositiveDuration | None = None
    on_failure: OnFailure = "stop"
