"""A client that acts as several people in the Slack sandbox and reads its log."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx2

Json = dict[str, Any]
SECONDS = 30.0


@dataclass(frozen=True)
class Button:
    """A button of a message in a channel."""

    channel: str
    ts: str
    block_id: str
    action_id: str
    value: str

    def pressed(self, user: str) -> Json:
        """Return the request body of a press by this user."""
        action = {
            "block_id": self.block_id,
            "action_id": self.action_id,
            "type": "button",
            "value": self.value,
        }
        return {"user": user, "channel": self.channel, "message_ts": self.ts, "action": action}


def buttons_of(channel: str, message: Mapping[str, Any]) -> dict[str, Button]:
    """Return a message's buttons by action id."""
    return {
        element["action_id"]: Button(
            channel,
            str(message["ts"]),
            str(block["block_id"]),
            element["action_id"],
            str(element.get("value", "")),
        )
        for block in message.get("blocks", [])
        for element in block.get("elements", [])
        if element.get("type") == "button"
    }


class SlackPeople:
    """People in the sandbox at `url`. Methods return the sandbox's answers, which contain `ok`."""

    def __init__(self, url: str) -> None:
        self._url = url
        limits = httpx2.Limits(max_connections=64, max_keepalive_connections=16)
        self._client = httpx2.Client(base_url=url, timeout=SECONDS, limits=limits, trust_env=False)

    def close(self) -> None:
        self._client.close()

    def say(self, user: str, channel: str, text: str) -> Json:
        return self._post("messages", {"user": user, "channel": channel, "text": text})

    def press(self, user: str, button: Button) -> Json:
        return self._post("actions", button.pressed(user))

    def open_form(self, user: str, about: str) -> str | None:
        """Return the id of the form about this that the person sees, or None."""
        state = self._client.get("/sandbox/api/state", params={"user": user}).json()
        found = [str(view["id"]) for view in state["views"] if about in view["private_metadata"]]
        return found[-1] if found else None

    def submit(self, user: str, view: str, texts: Mapping[str, str]) -> Json:
        """Submit a form. `texts`: what is entered, by the id of the field's block."""
        values = {
            block: {"value": {"type": "plain_text_input", "value": text}} for block, text in texts.items()
        }
        return self._post(f"views/{view}/submit", {"user": user, "state": {"values": values}})

    def play(self, faults: Sequence[Json]) -> Json:
        return self._post("faults", {"faults": list(faults)})

    def repeat(self, delivery: int) -> Json:
        return self._post(f"deliveries/{delivery}/repeat", {})

    def log(self) -> Json:
        """Return the sandbox's log of calls, deliveries and messages."""
        answer: Json = self._client.get("/sandbox/api/log").json()
        return answer

    def follow(self, user: str, hear: Callable[[Json], None]) -> None:
        """Call `hear`, in a thread, with every event that this person sees, until the sandbox ends."""
        threading.Thread(target=self._follow, args=(user, hear), name=f"follow-{user}", daemon=True).start()

    def _follow(self, user: str, hear: Callable[[Json], None]) -> None:
        try:
            for event in self._events(user):
                hear(event)
        except httpx2.HTTPError:
            return

    def _events(self, user: str) -> Iterator[Json]:
        with (
            httpx2.Client(base_url=self._url, timeout=None, trust_env=False) as client,
            client.stream("GET", "/sandbox/api/stream", params={"user": user, "after": 0}) as response,
        ):
            for line in response.iter_lines():
                if line.startswith("data: "):
                    yield json.loads(line.removeprefix("data: "))

    def _post(self, path: str, body: Json) -> Json:
        answer: Json = self._client.post(f"/sandbox/api/{path}", json=body).json()
        return answer
