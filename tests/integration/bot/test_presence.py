"""A command in a channel that the app cannot post to says so, and how to invite it; then everything appears."""

import pytest

from bot.presence import WARNING, Presence
from core.tables import Incident
from slack_sandbox.serving import RunningSandbox
from tests.integration.bot.desk import CHANNEL, WORKSPACE, Desk

HERE = {"channel_id": CHANNEL, "channel_name": "privategroup"}
INFO, POST = "conversations.info", "chat.postMessage"


@pytest.fixture
def presence(desk: Desk, slack: RunningSandbox) -> Presence:
    return Presence(desk.service, WORKSPACE.app.bot_token, slack.api_url)


def test_where_the_app_is_not_it_says_so_and_where_it_was_invited_what_was_refused_appears(
    desk: Desk, incident: Incident, presence: Presence
) -> None:
    desk.settle()
    desk.people.play({"method": POST, "kind": "error", "error": "channel_not_found", "times": 20})
    desk.run(incident, "check")
    desk.settle()
    assert desk.kinds() == ["incident"]
    desk.people.play({"method": INFO, "kind": "error", "error": "channel_not_found"})
    assert presence.warning(HERE) == WARNING
    assert desk.owed() == 0

    desk.people.play()
    assert presence.warning(HERE) is None
    desk.settle()
    assert "succeeded" in desk.the("headline")["text"]
    assert presence.warning(HERE) is None
    assert len(desk.people.calls(INFO)) == 2, "it is not asked again"
    assert incident


@pytest.mark.parametrize("code", ["missing_scope", "internal_error", "ratelimited"])
def test_where_slack_does_not_say_nothing_is_said(desk: Desk, presence: Presence, code: str) -> None:
    desk.people.play({"method": INFO, "kind": "error", "error": code})
    assert presence.warning(HERE) is None


def test_public_channels_are_not_asked_about(desk: Desk, presence: Presence) -> None:
    assert presence.warning({"channel_id": CHANNEL, "channel_name": "ops"}) is None
    assert presence.warning({"channel_id": CHANNEL}) is None
    assert desk.people.calls(INFO) == []
