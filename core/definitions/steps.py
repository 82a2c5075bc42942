"""The base class of all step types, and the registry of step types."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from functools import cache
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from core.definitions.durations import PositiveDuration
from core.definitions.fields import Condition, Definition, OnFailure, Path, Poll, PortName, Retry, StepId
from core.definitions.type_registry import discover, first_sentence
from core.values.execution import Skipped, StepResult

OWN_TEAM = "‹own›"  # stands in words for the team of the runbook, or of the incident if the runbook is global
CANNOT_POLL = (
    "Only a step that can safely be repeated may poll: one that only reads, such as a GET, or one that says "
    "retry: {safe: true}."
)


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
    `only_waits`: whether the step does nothing at all but wait, or end the run. Only such steps run before the gate of
    what an agent proposes.
    `waits_for_people`: whether the run goes on only once people have decided or answered.
    `asks_for_values`: whether the step asks people for values, by the JSON Schema in its field `schema`, and saves them
    under their names.
    `words_say_all`: whether `in_words` says all that the step does, so that its fields need not be shown beside it.
    `example`: an example in YAML, shown in the reference.
    """

    touches_outside: ClassVar[bool] = True
    keeps_secrets_to_hosts: ClassVar[bool] = False
    acts_through: ClassVar[PortName | None] = None
    is_called_back: ClassVar[bool] = False
    only_waits: ClassVar[bool] = False
    waits_for_people: ClassVar[bool] = False
    asks_for_values: ClassVar[bool] = False
    words_say_all: ClassVar[bool] = False
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
    poll: Poll | None = None
    """Whether the step is checked again until a condition holds."""
    on_failure: OnFailure = "stop"
    """Whether the run ends when the step fails, or continues with the next step."""

    @property
    def only_reads(self) -> bool:
        """Whether acting changes nothing outside, so that it can be repeated at will."""
        return False

    @property
    def finds_lost_attempts(self) -> bool:
        """Whether its act finds out by itself, before it does anything, whether an attempt that was lost took effect.

        It does that where `context.attempt` is above 1 or `context.maybe_done` is true, and returns `Uncertain` where
        it cannot tell. Then a lost worker is no question to people: the step is prepared again.
        """
        return False

    @property
    def stops_elsewhere(self) -> bool:
        """Whether cancelling the run stops what the step has started elsewhere.

        Then `prepare` is called once more, with `context.cancelled`, and the act stops it.
        """
        return False

    @model_validator(mode="after")
    def _refuse_to_poll_what_acts(self) -> Self:
        if self.poll is not None and not self.touches_outside:
            raise PydanticCustomError(
                "poll", "A step of type {type} reads nothing outside, so it cannot poll.", {"type": self.type}
            )
        if self.poll is not None and not (self.only_reads or (self.retry is not None and self.retry.safe)):
            raise PydanticCustomError("poll", CANNOT_POLL)
        return self

    @property
    def inner_steps(self) -> Sequence[tuple[Path, Sequence["StepDefinition"]]]:
        """The lists of steps inside the step, which child runs run, each with its path within the step."""
        return ()

    @property
    def child_runbooks(self) -> tuple[str, ...]:
        """The names of the runbooks that the step runs as child runs, itself or in the steps inside it."""
        return tuple(name for _, steps in self.inner_steps for step in steps for name in step.child_runbooks)

    @property
    def covers_retries_for(self) -> timedelta | None:
        """How long an approval also covers retries; None if it covers one attempt."""
        return None

    def in_words(self) -> str:
        """Return what the step does, in one sentence. A team that the step leaves open is called OWN_TEAM."""
        return first_sentence(type(self))

    def unmet(self) -> StepResult:
        """Return the result of the step when its condition is false."""
        return Skipped(f"Its condition did not hold: {self.condition}")


Placed = tuple[Path, StepDefinition]


def placed_steps(steps: Sequence[StepDefinition], path: Path) -> Iterator[Placed]:
    """Yield the steps of a list with their paths, each before the steps inside it."""
    for at, step in enumerate(steps):
        yield (*path, at), step
        for place, inner in step.inner_steps:
            yield from placed_steps(inner, (*path, at, *place))


@cache
def step_types() -> Mapping[str, type[StepDefinition]]:
    """Return the step types by name: those of this package and of the entry points `runbook.steps`.

    Raises ConfigurationError if two types have the same name.
    """
    return discover("core.steps", "runbook.steps", StepDefinition)


def types_that_ask() -> frozenset[str]:
    """Return the names of the step types that ask people for values."""
    return frozenset(name for name, model in step_types().items() if model.asks_for_values)


def types_called_back() -> frozenset[str]:
    """Return the names of the step types that wait to be called back."""
    return frozenset(name for name, model in step_types().items() if model.is_called_back)
