"""The App Home: entering it, publishing a Home tab, and what is done in it."""

from collections.abc import Iterator
from typing import Any

import pytest
from slack_bolt import App
from slack_sdk.errors import SlackApiError

from slack_sandbox.config import AppConfig, WorkspaceConfig
from slack_sandbox.serving import RunningSandbox
from slack_sandbox.values import Json
from tests.integration.slack_sandbox.apps import a_bolt_app, bolt_over_http
from tests.integration.slack_sandbox.people import ALICE, BOB, People, eventually

EVENTS = ("app_home_opened", "message.im", "app_mention")


@pytest.fixture
def config() -> WorkspaceConfig:
    return WorkspaceConfig(app=AppConfig(events=EVENTS))


@pytest.fixture
def app(slack: RunningSandbox) -> App:
    return a_bolt_app(slack)


@pytest.fixture(autouse=True)
def request_url(app: App, people: People) -> Iterator[None]:
    with bolt_over_http(app) as url:
        people.do("/app", request_url=url)
        yield


def home(text: str = "Nothing runs.", **more: Any) -> Json:
    button = {"type": "button", "action_id": "run", "text": {"type": "plain_text", "text": "Run"}}
    section = {"type": "section", "text": {"type": "mrkdwn", "text": text}}
    actions = {"type": "actions", "block_id": "do", "elements": [button]}
    return {"type": "home", "blocks": [section, actions], **more}


def test_entering_the_home_tells_the_app_which_publishes_a_tab_for_that_person(
    app: App, people: People
) -> None:
    opened: list[Json] = []

    @app.event("app_home_opened")
    def show(event: dict[str, Any], client: Any) -> None:
        opened.append(event)
        client.views_publish(user_id=event["user"], view=home())

    entered = people.do("/app_home", user=ALICE)
    eventually(lambda: people.state()["homes"] != {})
    assert people.state(BOB)["homes"] == {}
    assert (opened[0]["tab"], opened[0]["channel"]) == ("home", entered["channel"]["id"])
    assert "view" not in opened[0]
    people.do("/app_home", user=ALICE)
    eventually(lambda: len(opened) == 2)
    assert opened[1]["view"]["type"] == "home"


def test_a_button_of_the_home_tab_delivers_the_view(app: App, people: People) -> None:
    pressed: list[Json] = []

    @app.action("run")
    def run(ack: Any, body: dict[str, Any], client: Any) -> None:
        ack()
        pressed.append(body)
        client.views_publish(user_id=ALICE, hash=body["view"]["hash"], view=home("Running."))

    view = app.client.views_publish(user_id=ALICE, view=home(private_metadata="kept"))["view"]
    action = {"block_id": "do", "action_id": "run", "type": "button"}
    assert people.do("/actions", user=ALICE, view_id=view["id"], action=action) == {"ok": True}
    [body] = pressed
    assert body["container"] == {"type": "view", "view_id": view["id"]}
    assert body["view"]["private_metadata"] == "kept"
    assert "channel" not in body
    assert people.state()["homes"]["A0RUNBOOK"]["blocks"][0]["text"]["text"] == "Running."
    assert people.do("/actions", user=BOB, view_id=view["id"], action=action)["error"] == "not_found"


def test_a_stale_publication_and_a_modal_in_its_place_are_refused(app: App, people: People) -> None:
    first = app.client.views_publish(user_id=ALICE, view=home())["view"]
    app.client.views_publish(user_id=ALICE, view=home("newer"))
    with pytest.raises(SlackApiError, match="hash_conflict"):
        app.client.views_publish(user_id=ALICE, hash=first["hash"], view=home("older"))
    with pytest.raises(SlackApiError, match="invalid_arguments"):
        app.client.views_publish(user_id=ALICE, view={**home(), "type": "modal"})
    with pytest.raises(SlackApiError, match="invalid additional property: title"):
        app.client.views_publish(user_id=ALICE, view=home(title={"type": "plain_text", "text": "Home"}))
    with pytest.raises(SlackApiError, match="invalid `user_id`"):
        app.client.views_publish(user_id="U0NOBODY", view=home())
    assert people.state()["homes"]["A0RUNBOOK"]["blocks"][0]["text"]["text"] == "newer"


def test_a_direct_message_is_an_event_and_no_mention(app: App, people: People) -> None:
    heard: list[Json] = []

    @app.event("message")
    def hear(event: dict[str, Any]) -> None:
        heard.append(event)

    channel = people.do("/app_home", user=ALICE, tab="messages")["channel"]["id"]
    people.say("help, <@U0RUNBOOK>", channel=channel)
    eventually(lambda: len(heard) == 1)
    assert (heard[0]["channel_type"], heard[0]["text"]) == ("im", "help, <@U0RUNBOOK>")
    kinds = [delivery["delivery"]["payload"]["event"]["type"] for delivery in people.deliveries()]
    assert "app_mention" not in kinds
