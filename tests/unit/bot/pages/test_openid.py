"""How often Slack is asked for its metadata: /sign-in is open to anybody."""

from typing import Any

import pytest

from bot.pages.access import openid
from bot.pages.access.openid import SlackOpenId
from core.errors import Unavailable

METADATA = {
    "issuer": "https://slack.example",
    "authorization_endpoint": "https://slack.example/openid/connect/authorize",
}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []

    def answer(_client: Any, address: str) -> dict[str, Any]:
        found.append(address)
        return METADATA

    monkeypatch.setattr(openid, "_json", answer)
    return found


def test_slack_is_asked_once_an_hour(asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Red before: each request to /sign-in called Slack."""
    slack = SlackOpenId("client", "secret", "https://slack.example/api/")
    now = 1000.0
    monkeypatch.setattr(openid, "elapsed", lambda: now)
    for number in range(20):
        assert f"state=s{number}" in slack.address(
            "https://runbook.example/back", f"s{number}", "nonce", "T1"
        )
    assert asked == ["https://slack.example/.well-known/openid-configuration"]
    now += openid.FRESH_SECONDS + 1
    slack.address("https://runbook.example/back", "s", "nonce", "T1")
    assert len(asked) == 2


def test_while_slack_is_slow_others_do_not_wait_for_it(
    asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    slack = SlackOpenId("client", "secret", "https://slack.example/api/")
    monkeypatch.setattr(openid, "PATIENCE", 0.01)
    with slack.remembered.lock, pytest.raises(Unavailable):
        slack.address("https://runbook.example/back", "s", "nonce", "T1")
    assert asked == []
