"""What the inspector keeps: bounded, and without secrets."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from slack_sandbox.inspector import KEPT_EXCHANGES, LONGEST_BODY, MASK, Exchange, Inspector, title_of

NOW = datetime(2026, 3, 1, 3, 12, tzinfo=UTC)


def exchange(**changes: Any) -> Exchange:
    values: dict[str, Any] = {
        "at": NOW,
        "kind": "web_api",
        "title": "auth.test",
        "outcome": "ok",
        "failed": False,
        "seconds": 0.0,
        "request": {},
    }
    return Exchange(**values | changes)


def test_secrets_are_masked_wherever_they_stand() -> None:
    inspector = Inspector(["signing-secret", "odd bot token"])
    request = {
        "token": "sandbox-verification-token",
        "text": "is it xoxb-123-abc, xapp-1-A or odd bot token?",
        "deep": [{"signing_secret": "x", "said": "signing-secret"}],
        "response_url": "http://127.0.0.1:3100/response/abc-DEF_1",
    }
    inspector.add(exchange(request=request, answer="xoxb-9", title="xoxb-9", detail="signing-secret"))
    [kept] = inspector.after(0)
    assert kept["request"] == {
        "token": MASK,
        "text": f"is it {MASK}, {MASK} or {MASK}?",
        "deep": [{"signing_secret": MASK, "said": MASK}],
        "response_url": f"http://127.0.0.1:3100/response/{MASK}",
    }
    assert (kept["answer"], kept["title"], kept["detail"]) == (MASK, MASK, MASK)


def test_memory_is_bounded() -> None:
    inspector = Inspector([])
    for _ in range(KEPT_EXCHANGES + 5):
        inspector.add(exchange())
    assert [kept["n"] for kept in inspector.after(0)][:1] == [6]
    inspector.add(exchange(request={"text": "x" * 10 * LONGEST_BODY}))
    [kept] = inspector.after(KEPT_EXCHANGES + 5)
    assert len(kept["request"]) < LONGEST_BODY + 50
    assert kept["request"].endswith("characters)")
    inspector.clear()
    assert inspector.after(0) == []
    assert inspector.last == KEPT_EXCHANGES + 6


def test_who_waits_is_told_at_once() -> None:
    async def wait() -> list[Any]:
        inspector = Inspector([])
        waiting = asyncio.create_task(inspector.wait_for_more(0, 10))
        await asyncio.sleep(0)
        inspector.add(exchange())
        return [
            *await waiting,
            *await inspector.wait_for_more(0, 10),
            *await inspector.wait_for_more(1, 0.001),
        ]

    assert [kept["n"] for kept in asyncio.run(wait())] == [1, 1]


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ({"command": "/runbook", "text": "list"}, ("command", "/runbook list")),
        ({"event": {"type": "message", "subtype": "message_changed"}}, ("event", "message.message_changed")),
        (
            {"type": "block_actions", "actions": [{"action_id": "run.cancel"}]},
            ("interaction", "block_actions run.cancel"),
        ),
        (
            {"type": "view_submission", "view": {"callback_id": "run.form"}},
            ("interaction", "view_submission run.form"),
        ),
        ({"type": "shortcut", "callback_id": "note"}, ("interaction", "shortcut note")),
        ({"type": "url_verification"}, ("interaction", "url_verification")),
    ],
)
def test_what_was_sent_in_a_few_words(payload: dict[str, Any], said: tuple[str, str]) -> None:
    assert title_of(payload) == said
