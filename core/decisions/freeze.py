"""Freezes: who may freeze what, whom a freeze stops, and how it holds an execution between two steps."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from core.decisions.people import Person
from core.decisions.policy import require
from core.decisions.policy_table import Action
from core.errors import Frozen
from core.statuses import Status, WaitingFor
from core.values.execution import Execution

SLACK_USER = re.compile(r"[UW][A-Z0-9]+")


@dataclass(frozen=True, slots=True)
class FreezeInForce:
    """`team`: whose runs it stops, by name; None: everybody's. `by`: the Slack id of who froze, or `system`."""

    team: str | None
    reason: str
    by: str

    @property
    def scope(self) -> str:
        return "Everything" if self.team is None else f"Team {self.team}"


def begun_words(freeze: FreezeInForce) -> str:
    """What is told where people wait for what it holds."""
    return (
        f"🧊 {freeze.scope} is frozen by {_who(freeze.by)}: {_reason(freeze)}. "
        "Nothing starts until it is unfrozen; what runs is held before its next step."
    )


def lifted_words(freeze: FreezeInForce, by: str, left: FreezeInForce | None) -> str:
    """The same of its end. `by`: who lifted it; `left`: what is over the same runs still."""
    lifted = f"{_who(by)} lifted the freeze of {_who(freeze.by)}, {_reason(freeze)}."
    ended = f"{freeze.scope} is not frozen any more: {lifted}"
    if left is None:
        return f"▶️ {ended} What was held goes on."
    return f"🧊 {ended} {left.scope} is still frozen by {_who(left.by)}: {_reason(left)}."


def _who(by: str) -> str:
    """A mention of a person; whoever is none in plain words."""
    return f"<@{by}>" if SLACK_USER.fullmatch(by) else f"the {by}"


def _reason(freeze: FreezeInForce) -> str:
    return " ".join(freeze.reason.split())


def check_may_freeze(person: Person, team: str | None) -> None:
    """Raise NotAllowed unless the person may freeze, and unfreeze, that team (None: everything)."""
    if team is None:
        hint = "Name the team that you are an admin of."
        require(
            person, Action.FREEZE, None, "Only a platform admin may freeze or unfreeze everything.", hint=hint
        )
    else:
        require(person, Action.FREEZE, team, f"Only an admin of team {team} may freeze or unfreeze it.")


def freeze_of(freezes: Iterable[FreezeInForce], team: str) -> FreezeInForce | None:
    """The freeze that stops this team's runs, the one of everything first."""
    return next((each for each in sorted(freezes, key=_narrowness) if each.team in (None, team)), None)


def _narrowness(freeze: FreezeInForce) -> bool:
    return freeze.team is not None


def check_not_frozen(freezes: Iterable[FreezeInForce], team: str) -> None:
    """Raise Conflict, with the reason and who said so, where a new run of this team must not begin."""
    freeze = freeze_of(freezes, team)
    if freeze is not None:
        raise Frozen(
            f"{freeze.scope} is frozen by {_who(freeze.by)}: {freeze.reason}.",
            hint="Nothing starts until it is unfrozen.",
        )


def held(execution: Execution, position: int) -> Execution:
    """Before the step at `position`, until the freeze is lifted: nothing wakes it before.

    A step that was to be called once more after a crash is pending again: no worker is in it.
    """
    step = execution.steps[position]
    if step.status is Status.RUNNING:
        execution = execution.with_step(position, replace(step, status=Status.PENDING, error=None))
    return replace(execution, status=Status.WAITING, waiting_for=WaitingFor.FREEZE, wake_at=None)
