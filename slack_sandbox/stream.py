"""Server-sent events, and connections that can be cut.

Events are numbered, filtered by who may see them, and stored for clients that reconnect. To cut a connection with a
TCP reset, which ASGI cannot do, the server's protocol class remembers the transport of each client address.
"""

import asyncio
import socket
import struct
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import takewhile

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from uvicorn.protocols.http.h11_impl import H11Protocol

from slack_sandbox.values import Json
from slack_sandbox.workspace.models import Audience

NO_LINGER = struct.pack("ii", 1, 0)
"""With SO_LINGER on and a time of 0, close() sends RST instead of FIN: see socket(7)."""


class CuttableProtocol(H11Protocol):
    """uvicorn's own protocol, which lets a request find its connection in ``app_state``."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn does
        super().connection_made(transport)
        self.app_state.setdefault("transports", {})[self.client] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self.app_state.get("transports", {}).pop(self.client, None)
        super().connection_lost(exc)


async def cut(request: Request) -> Response:
    """Reset the caller's connection. What is returned is never sent.

    Under a server that does not remember its transports, raises ConnectionResetError instead.
    """
    client = (request.client.host, request.client.port) if request.client else None
    transport = getattr(request.state, "transports", {}).get(client)
    if transport is None:
        raise ConnectionResetError("This server cannot cut connections: run it with slack_sandbox.serving.")
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
    transport.abort()
    while not await request.is_disconnected():
        await asyncio.sleep(0)
    return PlainTextResponse("never sent")


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
