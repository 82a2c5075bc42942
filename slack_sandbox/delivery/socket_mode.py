"""Deliveries over WebSockets that the app opened. https://docs.slack.dev/apis/events-api/using-socket-mode"""

import asyncio
import itertools
import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from uuid import uuid4

from starlette.websockets import WebSocket, WebSocketDisconnect

from slack_sandbox.delivery.call_log import Acknowledgement, Delivery
from slack_sandbox.values import Json, new_secret

MAX_CONNECTIONS = 10
"""https://docs.slack.dev/apis/events-api/using-socket-mode#connections"""
APPROXIMATE_CONNECTION_TIME = 18_060
"""Seconds, as Slack says in ``hello``. The sandbox only disconnects on request."""
POLICY_VIOLATION = 1008


class SocketModeCarrier:
    """The app's open connections. Each delivery goes to one of them, in turn."""

    def __init__(self, app_id: str, within: float) -> None:
        self._app_id = app_id
        self._within = within
        self._tickets: set[str] = set()
        self._connections: list[WebSocket] = []
        self._turn: Iterator[int] = itertools.count()
        self._waiting: dict[str, asyncio.Future[Any]] = {}

    @property
    def connected(self) -> int:
        return len(self._connections)

    def issue_ticket(self) -> str:
        """A ticket opens one connection."""
        ticket = new_secret()
        self._tickets.add(ticket)
        return ticket

    async def serve(self, websocket: WebSocket) -> None:
        """Hold one connection of the app until either side ends it."""
        ticket = websocket.query_params.get("ticket", "")
        if ticket not in self._tickets:
            await websocket.close(POLICY_VIOLATION, "unknown or used ticket")
            return
        self._tickets.remove(ticket)
        await websocket.accept()
        if self.connected >= MAX_CONNECTIONS:
            await websocket.send_json(disconnect_message("too_many_websockets"))
            await websocket.close()
            return
        self._connections.append(websocket)
        try:
            await websocket.send_json(hello_message(self._app_id, self.connected))
            await self._listen(websocket)
        finally:
            self._forget(websocket)

    async def deliver(self, delivery: Delivery) -> Acknowledgement:
        if not self._connections:
            detail = "The app has no Socket Mode connection open."
            return Acknowledgement("dispatch_failed", reason="connection_failed", detail=detail)
        websocket = self._connections[next(self._turn) % self.connected]
        message = envelope(delivery)
        answered = asyncio.get_running_loop().create_future()
        self._waiting[message["envelope_id"]] = answered
        try:
            return await self._exchange(websocket, message, answered)
        finally:
            del self._waiting[message["envelope_id"]]

    async def disconnect(self, reason: str) -> int:
        """Announce the end of every connection; ``warning`` only warns. Returns how many were told."""
        told = list(self._connections)
        for websocket in told:
            if reason != "warning":
                self._forget(websocket)
            with suppress(WebSocketDisconnect, RuntimeError):
                await websocket.send_json(disconnect_message(reason))
                if reason != "warning":
                    await websocket.close()
        return len(told)

    async def _exchange(
        self, websocket: WebSocket, message: Json, answered: asyncio.Future[Any]
    ) -> Acknowledgement:
        try:
            async with asyncio.timeout(self._within):
                await websocket.send_json(message)
                return Acknowledgement("acknowledged", answer=await answered)
        except TimeoutError:
            detail = f"The app did not acknowledge the envelope within {self._within:g} seconds."
            return Acknowledgement("operation_timeout", reason="timeout", detail=detail)
        except (WebSocketDisconnect, RuntimeError) as error:
            self._forget(websocket)
            detail = f"The Socket Mode connection broke: {error}"
            return Acknowledgement("dispatch_failed", reason="connection_failed", detail=detail)

    async def _listen(self, websocket: WebSocket) -> None:
        try:
            while True:
                self._acknowledged(await websocket.receive_text())
        except (WebSocketDisconnect, RuntimeError, KeyError):
            return

    def _acknowledged(self, text: str) -> None:
        try:
            message = json.loads(text)
        except ValueError:
            return
        if not isinstance(message, dict):
            return
        answered = self._waiting.get(str(message.get("envelope_id")))
        if answered and not answered.done():
            answered.set_result(message.get("payload") or None)

    def _forget(self, websocket: WebSocket) -> None:
        if websocket in self._connections:
            self._connections.remove(websocket)


def envelope(delivery: Delivery) -> Json:
    wrapped: Json = {
        "envelope_id": str(uuid4()),
        "type": delivery.kind,
        "payload": delivery.payload,
        "accepts_response_payload": delivery.accepts_response,
    }
    if delivery.kind == "events_api":
        wrapped |= {"retry_attempt": delivery.retry, "retry_reason": delivery.retry_reason}
    return wrapped


def hello_message(app_id: str, connections: int) -> Json:
    return {
        "type": "hello",
        "num_connections": connections,
        "connection_info": {"app_id": app_id},
        "debug_info": {
            "host": "slack-sandbox",
            "approximate_connection_time": APPROXIMATE_CONNECTION_TIME,
        },
    }


def disconnect_message(reason: str) -> Json:
    return {"type": "disconnect", "reason": reason, "debug_info": {"host": "slack-sandbox"}}
