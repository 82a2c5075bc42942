"""Actions within actions: the order in which all of them run, and what each depends on.

A machine that runs an ordered list runs branches too, if the list has everything that may run: what is in an arm that
is not taken is skipped.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.actions.base import ActionDefinition

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Arm:
    """One way that the action `branch` may take: `then` or `else`."""

    branch: str
    name: str


@dataclass(frozen=True)
class Placed:
    """An action in its place: `path` in the document; `arm`: the nearest one around it, if any."""

    action: ActionDefinition
    path: Path
    arm: Arm | None = None


def in_order(
    actions: Sequence[ActionDefinition], path: Path = ("actions",), arm: Arm | None = None
) -> Iterator[Placed]:
    """Answer all actions, nested ones behind the one that they are in."""
    for index, action in enumerate(actions):
        here = (*path, index)
        yield Placed(action, here, arm)
        for name, inner in action.arms().items():
            yield from in_order(inner, (*here, name), Arm(action.id, name))
