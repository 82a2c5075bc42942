"""Who brought a run about, and through how many other runs.

Who brought a run about: none of them decides its gates.

An initiator is a principal (a Slack user id, or `service:NAME`) and what they did. They go on with what comes of it:
from an event to the workflows that it starts, to the events that those cause, to the runs that those start, to retries.

How many of our own runs, one after the other, may lead to the next. Pure.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from core.decisions.people import Person, principals_of
from core.errors import Conflict

Deed: TypeAlias = Literal[
    "asked",
    "opened",
    "escalated",
    "lowered",
    "acknowledged",
    "resolved",
    "closed",
    "labelled",
    "linked",
    "started",
    "retried",
    "ran_again",
]

# What was done, as it is said behind a name: `<@U1> opened the incident`. Some of it led to a run, some was about it.
SAID: Mapping[str, str] = {
    "asked": "asked for this run",
    "opened": "opened the incident that led to this run",
    "escalated": "escalated the incident, which led to this run",
    "lowered": "lowered the incident's severity, which led to this run",
    "acknowledged": "acknowledged the incident, which led to this run",
    "resolved": "resolved the incident, which led to this run",
    "closed": "closed the incident, which led to this run",
    "labelled": "labelled the incident, which led to this run",
    "linked": "added a link to the incident, which led to this run",
    "started": "started the workflow that led to this run",
    "retried": "retried this run",
    "ran_again": "had a step of this run run again",
}


@dataclass(frozen=True, slots=True)
class Initiator:
    """`who`: a principal's id. `deed`: what they did, a key of `SAID`."""

    who: str
    deed: str

    @property
    def said(self) -> str:
        """What they did, in words that follow their name."""
        return SAID.get(self.deed, "brought this run about")


Initiators: TypeAlias = tuple[Initiator, ...]


def initiated_by(person: Person, deed: Deed) -> Initiators:
    """Those who stand behind a person's deed; nobody behind what a workflow or the system does of itself."""
    return tuple(Initiator(who, deed) for who in principals_of(person))


def joined(*groups: Iterable[Initiator]) -> Initiators:
    """All of them, each once for a deed, in the order in which they came."""
    return tuple(dict.fromkeys(each for group in groups for each in group))


def initiators_to_json(initiators: Iterable[Initiator]) -> list[Any]:
    """As rows keep them: `[{"who": "U0ANNA", "as": "opened"}]`."""
    return [{"who": each.who, "as": each.deed} for each in initiators]


def initiators_from_json(value: object) -> Initiators:
    """As `initiators_to_json` wrote them; nobody where nothing was written."""
    rows = value if isinstance(value, list) else []
    return tuple(Initiator(str(row["who"]), str(row["as"])) for row in rows)


MOST_DEPTH = 5


def is_too_deep(depth: int) -> bool:
    return depth > MOST_DEPTH


def check_chain(person: Person, deed: str) -> None:
    """Raise Conflict where the request was made by a run, which a run caused, and so on."""
    if is_too_deep(person.depth):
        raise Conflict(
            f"It was not {deed}: {MOST_DEPTH + 1} runs, one after the other, each asked for the next by a call of this "
            "service.",
            hint="Does one of them start itself?",
        )
