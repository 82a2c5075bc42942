"""The base of all step types, and which there are.

What every step of a runbook says, whatever its type.

Which step types there are.
"""

from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from typing import Annotated, ClassVar

from pydantic import Field

from core.definitions.durations import PositiveDuration
from core.definitions.fields import Condition, Definition, OnFailure, PortName, Retry, StepId
from core.definitions.type_registry import discover
from core.values.execution import Skipped, StepResult


class StepDefinition(Definition):
    """The fields of every step; a step type adds `type: Literal["name"]`, its own fields, and `prepare`.

    `prepare` is what the executor asks for, and core.execution.preparation says it: what is written needs no executor.

    `touches_outside`: whether its act reaches beyond our database, so that a crash can leave it in doubt.
    `keeps_secrets_to_hosts`: whether its act sends secrets by `HttpRequest`s alone that say `carried=context.carried`,
    so that each goes only to its declared hosts; any other type gets only secrets whose declaration names the type.
    `acts_through`: the one of `context.ports` that its act calls, if that is all it calls outside; then `runbook test`
    runs the act on a faked answer. `is_called_back`: whether it waits for a POST to an address of its own, which
    earlier steps know as `callbacks.ID`. `example`: one as people write it, in YAML; the reference shows it.
    """

    touches_outside: ClassVar[bool] = True
    keeps_secrets_to_hosts: ClassVar[bool] = False
    acts_through: ClassVar[PortName | None] = None
    is_called_back: ClassVar[bool] = False
    example: ClassVar[str] = ""

    id: StepId
    """What other steps call it by: `steps.ID`."""
    type: str
    """What kind of step it is."""
    name: Annotated[str, Field(min_length=1, max_length=150)] | None = None
    """What people read in place of the id."""
    condition: Condition | None = Field(default=None, alias="if")
    """The step is skipped unless this is true."""
    timeout: PositiveDuration | None = None
    """How long it may take."""
    retry: Retry | None = None
    """Whether, and how often, it is tried again."""
    on_failure: OnFailure = "stop"
    """Whether the run ends when it fails, or goes on with the next step."""

    @property
    def covers_retries_for(self) -> timedelta | None:
        """Of an approval, for how long it covers retries too; None: one attempt."""
        return None

    def unmet(self) -> StepResult:
        """What it comes to where its condition does not hold."""
        return Skipped(f"Its condition did not hold: {self.condition}")


@cache
def step_types() -> Mapping[str, type[StepDefinition]]:
    """Answer the step types by name: those of this package and of the entry points `runbook.steps`.

    Raises ConfigurationError when two of them have one name.
    """
    return discover("core.steps", "runbook.steps", StepDefinition)


def types_called_back() -> frozenset[str]:
    """The names of those that wait to be called back."""
    return frozenset(name for name, model in step_types().items() if model.is_called_back)
