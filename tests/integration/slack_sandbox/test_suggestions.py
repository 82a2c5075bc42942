"""Menus whose options the app offers while one types, in a modal and in a message, over HTTP and over a socket."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler

from slack_sandbox.serving import RunningSandbox
from slack_sandbox.values import Json
from tests.integration.slack_sandbox.apps import APP, a_bolt_app, a_client, bolt_over_http
from tests.integration.slack_sandbox.people import ALICE, BOB, GENERAL, People, eventually

NAMES = ["db-failover", "db-restart", "web-rollback"]


def option(name: str) -> Json:
    return {"text": {"type": "plain_text", "text": name}, "value": name}


def picker(**fields: Any) -> Json:
    return {"type": "external_select", "action_id": "pick", "min_query_length": 0, **fields}


def form(element: Json) -> Json:
    label = {"type": "plain_text", "text": "Runbook"}
    block = {"type": "input", "block_id": "which", "label": label, "element": element}
    title = {"type": "plain_text", "text": "Run"}
    return {"type": "modal", "callback_id": "run", "title": title, "submit": title, "blocks": [block]}


@contextmanager
def over_http(app: App, people: People, _slack: RunningSandbox) -> Iterator[None]:
    with bolt_over_http(app) as url:
        people.do("/app", request_url=url)
        yield


@contextmanager
def over_a_socket(app: App, people: People, slack: RunningSandbox) -> Iterator[None]:
    people.do("/app", request_url="", socket_mode=True)
    handler = SocketModeHandler(app, APP.app_token, web_client=a_client(slack, APP.app_token))
    handler.connect()  # type: ignore[no-untyped-call]  # Bolt leaves it untyped
    eventually(lambda: int(people.do("/app")["socket_connections"]) == 1)
    yield
    handler.close()  # type: ignore[no-untyped-call]  # Bolt leaves it untyped


@pytest.fixture
def asked() -> list[Json]:
    return []


@pytest.fixture
def app(slack: RunningSandbox, asked: list[Json]) -> App:
    """An app that opens a form with a menu, and offers the names that contain what was typed."""
    app = a_bolt_app(slack)

    @app.options("pick")
    def offer(ack: Any, body: dict[str, Any]) -> None:
        asked.append(body)
        ack(options=[option(name) for name in NAMES if body["value"] in name])

    @app.command("/runbook")
    def open_form(ack: Any, command: dict[str, Any], client: Any) -> None:
        ack()
        client.views_open(trigger_id=command["trigger_id"], view=form(picker()))

    return app


@pytest.mark.parametrize("connected", [over_http, over_a_socket])
def test_a_menu_in_a_form_is_filled_by_the_app(
    app: App, slack: RunningSandbox, people: People, asked: list[Json], connected: Callable[..., Any]
) -> None:
    chosen: list[Json] = []

    @app.view("run")
    def run(ack: Any, view: dict[str, Any]) -> None:
        chosen.append(view["state"]["values"]["which"]["pick"])
        ack()

    with connected(app, people, slack):
        people.say("/runbook")
        [view] = people.views()
        query = {"user": ALICE, "view_id": view["id"], "block_id": "which", "action_id": "pick"}
        answer = people.do("/suggestions", value="db-", **query)
        assert [found["value"] for found in answer["options"]] == ["db-failover", "db-restart"]
        assert people.do("/suggestions", value="db-", **query | {"user": BOB})["error"] == "not_found"
        state = {
            "values": {
                "which": {"pick": {"type": "external_select", "selected_option": option("db-restart")}}
            }
        }
        assert people.do(f"/views/{view['id']}/submit", user=ALICE, state=state) == {"ok": True}

    [payload] = asked
    assert payload["type"] == "block_suggestion"
    assert payload["container"] == {"type": "view", "view_id": view["id"]}
    assert payload["view"]["callback_id"] == "run"
    assert "trigger_id" not in payload
    assert chosen[0]["selected_option"]["value"] == "db-restart"


def in_a_message(app: App, element: Json) -> Json:
    blocks = [{"type": "actions", "block_id": "which", "elements": [element]}]
    ts = app.client.chat_postMessage(channel=GENERAL, text="Which?", blocks=blocks)["ts"]
    return {"user": ALICE, "channel": GENERAL, "message_ts": ts, "block_id": "which", "action_id": "pick"}


def test_a_menu_in_a_message_says_which_message(
    app: App, slack: RunningSandbox, people: People, asked: list[Json]
) -> None:
    with over_http(app, people, slack):
        query = in_a_message(app, picker(min_query_length=2))
        refused = people.do("/suggestions", value="w", **query)
        assert refused["message"] == "Type at least 2 characters."
        people.do("/suggestions", value="we", **query)
    [payload] = asked
    assert (payload["channel"]["id"], payload["message"]["ts"]) == (GENERAL, query["message_ts"])
    assert payload["value"] == "we"


def test_options_that_slack_would_not_show_are_refused_with_the_reason(
    app: App, slack: RunningSandbox, people: People
) -> None:
    @app.options("many")
    def offer(ack: Any) -> None:
        ack(options=[option(str(n)) for n in range(101)])

    with over_http(app, people, slack):
        query = in_a_message(app, picker(action_id="many"))
        answer = people.do("/suggestions", **query | {"action_id": "many"})
    assert answer["error"] == "invalid_options"
    assert "no more than 100 items allowed" in answer["message"]


def test_the_options_load_url_is_asked_where_there_is_one(
    app: App, slack: RunningSandbox, people: People
) -> None:
    with bolt_over_http(app) as url:
        people.do("/app", request_url="", options_load_url=url)
        assert people.do("/suggestions", value="web", **in_a_message(app, picker()))["ok"]
        people.do("/app", request_url=url, options_load_url="http://127.0.0.1:9/none")
        answer = people.do("/suggestions", value="web", **in_a_message(app, picker()))
    assert answer["error"] == "dispatch_failed"
