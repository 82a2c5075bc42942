"""Slack misbehaves: rate limits, server errors, timeouts, answers lost after the call took effect, failing lookups."""

import time
from random import Random
from typing import Any

from chaos.strikes.scene import Scene, Strike

SECONDS = 3.0
UNREADABLE = (
    "slack-unreadable"  # like a private channel without groups:history, where messages cannot be looked up
)
POST, ANY = "chat.postMessage", "*"


def _strike(name: str, *faults: dict[str, Any]) -> Strike:
    def play(scene: Scene, chance: Random) -> None:
        scene.driver.ask_extra(chance.choice(("mixed", "gated")))
        with scene.struck(name):
            scene.environment.slack.play(faults)
            time.sleep(SECONDS)

    return Strike(name, play)


STRIKES = (
    _strike("slack-429", {"method": ANY, "kind": "ratelimited", "times": 6, "retry_after": 2}),
    _strike("slack-5xx", {"method": ANY, "kind": "status", "status": 503, "times": 6}),
    _strike("slack-timeout", {"method": POST, "kind": "timeout", "times": 2, "seconds": 12}),
    _strike("slack-reset-after", {"method": ANY, "kind": "reset_after_accept", "times": 6}),
    _strike(
        UNREADABLE,
        {"method": "conversations.history", "kind": "error", "error": "missing_scope", "times": 1_000},
        {"method": "conversations.replies", "kind": "error", "error": "missing_scope", "times": 1_000},
        {"method": POST, "kind": "status", "status": 503, "times": 3},
    ),
    _strike("slack-reset-before", {"method": ANY, "kind": "reset_before_accept", "times": 4}),
)
