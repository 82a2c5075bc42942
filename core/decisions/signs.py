"""Which processes are at work, by their signs of life, and what it costs where none is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

EVERY = timedelta(seconds=10)  # between two signs
ALIVE = timedelta(seconds=30)  # since the last one: two may be missed
FORGOTTEN = timedelta(days=1)  # who gave none since then is not named any more

# In the order in which they are named. Those that answer requests need nobody to say that they are missing.
WITHOUT = {
    "worker": "no run and no workflow goes on; what is asked for waits",
    "poster": "nothing new is shown in Slack: no card, no question, no outcome",
    "clock": "no timer, expiry or age comes due, and what a lost worker held waits",
}
WITHOUT_REDIS = "runs begin up to two seconds later; nothing is lost"


@dataclass(frozen=True, slots=True)
class Sign:
    """A process' last sign of life."""

    kind: str
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Presence:
    """Of one kind: how many are alive, and how long ago the newest sign was; None: none is known."""

    kind: str
    alive: int
    age: timedelta | None

    def __str__(self) -> str:
        """Return the line that says so, and what it costs where none is alive."""
        if self.alive:
            return f"{self.kind}: {self.alive} alive, the last sign of life {_ago(self.age)}"
        last = (
            f"the last sign of life was {_ago(self.age)}"
            if self.age is not None
            else "there was no sign of life"
        )
        return f"{self.kind}: none alive, {last}: {WITHOUT[self.kind]}"


def presences(signs: Iterable[Sign], now: datetime) -> list[Presence]:
    """One for each kind that the service cannot do without."""
    ages: Mapping[str, list[timedelta]] = {kind: [] for kind in WITHOUT}
    for sign in signs:
        if sign.kind in ages:
            ages[sign.kind].append(max(now - sign.seen_at, timedelta(0)))
    return [
        Presence(kind, sum(age <= ALIVE for age in of_kind), min(of_kind, default=None))
        for kind, of_kind in ages.items()
    ]


def _ago(age: timedelta | None) -> str:
    seconds = round(age.total_seconds()) if age is not None else 0
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} s ago"
