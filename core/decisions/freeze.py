"""Freezes: who may freeze what, which runs a freeze stops, and how it holds an execution between two steps."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from core.decisions.people import Person
from core.decisions.policy import require
from core.decisions.policy_table import Action
from core.errors import Frozen

SLACK_USER = re.compile(r"[UW][A-Z0-9]+")


@dataclass(frozen=True, slots=True)
class FreezeInForce:
    """A freeze in force. `team`: the name of the team it applies to; None: all. `by`: who froze it: a Slack id, or
    `system`.
    """

    team: str | None
    reason: str
    by: str

    @property
    def scope(self) -> str:
        return "Everything" if self.team is None else f"Team {self.team}"


def begun_words(freeze: FreezeInForce) -> str:
    """Return the announcement of a freeze, for the places where people wait for held runs."""
    return (
        f"🧊 {freeze.scope} is frozen by {_who(freeze.by)}: {_reason(freeze)}. "
        "Nothing starts until it is unfrozen; running executions are held before their next step."
    )


def lifted_words(freeze: FreezeInForce, by: str, left: FreezeInForce | None) -> str:
    """Return the announcement that a freeze was lifted. `by`: who lifted it; `left`: a freeze that still applies."""
    lifted = f"{_who(by)} lifted the freeze by {_who(freeze.by)}: {_reason(freeze)}."
    ended = f"{freeze.scope} is no longer frozen. {lifted}"
    if left is None:
        return f"▶️ {ended} Held executions continue."
    return f"🧊 {ended} {left.scope} is still frozen by {_who(left.by)}: {_reason(left)}."


def _who(by: str) -> str:
    """Mention a person, or name another principal in plain words."""
    return f"<@{by}>" if SLACK_USER.fullmatch(by) else f"the {by}"


def _reason(freeze: FreezeInForce) -> str:
    return " ".join(freeze.reason.split())


def check_may_freeze(person: Person, team: str | None) -> None:
    """Raise NotAllowed unless the person may freeze and unfreeze that team (None: everything)."""
    if team is None:
        hint = "Name a team of which you are an admin."
        require(
            person, Action.FREEZE, None, "Only a platform admin may freeze or unfreeze everything.", hint=hint
        )
    else:
        require(person, Action.FREEZE, team, f"Only an admin of team {team} may freeze or unfreeze it.")


def freeze_of(freezes: Iterable[FreezeInForce], team: str) -> FreezeInForce | None:
    """Return the freeze that stops this team's runs; a freeze of everything comes first."""
    return next((each for each in sorted(freezes, key=_narrowness) if each.team in (None, team)), None)


def _narrowness(freeze: FreezeInForce) -> bool:
    return freeze.team is not None


def check_not_frozen(freezes: Iterable[FreezeInForce], team: str) -> None:
    """Raise Conflict, with the reason and the author of the freeze, if new runs of this team are frozen."""
    freeze = freeze_of(freezes, team)
    if freeze is not None:
        raise Frozen(
            f"{freeze.scope} is frozen by {_who(freeze.by)}: {freeze.reason}.",
            hint="Nothing starts until it is unfrozen.",
        )
