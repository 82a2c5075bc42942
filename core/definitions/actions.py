"""The base of all action types, which there are, and the branches they stand in.

What every action of a workflow says, whatever its type.

Which action types there are.

Actions within actions: the order in which all of them run, and what each depends on.

A machine that runs an ordered list runs branches too, if the list has everything that may run: what is in an arm that
is not taken is skipped.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import ClassVar

from pydantic import Field

from core.definitions.durations import PositiveDuration
from core.definitions.fields import Condition, Definition, OnFailure, PortName, Retry, StepId
from core.definitions.type_registry import discover
from core.values.execution import Skipped, StepResult


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

    def branches(self) -> Mapping[str, Sequence["ActionDefinition"]]:
        """The actions within this one, by the name of the way on which they are: see core.definitions.actions."""
        return {}

    def unmet(self) -> StepResult:
        """What it comes to where its condition does not hold."""
        return Skipped(f"Its condition did not hold: {self.condition}")


@cache
def action_types() -> Mapping[str, type[ActionDefinition]]:
    """Answer the action types by name: those of this package and of the entry points `runbook.actions`.

    Raises ConfigurationError when two of them have one name.
    """
    return discover("core.actions", "runbook.actions", ActionDefinition)


Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Branch:
    """The `then` or the `else` of a branch action: `name` is which of them."""

    action_id: str
    name: str


@dataclass(frozen=True)
class FlattenedAction:
    """An action in its place: `path` in the document; `branch`: the nearest one around it, if any."""

    action: ActionDefinition
    path: Path
    branch: Branch | None = None


def in_order(
    actions: Sequence[ActionDefinition], path: Path = ("actions",), branch: Branch | None = None
) -> Iterator[FlattenedAction]:
    """Answer all actions, nested ones behind the one that they are in."""
    for index, action in enumerate(actions):
        here = (*path, index)
        yield FlattenedAction(action, here, branch)
        for name, inner in action.branches().items():
            yield from in_order(inner, (*here, name), Branch(action.id, name))
