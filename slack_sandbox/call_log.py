"""A record of what went over the wire, both ways, for people and tests to look at."""

from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from slack_sandbox.delivery.messages import Delivery
from slack_sandbox.json_types import Json

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
    """One delivery to the app, with what came of it: ``acknowledged`` or why not, after so many seconds."""

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
