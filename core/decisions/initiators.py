"""The initiators of a run: the people and services who caused it, none of whom may decide its gates.

Somebody who enters values for a run decides what it does, and so becomes one of them. An initiator is a principal (a
Slack user id, `service:NAME` or `agent:NAME`) and what they did. Initiators are passed on: from an event to the
workflows it starts, to the events those cause, to the runs those start, and to retries. The length of such a chain of
runs is limited.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from core.decisions.people import AGENT, Person, principals_of
from core.errors import Conflict
from core.statuses import PrincipalKind

Deed: TypeAlias = Literal[
    "asked",
    "through_agent",
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
    "answered",
]

# What each of them did, to follow a name: `<@U1> opened the incident`. Some deeds led to the run, others are about
# it.
SAID: Mapping[str, str] = {
    "asked": "requested this run",
    "through_agent": "had an agent request this run",
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
    "ran_again": "had a step of this run repeated",
    "answered": "entered values for this run",
}


@dataclass(frozen=True, slots=True)
class Initiator:
    """`who`: the principal's id. `deed`: what they did, a key of `SAID`."""

    who: str
    deed: str

    @property
    def said(self) -> str:
        """What they did, as a phrase that follows their name."""
        return SAID.get(self.deed, "initiated this run")


Initiators: TypeAlias = tuple[Initiator, ...]


def initiated_by(person: Person, deed: Deed) -> Initiators:
    """Return the initiators for a person's action; none for actions of a workflow or the system itself.

    The people behind an agent did not act themselves: the agent acted for them.
    """
    others: Deed = "through_agent" if person.kind is PrincipalKind.AGENT else deed
    return tuple(
        Initiator(who, deed if who == person.slack_user_id else others) for who in principals_of(person)
    )


def has_agent(initiators: Iterable[Initiator]) -> bool:
    """Return whether an agent is among them."""
    return any(each.who.startswith(AGENT) for each in initiators)


def joined(*groups: Iterable[Initiator]) -> Initiators:
    """Merge groups of initiators, in order and without duplicates."""
    return tuple(dict.fromkeys(each for group in groups for each in group))


def initiators_to_json(initiators: Iterable[Initiator]) -> list[Any]:
    """Return the initiators as they are stored in rows: `[{"who": "U0ANNA", "as": "opened"}]`."""
    return [{"who": each.who, "as": each.deed} for each in initiators]


def initiators_from_json(value: object) -> Initiators:
    """Return the initiators stored by `initiators_to_json`; none if nothing was stored."""
    rows = value if isinstance(value, list) else []
    return tuple(Initiator(str(row["who"]), str(row["as"])) for row in rows)


MOST_DEPTH = 5


def is_too_deep(depth: int) -> bool:
    return depth > MOST_DEPTH


def check_chain(person: Person, deed: str) -> None:
    """Raise Conflict if the request comes from too long a chain of runs, each started by the previous one."""
    if is_too_deep(person.depth):
        raise Conflict(
            f"It was not {deed}: it would end a chain of {MOST_DEPTH + 1} runs, each of which requested the next by "
            "calling this service.",
            hint="Does one of them start itself?",
        )
