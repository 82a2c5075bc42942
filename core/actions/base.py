"""What every action of a workflow says, whatever its type."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import Field

from core.decisions.execution import Skipped, StepResult
from core.definitions.durations import PositiveDuration
from core.definitions.fields import Condition, Definition, StepId
from core.steps.base import OnFailure, PortName, Retry


class ActionDefinition(Definition):
    """The fields of every action; an action type adds `type: Literal["name"]`, its own fields, and `prepare`.

    `prepare` is what the executor asks for, and core.execution.preparation says it: what is written needs no executor.

    `touches_outside`: whether its act reaches beyond our database, so that a crash can leave it in doubt.
    `keeps_secrets_to_hosts`: whether its act sends secrets by `HttpRequest`s alone that say `carried=context.carried`,
    so that each goes only to its declared hosts; any other type gets only secrets whose declaration names the type.
    `acts_through`: the one of `context.ports` that its act calls, if that is all it calls outside.
    `rechecks`: whether its `if` is asked once more when its wait is over; then it is prepared again, as resumed.
    `example`: one as people write it, in YAML; the reference shows it.
    An output `{link: {name, url}}` of what it made elsewhere is kept on the incident.
    """

    touches_outside: ClassVar[bool] = True
    keeps_secrets_to_hosts: ClassVar[bool] = False
    acts_through: ClassVar[PortName | None] = None
    rechecks: ClassVar[bool] = False
    example: ClassVar[str] = ""

    id: StepId
    """What other actions call it by: `actions.ID`."""
    type: str
    """What kind of action it is."""
    condition: Condition | None = Field(default=None, alias="if")
    """The action is skipped unless this is true."""
    retry: Retry | None = None
    """Whether, and how often, it is tried again."""
    timeout: PositiveDuration | None = None
    """How long it may take."""
    on_failure: OnFailure = "stop"
    """Whether the workflow ends when it fails, or goes on with the next action."""

    def arms(self) -> Mapping[str, Sequence["ActionDefinition"]]:
        """The actions within this one, by the name of the way on which they are: see core.definitions.arms."""
        return {}

    def unmet(self) -> StepResult:
        """What it comes to where its condition does not hold."""
        return Skipped(f"Its condition did not hold: {self.condition}")
