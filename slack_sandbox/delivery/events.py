"""The Events API: sends the workspace's events to the app, and again if it does not acknowledge.

https://docs.slack.dev/apis/events-api
"""

import asyncio
from collections.abc import Coroutine
from datetime import datetime
from typing import Any

from slack_sandbox.config import AppConfig, TeamConfig
from slack_sandbox.delivery.call_log import Delivery
from slack_sandbox.delivery.courier import Courier
from slack_sandbox.values import Json, new_id

CHANNEL_KINDS = {"channel": "message.channels", "group": "message.groups", "im": "message.im"}


def subscription_of(event: Json) -> str:
    """The name under which an app subscribes to this event, such as ``message.channels``."""
    if event["type"] == "message":
        return CHANNEL_KINDS[event["channel_type"]]
    return str(event["type"])


def event_callback(team: TeamConfig, app: AppConfig, event: Json, now: datetime) -> Json:
    """https://docs.slack.dev/apis/events-api#event-type-structure"""
    authorization = {"enterprise_id": None, "team_id": team.id, "user_id": app.bot_user_id, "is_bot": True}
    return {
        "token": "sandbox-verification-token",
        "team_id": team.id,
        "api_app_id": app.id,
        "event": event,
        "type": "event_callback",
        "event_id": new_id("Ev"),
        "event_time": int(now.timestamp()),
        "authorizations": [{**authorization, "is_enterprise_install": False}],
        "is_ext_shared_channel": False,
    }


HELD_AT_MOST_SECONDS = 5.0


class EventDispatcher:
    """Sends events in the background. ``retry_delays`` are the seconds before each further attempt."""

    def __init__(self, courier: Courier, retry_delays: tuple[float, ...]) -> None:
        self._courier = courier
        self._retry_delays = retry_delays
        self._held: list[Json] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def send(self, payload: Json) -> None:
        if self._courier.disturbances.holds_back():
            self._held.append(payload)
            self.in_background(self._release_later())
            return
        held, self._held = self._held, []
        self.in_background(self._send_in_turn([payload, *held]))

    async def _release_later(self) -> None:
        """No event follows: what is held back goes out all the same."""
        await asyncio.sleep(HELD_AT_MOST_SECONDS)
        held, self._held = self._held, []
        await self._send_in_turn(held)

    async def _send_in_turn(self, payloads: list[Json]) -> None:
        for payload in payloads:
            await self._send_until_acknowledged(payload)

    def in_background(self, work: Coroutine[Any, Any, None]) -> None:
        # The set keeps the task alive: asyncio itself holds only a weak reference.
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def close(self) -> None:
        for task in self._tasks:
            task.cancel()

    async def _send_until_acknowledged(self, payload: Json) -> None:
        acknowledgement = await self._courier.deliver(Delivery("events_api", payload))
        for number, delay in enumerate(self._retry_delays, start=1):
            if acknowledgement.accepted or not acknowledgement.may_retry:
                return
            await asyncio.sleep(delay)
            again = Delivery("events_api", payload, retry=number, retry_reason=acknowledgement.reason)
            acknowledgement = await self._courier.deliver(again)
