"""Which processes are alive, by their signs of life, and the consequences if none of a kind is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

EVERY = timedelta(seconds=10)  # the interval between two signs
ALIVE = timedelta(seconds=30)  # since the last sign: two may be missed
FORGOTTEN = timedelta(days=1)  # a process without a sign since then is no longer listed

# In the order in which they are listed. A web process is not in it: its absence is visible to its callers.
WITHOUT = {
    "worker": "no run or workflow continues, and requests wait",
    "poster": "nothing new appears in Slack: no cards, no questions, no outcomes",
    "clock": "no timer, expiry or age trigger fires, and executions of lost workers wait",
}
WITHOUT_REDIS = "runs start up to two seconds later; nothing is lost"


@dataclass(frozen=True, slots=True)
class Sign:
    """A process's last sign of life."""

    kind: str
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Presence:
    """For one kind: how many processes are alive, and the age of the newest sign; None if there is none."""

    kind: str
    alive: int
    age: timedelta | None

    def __str__(self) -> str:
        """Return one line with the state, and the consequences if none is alive."""
        if self.alive:
            return f"{self.kind}: {self.alive} alive, the last sign of life {_ago(self.age)}"
        last = (
            f"the last sign of life was {_ago(self.age)}"
            if self.age is not None
            else "there was no sign of life"
        )
        return f"{self.kind}: none alive, {last}: {WITHOUT[self.kind]}"


def presences(signs: Iterable[Sign], now: datetime) -> list[Presence]:
    """Return one entry for each kind of process that the service needs."""
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
