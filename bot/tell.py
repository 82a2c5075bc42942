"""Replies that only one person sees: beside the message whose button they pressed, or as a view over the Home tab.

A click in the Home tab has no `response_url`:
https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.answers import EphemeralReplier
from bot.modals.form import refusal
from bot.modals.opening import Opener

TITLE = "Runbook"


@dataclass(frozen=True)
class Tell:
    """Says something to the person behind a request."""

    replier: EphemeralReplier
    open_modal: Opener

    def __call__(self, body: Mapping[str, Any], said: str) -> None:
        """Say it. `body`: the request's; one that names no place to reply to gets no reply."""
        if response_url := body.get("response_url"):
            self.replier(response_url, said)
        elif is_home(body) and body.get("trigger_id"):
            self.open_modal(body["trigger_id"], refusal(TITLE, said))


def is_home(body: Mapping[str, Any]) -> bool:
    """Return True for a click in the Home tab."""
    view = body.get("view")
    return isinstance(view, Mapping) and view.get("type") == "home"


def place_of(body: Mapping[str, Any]) -> str:
    """Return the channel of the message whose button was pressed; empty if there is none."""
    channel = body.get("channel")
    return str(channel.get("id", "")) if isinstance(channel, Mapping) else ""
