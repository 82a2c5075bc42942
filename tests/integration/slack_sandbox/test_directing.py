"""What only a sandbox can do: disturb deliveries, move the clock, export, begin anew."""

from collections.abc import Iterator
from typing import Any

import pytest
from slack_bolt import App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from slack_sandbox.config import AppConfig, ChannelConfig, WorkspaceConfig
from slack_sandbox.serving import RunningSandbox
from tests.integration.slack_sandbox.apps import a_bolt_app, bolt_over_http
from tests.integration.slack_sandbox.people import ALICE, BOB, GENERAL, People, eventually
from tests.integration.slack_sandbox.test_modals import modal

SECRET = ChannelConfig(id="C0SECRET", name="secret", is_private=True, members=(ALICE, "U0RUNBOOK"))


@pytest.fixture
def config() -> WorkspaceConfig:
    return WorkspaceConfig(
        app=AppConfig(events=("message.channels",)), channels=(*WorkspaceConfig().channels, SECRET)
    )


@pytest.fixture
def app(slack: RunningSandbox, people: People) -> Iterator[App]:
    app = a_bolt_app(slack)
    with bolt_over_http(app) as url:
        people.do("/app", request_url=url)
        yield app


def test_a_command_arrives_twice_and_two_events_change_places(app: App, people: People) -> None:
    commands: list[str] = []
    said: list[str] = []

    @app.command("/runbook")
    def run(ack: Any, command: dict[str, Any]) -> None:
        commands.append(command["trigger_id"])
        ack()

    @app.event("message")
    def hear(event: dict[str, Any]) -> None:
        said.append(event["text"])

    people.do("/disturbances", doubled=1, reordered=1)
    people.say("/runbook run")
    assert len(commands) == 2
    assert len(set(commands)) == 1
    people.say("first")
    people.say("second")
    eventually(lambda: len(said) == 2)
    assert said == ["second", "first"]
    assert people.look("/disturbances") == {"ok": True, "doubled": 0, "reordered": 0}


def test_the_clock_makes_triggers_and_plans_grow_old_at_once(app: App, people: People) -> None:
    triggers: list[str] = []

    @app.command("/runbook")
    def run(ack: Any, command: dict[str, Any]) -> None:
        triggers.append(command["trigger_id"])
        ack()

    people.say("/runbook run")
    now = people.state()["ok"] and people.look("/clock")["now"]
    people.do("/clock", seconds=60)
    assert people.look("/clock")["moved_by"] == 60
    assert people.look("/clock")["now"] > now
    with pytest.raises(SlackApiError, match="expired_trigger_id"):
        app.client.views_open(trigger_id=triggers[0], view=modal())
    due = int(people.sandbox_now()) + 3600
    app.client.chat_scheduleMessage(channel=GENERAL, text="Due", post_at=due)
    people.do("/clock", seconds=3600)
    eventually(lambda: [message["text"] for message in people.messages()] == ["Due"])


def test_a_transcript_says_who_said_what(client: WebClient, people: People) -> None:
    parent = people.say("orders-db is *down*")["ts"]
    people.say("on it", user=BOB, thread_ts=parent)
    people.do("/messages/react", user=BOB, channel=GENERAL, ts=parent, name="eyes")
    text = people.text("/transcript", user=ALICE, channel=GENERAL)
    lines = [line.partition("**")[2] for line in text.splitlines() if "**" in line]
    assert lines == ["Alice Ng**: orders-db is *down*", "Bob Silva**: on it"]
    assert "reactions: :eyes: Bob Silva" in text


def test_nobody_exports_a_channel_that_they_do_not_see(people: People) -> None:
    assert people.look("/transcript", user=BOB, channel="C0SECRET")["error"] == "channel_not_found"


def test_a_reset_brings_back_the_beginning(client: WebClient, people: People) -> None:
    people.say("gone soon")
    people.do("/channels", user=ALICE, name="extra")
    people.play({"kind": "error", "times": 9})
    people.do("/app", revoked="token_revoked")
    assert people.do("/reset") == {"ok": True}
    assert people.messages() == []
    assert [channel["name"] for channel in people.state()["channels"]] == ["general", "incidents", "secret"]
    assert people.look("/faults")["faults"] == []
    assert client.auth_test()["ok"]
