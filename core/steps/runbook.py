"""The `runbook` step: run a runbook, or steps of this one, as child runs: once, or once for each item of a list."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from core.decisions.children import MOST_CHILDREN, OnChildFailure, PlannedChild
from core.definitions.cel.expressions import at_most, compile_expression
from core.definitions.fields import CelField, Name, Path, PublicJson, StepId
from core.definitions.steps import StepDefinition, step_types
from core.definitions.templates import render
from core.definitions.type_registry import RegisteredUnion
from core.effects.children import name_of, prepare_children
from core.errors import InvalidInput
from core.execution.preparation import Context, Prepared
from core.values.execution import Json

InlineSteps = Annotated[
    tuple[Annotated[StepDefinition, RegisteredUnion(step_types)], ...], Field(min_length=1, max_length=50)
]
# What expressions call other things.
TAKEN = frozenset(
    {"params", "values", "incident", "execution", "steps", "secrets", "callbacks"}
    | {"response", "result", "callback", "output", "saved"}
)
MOST_WORK = 500_000_000  # units of cel_cost for the list and the parameters of all children: some seconds
ListExpression = Annotated[str, CelField()]


class RunbookStep(StepDefinition):
    """Run another runbook, or `steps` written here, as child runs: one, or with `foreach` one for each item.

    Each child is a run of its own on whatever worker is free: with its own gates and verdicts, but no card of its own.
    The step succeeds if as many as `need` says succeed. `steps.ID.output.children` has the `name`, `item`, `status`,
    `saved` values, `error` and `execution_id` of each. A retry of the run runs only the children again that did not
    succeed.
    """

    touches_outside = False
    example = """
id: each
type: runbook
foreach: '["app-1", "app-2"]'
as: host
concurrency: 2
steps:
  - {id: restart, type: shell, argv: [ssh, "{{ host }}", systemctl, restart, app]}
  - {id: healthy, type: http, url: "{{ secrets.FLEET_API }}/hosts/{{ host }}", poll: {every: 5s, for: 2m}}
"""

    type: Literal["runbook"]
    runbook: Name | None = None
    """The runbook to run. It must be approved when the run is requested, and global or of the incident's team."""
    parameters: dict[str, PublicJson] = {}
    """The parameters to run it with."""
    steps: InlineSteps | None = None
    """The steps to run instead of a runbook. They see what this runbook's earlier steps see, and the item."""
    foreach: ListExpression | None = None
    """A list: there is a child run for each of its items, at most 1000."""
    variable: StepId = Field(default="item", alias="as")
    """The name of the item in `parameters` and `steps`."""
    concurrency: Annotated[int, Field(ge=1, le=100)] = 1
    """How many may run at the same time."""
    on_child_failure: OnChildFailure = "stop"
    """What happens once a child has failed: `stop` starts no more, `cancel` also cancels those that run, `continue`
    runs the others all the same.
    """
    need: Literal["all", "any"] | Annotated[int, Field(ge=1, strict=True)] = "all"
    """How many must succeed for the step to succeed. Once there are enough, no more are started."""

    @property
    def inner_steps(self) -> Sequence[tuple[Path, Sequence[StepDefinition]]]:
        return [(("steps",), self.steps)] if self.steps is not None else ()

    def in_words(self) -> str:
        if self.foreach is not None:
            return f"For each of `{self.foreach}`, {self.concurrency} at a time:"
        return (
            f"Run the runbook {self.runbook}, and wait for its end." if self.runbook else super().in_words()
        )

    @property
    def child_runbooks(self) -> tuple[str, ...]:
        return (self.runbook,) if self.runbook is not None else super().child_runbooks

    def prepare(self, context: Context) -> Prepared:
        with at_most(MOST_WORK):
            planned = self._children(context) if context.progress is None else ()
        return prepare_children(self, planned, context, concurrency=self.concurrency)

    def _children(self, context: Context) -> list[PlannedChild]:
        if self.foreach is None:
            return [self._child(self.runbook or self.id, {}, context)]
        items = compile_expression(self.foreach).evaluate(context.names)
        if not isinstance(items, list):
            raise InvalidInput(f"foreach: {self.foreach} is not a list.", field="foreach")
        if len(items) > MOST_CHILDREN:
            sentence = f"foreach: {self.foreach} has {len(items)} items; at most {MOST_CHILDREN} are allowed."
            raise InvalidInput(sentence, field="foreach")
        return [self._child(name_of(item), {self.variable: item}, context) for item in items]

    def _child(self, name: str, item: Mapping[str, Json], context: Context) -> PlannedChild:
        variable, value = (self.variable, item[self.variable]) if item else (None, None)
        if self.runbook is None:
            return PlannedChild(name, source=("steps",), variable=variable, value=value)
        parameters = render(self.parameters, {**context.shown_scope, **item}, ("parameters",))
        assert isinstance(parameters, dict)
        return PlannedChild(name, self.runbook, parameters, variable=variable, value=value)

    @field_validator("variable")
    @classmethod
    def _refuse_a_name_that_is_taken(cls, value: str) -> str:
        if value in TAKEN:
            sentence = "{name} already means something in expressions. Choose another name for the item."
            raise PydanticCustomError("taken", sentence, {"name": value})
        return value

    @model_validator(mode="after")
    def _refuse_two_bodies(self) -> Self:
        if (self.runbook is None) == (self.steps is None):
            raise PydanticCustomError("runbook_step", "Give either runbook, the name of one, or steps.")
        if self.steps is not None and self.parameters:
            raise PydanticCustomError(
                "runbook_step", "parameters are for a runbook; steps see this runbook's own parameters."
            )
        return self
