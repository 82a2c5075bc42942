"""Deliveries to the app and their outcomes, over HTTP and Socket Mode, and the log of all calls in both directions."""

from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Literal, Protocol, TypeVar

from slack_sandbox.values import Json

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
    status: int | None = None
    """The HTTP status, if it came over HTTP."""

    @property
    def accepted(self) -> bool:
        return self.outcome == "acknowledged"

    @property
    def answer_object(self) -> Json:
        return self.answer if isinstance(self.answer, dict) else {}


class Carrier(Protocol):
    """One way to reach the app."""

    async def deliver(self, delivery: Delivery) -> Acknowledgement:
        """Deliver it to the app and wait for its acknowledgement, at most 3 seconds. Never raises."""


KEPT_ENTRIES = 20_000

Entry = TypeVar("Entry", bound="Numbered")


@dataclass(frozen=True)
class Numbered:
    n: int
    at: datetime


@dataclass(frozen=True)
class ApiCall(Numbered):
    """One Web API call of the app. ``error`` also names a fault that was played."""

    method: str
    arguments: Json
    ok: bool
    error: str | None
    http_status: int
    ts: str | None


@dataclass(frozen=True)
class DeliveryRecord(Numbered):
    """One delivery to the app, with its outcome, ``acknowledged`` or why not, and the seconds that it took."""

    delivery: Delivery
    over: str
    outcome: str
    detail: str
    seconds: float


class Log(Generic[Entry]):
    """The newest entries, numbered from 1."""

    def __init__(self) -> None:
        self.last = 0
        self._entries: deque[Entry] = deque(maxlen=KEPT_ENTRIES)

    def next_number(self) -> int:
        self.last += 1
        return self.last

    def add(self, entry: Entry) -> None:
        self._entries.append(entry)

    def after(self, n: int) -> list[Entry]:
        return [entry for entry in self._entries if entry.n > n]

    def find(self, n: int) -> Entry | None:
        return next((entry for entry in self._entries if entry.n == n), None)
