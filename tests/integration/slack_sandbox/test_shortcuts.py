"""Shortcuts: from the menu of a message, also in a thread, and from anywhere."""

from collections.abc import Iterator
from typing import Any

import pytest
from slack_bolt import App

from slack_sandbox.config import AppConfig, ShortcutConfig, WorkspaceConfig
from slack_sandbox.serving import RunningSandbox
from slack_sandbox.values import Json
from tests.integration.slack_sandbox.apps import a_bolt_app, bolt_over_http
from tests.integration.slack_sandbox.people import ALICE, BOB, GENERAL, People
from tests.integration.slack_sandbox.test_modals import modal

SHORTCUTS = (
    ShortcutConfig(callback_id="run_here", name="Run a runbook"),
    ShortcutConfig(callback_id="run_any", name="Run a runbook", type="global"),
)


@pytest.fixture
def config() -> WorkspaceConfig:
    return WorkspaceConfig(app=AppConfig(shortcuts=SHORTCUTS))


@pytest.fixture
def app(slack: RunningSandbox) -> App:
    return a_bolt_app(slack)


@pytest.fixture(autouse=True)
def request_url(app: App, people: People) -> Iterator[None]:
    with bolt_over_http(app) as url:
        people.do("/app", request_url=url)
        yield


def test_a_shortcut_of_a_reply_knows_the_reply_and_its_thread(app: App, people: People) -> None:
    used: list[Json] = []

    @app.shortcut("run_here")
    def run(ack: Any, shortcut: dict[str, Any], client: Any, respond: Any) -> None:
        ack()
        used.append(shortcut)
        client.views_open(trigger_id=shortcut["trigger_id"], view=modal())
        respond("Choose a runbook.")

    parent = people.say("orders-db is down")["ts"]
    reply = people.say("again", thread_ts=parent, user=BOB)["ts"]
    answer = people.do("/shortcuts", user=ALICE, callback_id="run_here", channel=GENERAL, message_ts=reply)
    assert answer == {"ok": True}
    [payload] = used
    assert payload["type"] == "message_action"
    assert payload["channel"] == {"id": GENERAL, "name": "general"}
    assert (payload["message"]["text"], payload["message"]["thread_ts"]) == ("again", parent)
    assert payload["message_ts"] == reply
    assert [view["title"]["text"] for view in people.views()] == ["Run a runbook"]
    [seen] = people.ephemerals()
    assert (seen["text"], seen["thread_ts"]) == ("Choose a runbook.", parent)


def test_a_global_shortcut_knows_no_channel_and_opens_a_view(app: App, people: People) -> None:
    used: list[Json] = []

    @app.shortcut("run_any")
    def run(ack: Any, shortcut: dict[str, Any], client: Any) -> None:
        ack()
        used.append(shortcut)
        client.views_open(trigger_id=shortcut["trigger_id"], view=modal())

    assert people.do("/shortcuts", user=ALICE, callback_id="run_any") == {"ok": True}
    assert used[0]["type"] == "shortcut"
    assert not {"channel", "message", "response_url"} & set(used[0])
    assert len(people.views()) == 1


def test_a_shortcut_is_refused_where_it_does_not_belong(app: App, people: People) -> None:
    ts = people.say("hello")["ts"]
    wrong_kind = people.do("/shortcuts", user=ALICE, callback_id="run_any", channel=GENERAL, message_ts=ts)
    assert wrong_kind["message"] == "The app has no message shortcut 'run_any'."
    only_mine = app.client.chat_postEphemeral(channel=GENERAL, user=ALICE, text="psst")["message_ts"]
    place = {"user": ALICE, "callback_id": "run_here", "channel": GENERAL}
    assert people.do("/shortcuts", message_ts=only_mine, **place)["error"] == "invalid_action"
    assert (
        people.do("/shortcuts", message_ts=only_mine, **place | {"user": BOB})["error"] == "message_not_found"
    )


def test_the_page_is_told_which_shortcuts_there_are(people: People) -> None:
    shown = people.state()["app"]["shortcuts"]
    assert [(each["callback_id"], each["type"]) for each in shown] == [
        ("run_here", "message"),
        ("run_any", "global"),
    ]
