"""The base class of all action types, the registry of action types, and the order of nested actions.

Actions may contain branches (`then`, `else`). The executor runs one flat, ordered list, so the list has every action
that may run; the actions of a branch that is not taken are skipped.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import ClassVar

from pydantic import Field

from core.definitions.durations import PositiveDuration
from core.definitions.fields import Condition, Definition, OnFailure, PortName, Retry, StepId
from core.definitions.type_registry import discover, first_sentence
from core.values.execution import Skipped, StepResult


class ActionDefinition(Definition):
    """The fields of every action; an action type adds `type: Literal["name"]`, its own fields, and `prepare`.

    `prepare` is the method the executor calls (see core.execution.preparation); the definition itself needs no
    executor.

    `touches_outside`: whether acting reaches beyond our database, so that a crash can leave the action in doubt.
    `keeps_secrets_to_hosts`: whether the action sends secrets only in `HttpRequest`s with `carried=context.carried`, so
    that each secret goes only to its declared hosts. Any other type gets only the secrets whose declaration names the
    type.
    `acts_through`: the port of `context.ports` that the action uses, if that is its only outside call.
    `rechecks`: whether `if` is evaluated again when the action's wait is over; it is then prepared again, as resumed.
    `example`: an example in YAML, shown in the reference.

    An output `{link: {name, url}}`, for something created elsewhere, is stored on the incident.
    """

    touches_outside: ClassVar[bool] = True
    keeps_secrets_to_hosts: ClassVar[bool] = False
    acts_through: ClassVar[PortName | None] = None
    rechecks: ClassVar[bool] = False
    example: ClassVar[str] = ""

    id: StepId
    """The name by which other actions refer to it: `actions.ID`."""
    type: str
    """The action type."""
    condition: Condition | None = Field(default=None, alias="if")
    """The action is skipped unless this is true."""
    retry: Retry | None = None
    """Whether, and how often, the action is retried."""
    timeout: PositiveDuration | None = None
    """How long the action may take."""
    on_failure: OnFailure = "stop"
    """Whether the workflow ends when the action fails, or continues with the next action."""

    def branches(self) -> Mapping[str, Sequence["ActionDefinition"]]:
        """Return the actions nested in this one, by the name of the branch they are on."""
        return {}

    def runbook_to_start(self) -> str | None:
        """Return the name of the runbook that the action starts, if the definition names one."""
        return None

    def in_words(self) -> str:
        """Return what the action does, in one sentence."""
        return first_sentence(type(self))

    def unmet(self) -> StepResult:
        """Return the result of the action when its condition is false."""
        return Skipped(f"Its condition did not hold: {self.condition}")


@cache
def action_types() -> Mapping[str, type[ActionDefinition]]:
    """Return the action types by name: those of this package and of the entry points `runbook.actions`.

    Raises ConfigurationError if two types have the same name.
    """
    return discover("core.actions", "runbook.actions", ActionDefinition)


Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Branch:
    """The `then` or the `else` of a branch action; `name` says which."""

    action_id: str
    name: str


@dataclass(frozen=True)
class FlattenedAction:
    """An action and its position: its `path` in the document, and the nearest enclosing `branch`, if any."""

    action: ActionDefinition
    path: Path
    branch: Branch | None = None


def in_order(
    actions: Sequence[ActionDefinition], path: Path = ("actions",), branch: Branch | None = None
) -> Iterator[FlattenedAction]:
    """Yield all actions, each nested action after the one that contains it."""
    for index, action in enumerate(actions):
        here = (*path, index)
        yield FlattenedAction(action, here, branch)
        for name, inner in action.branches().items():
            yield from in_order(inner, (*here, name), Branch(action.id, name))
