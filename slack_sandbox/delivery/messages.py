"""What is delivered, and what came of it. The same for HTTP and Socket Mode."""

from dataclasses import dataclass
from typing import Literal, Protocol

from slack_sandbox.json_types import Json

DeliveryKind = Literal["slash_commands", "interactive", "events_api"]
"""The names Socket Mode uses: https://docs.slack.dev/apis/events-api/using-socket-mode"""

Outcome = Literal["acknowledged", "operation_timeout", "dispatch_failed"]


@dataclass(frozen=True)
class Delivery:
    kind: DeliveryKind
    payload: Json
    retry: int = 0
    retry_reason: str = ""

    @property
    def accepts_response(self) -> bool:
        return self.kind != "events_api"


@dataclass(frozen=True)
class Acknowledgement:
    """``answer`` is what the app said along with it: a JSON object, or plain text, or nothing.

    ``reason`` is Slack's word for a failure, as in ``X-Slack-Retry-Reason``; ``detail`` says it to a person.
    """

    outcome: Outcome
    answer: Json | str | None = None
    reason: str = ""
    detail: str = ""
    may_retry: bool = True

    @property
    def accepted(self) -> bool:
        return self.outcome == "acknowledged"

    @property
    def answer_object(self) -> Json:
        return self.answer if isinstance(self.answer, dict) else {}


class Carrier(Protocol):
    """One way to reach the app."""

    async def deliver(self, delivery: Delivery) -> Acknowledgement:
        """Bring it to the app and wait for its acknowledgement, 3 seconds at most. Never raises."""
