"""The demo's own processes, and what a test does with them: start runs, kill workers, read the channel."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx2

from cli.demo.sandbox_client import Message, SandboxClient
from cli.demo.stage import CHANNEL, REQUESTER, Stage
from core.unit_of_work import UnitOfWorkFactory
from core.views.executions import ExecutionView
from tests.demo_workers import kill_workers
from tests.world import see

PATIENCE = 60.0  # seconds for anything to happen
Found = TypeVar("Found")

# Calls of the demo's target, each of which leaves a line in its log.
DEFINITIONS = """
kind: runbook
name: with-a-pause
steps:
  - {id: before, type: http, method: POST, url: "{{ secrets.DB_API }}/caches/sessions/flush"}
  - {id: pause, type: wait, for: 4s}
  - {id: after, type: http, method: POST, url: "{{ secrets.DB_API }}/caches/catalog/flush"}
---
kind: runbook
name: with-a-restart
steps:
  - {id: before, type: http, method: POST, url: "{{ secrets.DB_API }}/caches/sessions/flush"}
  - {id: restart, type: http, method: POST, url: "{{ secrets.DB_API }}/services/search/restart"}
  - {id: after, type: http, method: POST, url: "{{ secrets.DB_API }}/caches/catalog/flush"}
---
kind: runbook
name: with-a-safe-restart
steps:
  - {id: before, type: http, method: POST, url: "{{ secrets.DB_API }}/caches/sessions/flush"}
  - id: restart
    type: http
    method: POST
    url: "{{ secrets.DB_API }}/services/search/restart"
    retry: {safe: true, attempts: 3, backoff: 1s}
  - {id: after, type: http, method: POST, url: "{{ secrets.DB_API }}/caches/catalog/flush"}
"""
# Asks half way, and calls the target with what was entered, a while later: so that no call is under way until then.
ASKING = """
kind: runbook
name: with-a-question
steps:
  - {id: before, type: http, method: POST, url: "{{ secrets.DB_API }}/caches/sessions/flush"}
  - id: which
    type: input
    message: Which cache is flushed next?
    schema:
      type: object
      required: [cache]
      properties:
        cache: {type: string, pattern: "^(catalog|sessions)$"}
        note: {type: string}
    from: {people: [U0BOB, U0ALICE]}
    expires: 10m
  - {id: pause, type: wait, for: 4s}
  - {id: after, type: http, method: POST, url: "{{ secrets.DB_API }}/caches/{{ steps.which.saved.cache }}/flush"}
"""
BEFORE, RESTART, AFTER = "/caches/sessions/flush", "/services/search/restart", "/caches/catalog/flush"


@dataclass(frozen=True)
class Theatre:
    """`service`: the same database as the processes', to look at."""

    stage: Stage
    sandbox: SandboxClient
    unit_of_work: UnitOfWorkFactory

    def until(self, what: str, look: Callable[[], Found]) -> Found:
        """What `look` finds as soon as it is something. Meanwhile processes that died are started again."""
        deadline = time.monotonic() + PATIENCE
        while not (found := look()):
            assert time.monotonic() < deadline, f"waited {PATIENCE:g} s for {what}, in vain"
            self.stage.supervisor.keep_up()
            time.sleep(0.05)
        return found

    def open_incident(self, title: str) -> str:
        """The new incident's channel, with its card in it: from then on it is known to be the incident's."""
        self.sandbox.say(REQUESTER, CHANNEL, f'/runbook incident open "{title}" severity=low team=database')
        slug = title.lower().replace(" ", "-")
        channel = self.until(
            "the incident's channel",
            lambda: next((id_ for name, id_ in self._channels().items() if name.endswith(slug)), ""),
        )
        self.until("the incident's card", lambda: self.cards(channel, "incident"))
        return channel

    def _channels(self) -> dict[str, str]:
        return self.sandbox.channels(REQUESTER)

    def run(self, channel: str, runbook: str) -> str:
        """The id of the new execution."""
        known = set(self._ids_said(channel))
        self.sandbox.say(REQUESTER, channel, f"/runbook run {runbook}")
        [new] = self.until("the answer", lambda: [id_ for id_ in self._ids_said(channel) if id_ not in known])
        return new

    def _ids_said(self, channel: str) -> list[str]:
        said = " ".join(str(message) for message in self.sandbox.ephemerals(REQUESTER, channel))
        return sorted(set(re.findall(r"rbx_[0-9a-z]{16}", said)))

    def see(self, execution_id: str) -> ExecutionView:
        return see(self.unit_of_work, execution_id)

    def cards(self, channel: str, kind: str) -> list[Message]:
        """The messages whose first block names this kind of card."""
        return [
            message
            for message in self.sandbox.messages(REQUESTER, channel)
            if str((message.get("blocks") or [{}])[0].get("block_id", "")).startswith(f"{kind}.")
        ]

    def outcome(self, channel: str) -> Message:
        return self.until("the outcome", lambda: self.cards(channel, "outcome"))[0]

    def form(self, user: str) -> Message:
        """The form that this person has open; empty if there is none."""
        address = f"{self.stage.sandbox}/sandbox/api/state"
        views: list[Message] = httpx2.get(address, params={"user": user}).json()["views"]
        return views[-1] if views else {}

    def submit(self, user: str, form: Message, **entered: str) -> dict[str, str]:
        """Submit the form with these texts; the errors under its fields."""
        values = {
            f"parameter.{name}": {"value": {"type": "plain_text_input", "value": text}}
            for name, text in entered.items()
        }
        address = f"{self.stage.sandbox}/sandbox/api/views/{form['id']}/submit"
        answer = httpx2.post(address, json={"user": user, "state": {"values": values}}).json()
        assert answer["ok"], answer
        return dict(answer.get("errors") or {})

    def kill_workers(self) -> None:
        kill_workers(self.stage.supervisor)

    def slow_down(self, path: str, seconds: float, times: int = 1) -> None:
        """The target takes its time with the next requests to this path."""
        fault = {"path": path, "delay": seconds, "times": times}
        assert httpx2.post(f"{self.stage.targets}/faults", json=fault).status_code == httpx2.codes.CREATED

    def calls(self, execution_id: str) -> list[tuple[str, str]]:
        """Path and key of what this run asked of the target, in order."""
        calls: list[dict[str, Any]] = httpx2.get(f"{self.stage.targets}/calls").json()["calls"]
        return [
            (call["path"], call["key"]) for call in calls if str(call["key"]).startswith(f"{execution_id}.")
        ]

    def paths(self, execution_id: str) -> list[str]:
        return [path for path, _ in self.calls(execution_id)]

    def play(self, *faults: dict[str, object]) -> None:
        """What Slack does to the app from now on."""
        answer = httpx2.post(f"{self.stage.sandbox}/sandbox/api/faults", json={"faults": faults}).json()
        assert answer["ok"], answer

    def faults_left(self) -> list[dict[str, object]]:
        left: list[dict[str, object]] = httpx2.get(f"{self.stage.sandbox}/sandbox/api/faults").json()[
            "faults"
        ]
        return left
