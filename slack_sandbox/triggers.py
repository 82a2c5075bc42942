"""Trigger ids, with which the app may open a view after a click or a command: once, within 3 seconds.

https://docs.slack.dev/interactivity/handling-user-interaction#modal_responses
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from slack_sandbox.values import SlackError, new_secret

TRIGGER_LIFETIME = timedelta(seconds=3)


@dataclass(frozen=True)
class Trigger:
    user: str
    issued_at: datetime
    view_id: str | None = None
    """The view that the person acted in, if any: ``views.push`` puts the new view on top of it."""


def refusal(trigger: Trigger | None, *, exchanged: bool, now: datetime) -> str | None:
    """Slack's name for why this trigger opens nothing, or None when it does."""
    if trigger is None:
        return "invalid_trigger_id"
    if exchanged:
        return "exchanged_trigger_id"
    if now - trigger.issued_at > TRIGGER_LIFETIME:
        return "expired_trigger_id"
    return None


class Triggers:
    """The triggers handed out so far, and which of them were used."""

    def __init__(self) -> None:
        self._issued: dict[str, Trigger] = {}
        self._exchanged: set[str] = set()

    def issue(self, user: str, now: datetime, view_id: str | None = None) -> str:
        trigger_id = f"{len(self._issued) + 1}.{int(now.timestamp())}.{new_secret()}"
        self._issued[trigger_id] = Trigger(user, now, view_id)
        return trigger_id

    def check(self, trigger_id: str, now: datetime) -> Trigger:
        """The trigger, if it may still be used. Raises SlackError."""
        trigger = self._issued.get(trigger_id)
        error = refusal(trigger, exchanged=trigger_id in self._exchanged, now=now)
        if error or trigger is None:
            raise SlackError(error or "invalid_trigger_id")
        return trigger

    def exchange(self, trigger_id: str) -> None:
        self._exchanged.add(trigger_id)
