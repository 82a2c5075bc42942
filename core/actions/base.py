"""What every action of a workflow says, whatever its type."""

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from core.definitions.durations import PositiveDuration
from core.definitions.fields import Condition, Definition, StepId
from core.steps.base import OnFailure, Retry

if TYPE_CHECKING:
    from core.execution.preparation import Context, Prepared


class ActionDefinition(Definition):
    """The fields of every action; an action type adds `type: Literal["name"]`, its own fields, and `prepare`.

    `touches_outside`: whether its act reaches beyond our database, so that a crash can leave it in doubt.
    """

    touches_outside: ClassVar[bool] = True

    id: StepId
    type: str
    condition: Condition | None = Field(default=None, alias="if")
    retry: Retry | None = None
    timeout: PositiveDuration | None = None
    on_failure: OnFailure = "stop"

    def prepare(self, context: "Context") -> "Prepared":
        """Say what this action will do, without doing it: see core.execution.preparation.

        Raises RunbookError where it cannot be done, which fails the action.
        """
        raise NotImplementedError
