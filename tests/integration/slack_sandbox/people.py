"""The people's side of a sandbox, as a test uses it."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import httpx2

from slack_sandbox.certificates import trusted
from slack_sandbox.values import Json

ALICE, BOB = "U0ALICE", "U0BOB"
GENERAL = "C0GENERAL"
PATIENCE_SECONDS = 10.0


class People:
    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx2.Client(
            base_url=f"{url}/sandbox/api", trust_env=False, timeout=20, verify=trusted()
        )

    def close(self) -> None:
        self._http.close()

    def do(self, path: str, **body: Any) -> Json:
        """POST, and give the answer back whatever it is."""
        answer: Json = self._http.post(path, json=body).json()
        return answer

    def look(self, path: str, **query: Any) -> Json:
        answer: Json = self._http.get(path, params=query).json()
        return answer

    def text(self, path: str, **query: Any) -> str:
        return self._http.get(path, params=query).text

    def sandbox_now(self) -> float:
        """The time of the sandbox, in seconds since 1970."""
        return datetime.fromisoformat(self.look("/clock")["now"]).timestamp()

    def say(self, text: str, user: str = ALICE, channel: str = GENERAL, **more: Any) -> Json:
        return self.do("/messages", user=user, channel=channel, text=text, **more)

    def click(self, message: Json, action_id: str, user: str = ALICE, channel: str = GENERAL) -> Json:
        """Press the element of this name in a message."""
        action = element_named(message["blocks"], action_id)
        return self.do("/actions", user=user, channel=channel, message_ts=message["ts"], action=action)

    def state(self, user: str = ALICE) -> Json:
        return self.look("/state", user=user)

    def messages(self, channel: str = GENERAL, user: str = ALICE) -> list[Json]:
        found: list[Json] = self.state(user)["messages"][channel]
        return found

    def ephemerals(self, user: str = ALICE, channel: str = GENERAL) -> list[Json]:
        found: list[Json] = self.state(user)["ephemerals"][channel]
        return found

    def views(self, user: str = ALICE) -> list[Json]:
        found: list[Json] = self.state(user)["views"]
        return found

    def calls(self, method: str) -> list[Json]:
        return [call for call in self.look("/log")["calls"] if call["method"] == method]

    def deliveries(self) -> list[Json]:
        found: list[Json] = self.look("/log")["deliveries"]
        return found

    def play(self, *faults: Json) -> None:
        answer = self.do("/faults", faults=list(faults))
        assert answer["ok"], answer


def element_named(blocks: list[Json], action_id: str) -> Json:
    for block in blocks:
        for element in [*block.get("elements", []), block.get("accessory", {}), block.get("element", {})]:
            if element.get("action_id") == action_id:
                return {"block_id": block["block_id"], "action_id": action_id, "type": element["type"]}
    raise AssertionError(f"no element {action_id} in {blocks}")


def eventually(what: Callable[[], bool]) -> None:
    """Wait until it is so, for a while."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not what():
        assert time.monotonic() < deadline, "it did not come to that in time"
        time.sleep(0.02)
