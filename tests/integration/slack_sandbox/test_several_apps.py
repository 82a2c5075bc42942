"""Two apps in one workspace: each hears, sees and answers for itself."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk.errors import SlackApiError

from slack_sandbox.config import AppConfig, ChannelConfig, WorkspaceConfig
from slack_sandbox.serving import RunningSandbox
from slack_sandbox.values import Json
from tests.integration.slack_sandbox.apps import a_client, bolt_over_http
from tests.integration.slack_sandbox.people import ALICE, GENERAL, People, eventually
from tests.integration.slack_sandbox.test_home import home
from tests.integration.slack_sandbox.test_modals import modal

EVENTS = ("message.channels", "app_mention", "channel_left", "app_home_opened")
FIRST = AppConfig(events=EVENTS)
SECOND = AppConfig(
    id="A0PAGER",
    name="Pager",
    bot_user_id="U0PAGER",
    bot_id="B0PAGER",
    command="/page",
    bot_token="xoxb-pager",
    app_token="xapp-pager",
    signing_secret="pager-secret",
    request_url=None,
    socket_mode=True,
    events=EVENTS,
)
ALONE = ChannelConfig(id="C0ALONE", name="alone", members=(ALICE, FIRST.bot_user_id))


@pytest.fixture
def config() -> WorkspaceConfig:
    channels = (*WorkspaceConfig().channels, ALONE)
    return WorkspaceConfig(app=FIRST, more_apps=(SECOND,), channels=channels, enforce_rate_limits=False)


@pytest.fixture
def apps(slack: RunningSandbox, people: People) -> Iterator[tuple[App, App]]:
    """The first over HTTP, the second over a socket."""
    first = App(client=a_client(slack), signing_secret=FIRST.signing_secret, process_before_response=True)
    second = App(client=a_client(slack, SECOND.bot_token), signing_secret=SECOND.signing_secret)
    with ExitStack() as stack:
        people.do("/app", request_url=stack.enter_context(bolt_over_http(first)))
        handler = SocketModeHandler(second, SECOND.app_token, web_client=a_client(slack, SECOND.app_token))
        handler.connect()  # type: ignore[no-untyped-call]  # Bolt leaves it untyped
        stack.callback(handler.close)
        eventually(lambda: int(people.do("/app", app_id=SECOND.id)["socket_connections"]) == 1)
        yield first, second


def hears(app: App, *kinds: str) -> list[Json]:
    events: list[Json] = []

    def hear(event: dict[str, Any]) -> None:
        events.append(event)

    for kind in kinds:
        app.event(kind)(hear)
    return events


def test_a_message_goes_to_each_app_that_is_in_the_channel(apps: tuple[App, App], people: People) -> None:
    first, second = (hears(app, "message", "app_mention") for app in apps)
    people.say("to the first alone", channel=ALONE.id)
    people.say(f"hello <@{SECOND.bot_user_id}>")
    eventually(lambda: len(first) == 2 and len(second) == 2)
    assert sorted(event["type"] for event in second) == ["app_mention", "message"]
    assert [event["type"] for event in first] == ["message", "message"]
    assert {event["text"] for event in second} == {f"hello <@{SECOND.bot_user_id}>"}


def test_each_command_button_and_view_reaches_the_app_that_owns_it(
    apps: tuple[App, App], people: People
) -> None:
    first, second = apps
    reached: list[str] = []

    @first.command("/runbook")
    def run(ack: Any) -> None:
        reached.append("/runbook")
        ack()

    @second.command("/page")
    def page(ack: Any, command: dict[str, Any], client: Any) -> None:
        reached.append("/page")
        ack("paging")
        client.views_open(trigger_id=command["trigger_id"], view=modal("Page"))

    @second.view("run")
    def submitted(ack: Any, body: dict[str, Any]) -> None:
        reached.append(body["api_app_id"])
        ack()

    @second.action("go")
    def go(ack: Any, respond: Any) -> None:
        ack()
        respond("went", replace_original=False)

    people.say("/runbook")
    people.say("/page")
    eventually(lambda: len(people.views()) == 1)
    [view] = people.views()
    assert (view["app_id"], view["bot_id"]) == (SECOND.id, SECOND.bot_id)
    with pytest.raises(SlackApiError, match="not_found"):
        first.client.views_update(view_id=view["id"], view=modal())
    state = {"values": {"cluster": {"value": {"type": "plain_text_input", "value": "orders"}}}}
    assert people.do(f"/views/{view['id']}/submit", user=ALICE, state=state) == {"ok": True}
    assert reached == ["/runbook", "/page", SECOND.id]
    button = {"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}}
    blocks = [{"type": "actions", "block_id": "do", "elements": [button]}]
    second.client.chat_postMessage(channel=GENERAL, text="Go?", blocks=blocks)
    message = next(each for each in people.messages() if each.get("blocks"))
    assert message["bot_profile"]["name"] == "Pager"
    assert people.click(message, "go") == {"ok": True}
    eventually(lambda: people.ephemerals()[-1]["text"] == "went")
    assert people.ephemerals()[-1]["bot_id"] == SECOND.bot_id


def test_neither_changes_what_the_other_wrote_or_published(apps: tuple[App, App], people: People) -> None:
    first, second = apps
    ts = first.client.chat_postMessage(channel=GENERAL, text="mine")["ts"]
    with pytest.raises(SlackApiError, match="cant_update_message"):
        second.client.chat_update(channel=GENERAL, ts=ts, text="yours")
    first.client.views_publish(user_id=ALICE, view=home("Runbooks"))
    second.client.views_publish(user_id=ALICE, view=home("Pages"))
    homes = people.state()["homes"]
    shown = {app: view["blocks"][0]["text"]["text"] for app, view in homes.items()}
    assert shown == {FIRST.id: "Runbooks", SECOND.id: "Pages"}
    assert second.client.auth_test()["user_id"] == SECOND.bot_user_id
    with pytest.raises(SlackApiError, match="not_in_channel"):
        second.client.chat_postMessage(channel=ALONE.id, text="x")
    people.do("/app", app_id=SECOND.id, revoked="token_revoked")
    with pytest.raises(SlackApiError, match="token_revoked"):
        second.client.auth_test()
    assert first.client.auth_test()["ok"]


def test_only_the_app_that_was_taken_out_hears_it(apps: tuple[App, App], people: People) -> None:
    first, second = (hears(app, "channel_left", "app_home_opened") for app in apps)
    people.do(f"/channels/{GENERAL}/kick", user=ALICE, target=SECOND.bot_user_id)
    people.do("/app_home", user=ALICE, app_id=SECOND.id)
    eventually(lambda: len(second) == 2)
    assert sorted(event["type"] for event in second) == ["app_home_opened", "channel_left"]
    assert first == []
