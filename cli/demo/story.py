"""The demo's story: a database breaks, a workflow proposes a failover, and a second person reviews and approves it."""

import html
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import httpx2

from cli.demo.sandbox_client import Message, SandboxClient
from cli.demo.stage import APPROVER, CHANNEL, REQUESTER, Stage
from core.errors import Unavailable

OPENING = '/runbook incident open "Orders database is down" severity=critical service=orders-db team=database'
PROMOTES = "promote: POST {{ secrets.DB_API }}/clusters/orders/promote"
PATIENCE = 40.0  # seconds to wait for each event
Found = TypeVar("Found")


@dataclass(frozen=True)
class Ending:
    """How the story ended: the channel, the approval and outcome messages, and the cluster's final state."""

    channel: str
    asked: Message
    outcome: Message
    cluster: dict[str, object]

    @property
    def payload(self) -> dict[str, object]:
        metadata = self.outcome.get("metadata") or {}
        payload: dict[str, object] = metadata.get("event_payload", {})
        return payload

    @property
    def complaint(self) -> str | None:
        """Return why the story did not end well, or None if it did."""
        if PROMOTES not in html.unescape(str(self.asked.get("text"))):
            return "the approver was not shown what would be sent"
        if self.payload.get("status") != "succeeded":
            return f"the run ended {self.payload.get('status')}"
        if not self.payload.get("workflow_execution_id"):
            return "the outcome message does not contain the workflow execution's id"
        if self.cluster.get("promotions") != 1:
            return f"the target was promoted {self.cluster.get('promotions')} times"
        return None


def open_incident(stage: Stage, sandbox: SandboxClient) -> str:
    """Break the database and open an incident as the person on call. Returns the incident's channel."""
    httpx2.post(f"{stage.targets}/clusters/orders/break", json={})
    sandbox.say(REQUESTER, CHANNEL, OPENING)
    return until("the incident's channel", lambda: incident_channel(sandbox))


def play(stage: Stage, sandbox: SandboxClient) -> Ending:
    """Play the whole story without a browser. Raises Unavailable if something does not happen in time."""
    channel = open_incident(stage, sandbox)
    gate = until("the approval message", lambda: with_button(sandbox, channel, "approval.approve"))
    sandbox.press(APPROVER, channel, gate, "approval.approve")
    outcome = until("the outcome", lambda: _outcome(sandbox, channel))
    cluster = httpx2.get(f"{stage.targets}/clusters/orders").json()
    return Ending(channel, gate, outcome, cluster)


def until(what: str, look: Callable[[], Found | None]) -> Found:
    """Return what `look` finds, as soon as it is something. Raises Unavailable if nothing comes."""
    deadline = time.monotonic() + PATIENCE
    while (found := look()) is None:
        if time.monotonic() > deadline:
            raise Unavailable(f"Timed out after {PATIENCE:g} s waiting for {what}.")
        time.sleep(0.1)
    return found


def incident_channel(sandbox: SandboxClient) -> str | None:
    """Return the channel of the first incident, once there is one."""
    names = sandbox.channels(REQUESTER)
    return next((names[name] for name in names if name.startswith("inc-")), None)


def with_button(sandbox: SandboxClient, channel: str, action_id: str) -> Message | None:
    """Return the first message that has this button."""
    for message in sandbox.messages(REQUESTER, channel):
        elements = [element for block in message.get("blocks", []) for element in block.get("elements", [])]
        if any(element.get("action_id") == action_id for element in elements):
            return message
    return None


def _outcome(sandbox: SandboxClient, channel: str) -> Message | None:
    """Return the message that reports how the run ended: its first block has an outcome's id."""
    for message in sandbox.messages(REQUESTER, channel):
        blocks = message.get("blocks") or [{}]
        if str(blocks[0].get("block_id", "")).startswith("outcome."):
            return message
    return None
