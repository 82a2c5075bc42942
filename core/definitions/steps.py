"""The base class of all step types, and the registry of step types."""

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

    `prepare` is the method the executor calls (see core.execution.preparation); the definition itself needs no
    executor.

    `touches_outside`: whether acting reaches beyond our database, so that a crash can leave the step in doubt.
    `keeps_secrets_to_hosts`: whether the step sends secrets only in `HttpRequest`s with `carried=context.carried`, so
    that each secret goes only to its declared hosts. Any other type gets only the secrets whose declaration names the
    type.
    `acts_through`: the port of `context.ports` that the step uses, if that is its only outside call; `runbook test`
    then runs it with a fake answer.
    `is_called_back`: whether the step waits for a POST to a URL of its own, available to earlier steps as
    `callbacks.ID`.
    `example`: an example in YAML, shown in the reference.
    """

    touches_outside: ClassVar[bool] = True
    keeps_secrets_to_hosts: ClassVar[bool] = False
    acts_through: ClassVar[PortName | None] = None
    is_called_back: ClassVar[bool] = False
    example: ClassVar[str] = ""

    id: StepId
    """The name by which other steps refer to it: `steps.ID`."""
    type: str
    """The step type."""
    name: Annotated[str, Field(min_length=1, max_length=150)] | None = None
    """The name shown to people instead of the id."""
    condition: Condition | None = Field(default=None, alias="if")
    """The step is skipped unless this is true."""
    timeout: PositiveDuration | None = None
    """How long the step may take."""
    retry: Retry | None = None
    """Whether, and how often, the step is retried."""
    on_failure: OnFailure = "stop"
    """Whether the run ends when the step fails, or continues with the next step."""

    @property
    def covers_retries_for(self) -> timedelta | None:
        """How long an approval also covers retries; None if it covers one attempt."""
        return None

    @property
    def only_reads(self) -> bool:
        """Whether the step changes nothing outside, so that it may be repeated without asking."""
        return False

    def unmet(self) -> StepResult:
        """Return the result of the step when its condition is false."""
        return Skipped(f"Its condition did not hold: {self.condition}")


@cache
def step_types() -> Mapping[str, type[StepDefinition]]:
    """Return the step types by name: those of this package and of the entry points `runbook.steps`.

    Raises ConfigurationError if two types have the same name.
    """
    return discover("core.steps", "runbook.steps", StepDefinition)


def types_called_back() -> frozenset[str]:
    """Return the names of the step types that wait to be called back."""
    return frozenset(name for name, model in step_types().items() if model.is_called_back)
