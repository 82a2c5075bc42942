"""A command in a channel that the app cannot post to says so, and how to invite it; then everything appears."""

import pytest

from bot.presence import WARNING, Presence
from core.tables import Incident
from slack_sandbox.serving import RunningSandbox
from tests.integration.bot.world import CHANNEL, WORKSPACE, BotWorld

HERE = {"channel_id": CHANNEL, "channel_name": "privategroup"}
INFO, POST = "conversations.info", "chat.postMessage"


@pytest.fixture
def presence(world: BotWorld, slack: RunningSandbox) -> Presence:
    return Presence(world.unit_of_work, WORKSPACE.app.bot_token, slack.api_url)


def test_where_the_app_is_not_it_says_so_and_where_it_was_invited_what_was_refused_appears(
    world: BotWorld, incident: Incident, presence: Presence
) -> None:
    world.settle()
    world.people.play({"method": POST, "kind": "error", "error": "channel_not_found", "times": 20})
    world.run(incident, "check")
    world.settle()
    assert world.kinds() == ["incident"]
    world.people.play({"method": INFO, "kind": "error", "error": "channel_not_found"})
    assert presence.warning(HERE) == WARNING
    assert world.owed() == 0

    world.people.play()
    assert presence.warning(HERE) is None
    world.settle()
    assert "succeeded" in world.the("headline")["text"]
    assert presence.warning(HERE) is None
    assert len(world.people.calls(INFO)) == 2, "it is not asked again"
    assert incident


@pytest.mark.parametrize("code", ["missing_scope", "internal_error", "ratelimited"])
def test_where_slack_does_not_say_nothing_is_said(world: BotWorld, presence: Presence, code: str) -> None:
    world.people.play({"method": INFO, "kind": "error", "error": code})
    assert presence.warning(HERE) is None


def test_public_channels_are_not_asked_about(world: BotWorld, presence: Presence) -> None:
    assert presence.warning({"channel_id": CHANNEL, "channel_name": "ops"}) is None
    assert presence.warning({"channel_id": CHANNEL}) is None
    assert world.people.calls(INFO) == []
