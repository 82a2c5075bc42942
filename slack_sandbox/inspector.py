"""The raw traffic between Slack and the app, for its page: what was sent and answered, and how long that took.

Memory is bounded, and secrets are masked before anything is kept.
"""

import asyncio
import json
import re
from collections import deque
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from slack_sandbox.values import Json

Kind = Literal["command", "interaction", "event", "web_api", "response_url"]

KEPT_EXCHANGES = 1_000
LONGEST_BODY = 40_000
"""Characters of a request or an answer. A longer one is kept as the beginning of its JSON."""
MASK = "•••"
TOKEN = re.compile(r"\bx(?:ox[a-z]|app)-[\w-]+")
RESPONSE_URL = re.compile(r"(/response/)[\w-]+")
SECRET_KEYS = frozenset({"token", "client_secret", "signing_secret"})


@dataclass(frozen=True)
class Exchange:
    """One request with its answer. `outcome`: `acknowledged`, `ok`, or Slack's name for the failure."""

    at: datetime
    kind: Kind
    title: str
    outcome: str
    failed: bool
    seconds: float
    request: Any
    answer: Any = None
    detail: str = ""
    over: str = "http"
    status: int | None = None


class Inspector:
    """The newest exchanges, numbered from 1. `secrets`: what is masked wherever it occurs."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self.last = 0
        self._closed = False
        self._secrets = tuple(secret for secret in secrets if secret)
        self._kept: deque[tuple[int, Json]] = deque(maxlen=KEPT_EXCHANGES)
        self._changed = asyncio.Event()

    def add(self, exchange: Exchange) -> None:
        self.last += 1
        shown = asdict(exchange) | {"n": self.last, "at": exchange.at.isoformat()}
        shown["request"] = bounded(self._masked(exchange.request))
        shown["answer"] = bounded(self._masked(exchange.answer))
        shown["title"], shown["detail"] = self._masked(exchange.title), self._masked(exchange.detail)
        self._kept.append((self.last, shown))
        self._wake()

    def close(self) -> None:
        """Nobody waits any longer: the server is about to stop."""
        self._closed = True
        self._wake()

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def after(self, n: int) -> list[Json]:
        return [shown for number, shown in self._kept if number > n]

    async def wait_for_more(self, n: int, seconds: float) -> list[Json]:
        """What came after number `n`: at once if there is something, otherwise as soon as there is, or nothing."""
        if self.last <= n and not self._closed:
            try:
                await asyncio.wait_for(self._changed.wait(), seconds)
            except TimeoutError:
                return []
        return self.after(n)

    def clear(self) -> None:
        self._kept.clear()

    def _masked(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._masked_text(value)
        if isinstance(value, dict):
            return {
                key: MASK if key in SECRET_KEYS and inner else self._masked(inner)
                for key, inner in value.items()
            }
        if isinstance(value, (list, tuple)):
            return [self._masked(inner) for inner in value]
        return value

    def _masked_text(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        return RESPONSE_URL.sub(rf"\1{MASK}", TOKEN.sub(MASK, text))


def bounded(value: Any) -> Any:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return value if len(text) <= LONGEST_BODY else f"{text[:LONGEST_BODY]}… ({len(text):,} characters)"


def title_of(payload: Json) -> tuple[Kind, str]:
    """Return what was sent to the app, in a few words: `/runbook list`, `block_actions run.cancel`, `app_mention`."""
    if "command" in payload:
        return "command", f"{payload['command']} {payload.get('text', '')}".strip()
    if "event" in payload:
        event = payload["event"]
        return "event", ".".join(filter(None, (event["type"], event.get("subtype"))))
    actions: list[Json] = payload.get("actions") or [{}]
    view: Json = payload.get("view") or {}
    names = (actions[0].get("action_id"), payload.get("callback_id"), view.get("callback_id"))
    return "interaction", f"{payload.get('type', '')} {next(filter(None, names), '')}".strip()
