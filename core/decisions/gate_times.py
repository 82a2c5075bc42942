"""When the people at an open gate are prompted: reminders, and the escalation to others. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

SHORTEST = timedelta(minutes=6)  # a gate that is open for less gets no reminders
LAST_PART = 10  # the last reminder comes when this part of the time is left, within these bounds
LAST_AT_LEAST, LAST_AT_MOST = timedelta(minutes=2), timedelta(minutes=30)


class Prompt(StrEnum):
    """What the people at a gate are prompted by."""

    HALF = "half"
    """Half of the time is over."""
    LAST = "last"
    """The time is nearly over."""
    ESCALATED = "escalated"
    """Others may decide from now on."""


REMINDERS = (Prompt.HALF, Prompt.LAST)


@dataclass(frozen=True, slots=True)
class GateTimes:
    """When a gate opened, expires and escalates; None for never."""

    opened_at: datetime
    expires_at: datetime | None = None
    escalates_at: datetime | None = None


def prompts(times: GateTimes) -> list[tuple[datetime, Prompt]]:
    """Return all prompts of a gate with their times, in order."""
    found = [] if times.escalates_at is None else [(times.escalates_at, Prompt.ESCALATED)]
    if times.expires_at is not None and times.expires_at - times.opened_at >= SHORTEST:
        whole = times.expires_at - times.opened_at
        left = min(max(whole / LAST_PART, LAST_AT_LEAST), LAST_AT_MOST)
        found += [(times.opened_at + whole / 2, Prompt.HALF), (times.expires_at - left, Prompt.LAST)]
    return sorted(found)


def next_prompt(times: GateTimes, after: datetime) -> datetime | None:
    """Return the time of the first prompt after this moment, or None if there is none."""
    return next((at for at, _ in prompts(times) if at > after), None)


def due_prompts(times: GateTimes, since: datetime, now: datetime) -> list[Prompt]:
    """Return the prompts due from `since` to `now`, both included; of several reminders only the latest.

    An expired gate has none: nobody can decide there any more.
    """
    if times.expires_at is not None and now >= times.expires_at:
        return []
    due = [prompt for at, prompt in prompts(times) if since <= at <= now]
    reminders = [prompt for prompt in due if prompt in REMINDERS]
    return [prompt for prompt in due if prompt not in reminders[:-1]]
