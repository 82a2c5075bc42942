"""What the people see happen: numbered, filtered by who may see it, and kept for those who reconnect."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import takewhile

from slack_sandbox.json_types import Json
from slack_sandbox.workspace.announcing import Audience

KEPT_EVENTS = 20_000
KEEPALIVE_SECONDS = 15.0


@dataclass(frozen=True)
class StreamEvent:
    seq: int
    kind: str
    data: Json
    audience: Audience

    def is_for(self, user: str) -> bool:
        return self.audience is None or user in self.audience

    def as_seen_by(self, user: str) -> Json:
        """What this user's page receives; a channel says whether they are a member."""
        seen: Json = {"seq": self.seq, "type": self.kind, **self.data}
        if self.kind == "channel":
            seen["channel"] = {**seen["channel"], "is_member": user in seen["channel"]["members"]}
        return seen


class EventStream:
    """Publish from plain code, follow from coroutines, all on the one event loop."""

    def __init__(self) -> None:
        self.seq = 0
        self._events: deque[StreamEvent] = deque(maxlen=KEPT_EVENTS)
        self._changed = asyncio.Event()
        self._closed = False

    def publish(self, kind: str, data: Json, audience: Audience) -> None:
        self.seq += 1
        self._events.append(StreamEvent(self.seq, kind, data, audience))
        self._wake()

    def close(self) -> None:
        """End every ``follow``: the server is about to stop."""
        self._closed = True
        self._wake()

    def since(self, after: int, user: str) -> list[StreamEvent]:
        missed = list(takewhile(lambda event: event.seq > after, reversed(self._events)))
        return [event for event in reversed(missed) if event.is_for(user)]

    async def follow(self, user: str, after: int) -> AsyncIterator[StreamEvent | None]:
        """What this user may see, from ``after`` on, as it happens; None now and then, to keep the line."""
        while True:
            changed, upto = self._changed, self.seq
            for event in self.since(after, user):
                yield event
            after = upto
            if self._closed:
                return
            try:
                await asyncio.wait_for(changed.wait(), KEEPALIVE_SECONDS)
            except TimeoutError:
                yield None

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
