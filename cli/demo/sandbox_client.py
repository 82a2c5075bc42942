"""A client that acts as people in the Slack sandbox, through the API that its page uses."""

from types import TracebackType
from typing import Any, Self

import httpx2

from core.errors import Unavailable

Message = dict[str, Any]


class SandboxClient:
    """A client of the sandbox at `url`, used as a context manager."""

    def __init__(self, url: str) -> None:
        self._client = httpx2.Client(base_url=url, timeout=15)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def say(self, user: str, channel: str, text: str) -> None:
        """Post a message or a slash command. Raises Unavailable with Slack's error code if it is refused."""
        self._post("/sandbox/api/messages", {"user": user, "channel": channel, "text": text})

    def press(self, user: str, channel: str, message: Message, action_id: str) -> None:
        """Press the message's button with this `action_id`. Raises Unavailable if Slack refuses it."""
        elements = [element for block in message["blocks"] for element in block.get("elements", [])]
        button = next(element for element in elements if element.get("action_id") == action_id)
        block = next(block for block in message["blocks"] if button in block.get("elements", []))
        action = {name: button.get(name) for name in ("action_id", "type", "value")}
        self._post(
            "/sandbox/api/actions",
            {
                "user": user,
                "channel": channel,
                "message_ts": message["ts"],
                "action": {**action, "block_id": block["block_id"]},
            },
        )

    def channels(self, user: str) -> dict[str, str]:
        """Return the ids of the user's channels by name."""
        return {channel["name"]: channel["id"] for channel in self._state(user)["channels"]}

    def messages(self, user: str, channel: str) -> list[Message]:
        """Return a channel's messages and thread replies, oldest first."""
        found: list[Message] = self._state(user)["messages"].get(channel, [])
        return sorted(found, key=lambda message: float(message["ts"]))

    def ephemerals(self, user: str, channel: str) -> list[Message]:
        """Return the messages that only this user sees."""
        found: list[Message] = self._state(user)["ephemerals"].get(channel, [])
        return found

    def _state(self, user: str) -> dict[str, Any]:
        answer: dict[str, Any] = self._client.get("/sandbox/api/state", params={"user": user}).json()
        return answer

    def _post(self, path: str, body: dict[str, Any]) -> None:
        answer = self._client.post(path, json=body).json()
        if not answer.get("ok"):
            raise Unavailable(f"Slack refused: {answer.get('error')}.", hint=str(answer.get("message", "")))
