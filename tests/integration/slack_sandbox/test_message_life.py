"""What people do with messages that are there, and the events that an app hears of it."""

from collections.abc import Iterator
from typing import Any

import pytest
from slack_sdk import WebClient

from slack_sandbox.config import AppConfig, WorkspaceConfig
from slack_sandbox.serving import RunningSandbox
from slack_sandbox.values import Json
from tests.integration.slack_sandbox.apps import a_bolt_app, bolt_over_http
from tests.integration.slack_sandbox.people import ALICE, BOB, GENERAL, People, eventually

EVENTS = ("message.channels", "reaction_added", "reaction_removed")


@pytest.fixture
def config() -> WorkspaceConfig:
    own = {"shipit": "https://example.com/squirrel.png", "ship": "alias:shipit"}
    return WorkspaceConfig(app=AppConfig(events=EVENTS), emoji=own, enforce_rate_limits=False)


@pytest.fixture
def heard(slack: RunningSandbox, people: People) -> Iterator[list[Json]]:
    events: list[Json] = []
    app = a_bolt_app(slack)

    def hear(event: dict[str, Any]) -> None:
        events.append(event)

    for kind in ("message", "reaction_added", "reaction_removed"):
        app.event(kind)(hear)
    app.event({"type": "message", "subtype": "message_changed"})(hear)
    with bolt_over_http(app) as url:
        people.do("/app", request_url=url)
        yield events


def one(heard: list[Json], kind: str) -> Json:
    def found() -> list[Json]:
        return [event for event in heard if kind in (event["type"], event.get("subtype"))]

    eventually(lambda: len(found()) == 1)
    return found()[0]


def on(ts: str, user: str = ALICE, **more: Any) -> Json:
    return {"user": user, "channel": GENERAL, "ts": ts, **more}


def test_an_edit_tells_what_it_was_before(people: People, heard: list[Json]) -> None:
    ts = people.say("orders-db is slow")["ts"]
    assert people.do("/messages/edit", **on(ts, text="orders-db is down")) == {"ok": True}
    event = one(heard, "message_changed")
    assert event["message"]["text"] == "orders-db is down"
    assert event["message"]["edited"]["user"] == ALICE
    assert event["previous_message"]["text"] == "orders-db is slow"
    assert people.messages()[0]["edited"]


def test_a_deletion_tells_what_is_gone(people: People, heard: list[Json]) -> None:
    ts = people.say("never mind")["ts"]
    assert people.do("/messages/delete", **on(ts)) == {"ok": True}
    event = one(heard, "message_deleted")
    assert (event["deleted_ts"], event["previous_message"]["text"]) == (ts, "never mind")
    assert people.messages() == []


def test_nobody_changes_what_somebody_else_wrote(people: People, client: WebClient) -> None:
    mine = people.say("mine")["ts"]
    apps = client.chat_postMessage(channel=GENERAL, text="the app's")["ts"]
    for ts in (mine, apps):
        assert people.do("/messages/edit", **on(ts, BOB, text="x"))["error"] == "cant_update_message"
        assert people.do("/messages/delete", **on(ts, BOB))["error"] == "cant_delete_message"


def test_a_reaction_is_heard_and_taken_back(people: People, client: WebClient, heard: list[Json]) -> None:
    ts = client.chat_postMessage(channel=GENERAL, text="The card")["ts"]
    people.do("/messages/react", **on(ts, name="eyes"))
    event = one(heard, "reaction_added")
    assert (event["reaction"], event["user"], event["item"]["ts"]) == ("eyes", ALICE, ts)
    assert people.do("/messages/react", **on(ts, name="eyes"))["error"] == "already_reacted"
    people.do("/messages/react", **on(ts, name="eyes", remove=True))
    assert one(heard, "reaction_removed")["item_user"] == "U0RUNBOOK"
    assert "reactions" not in people.messages()[0]
    assert client.emoji_list()["emoji"]["ship"] == "alias:shipit"


def test_what_was_read_lasts_and_only_moves_on(people: People) -> None:
    first, second = people.say("one")["ts"], people.say("two")["ts"]
    people.do("/messages/read", **on(second))
    people.do("/messages/read", **on(first))
    assert people.state()["read"] == {GENERAL: second}
    assert people.state(BOB)["read"] == {}
