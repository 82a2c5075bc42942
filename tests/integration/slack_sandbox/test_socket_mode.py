"""A Bolt app over Socket Mode, with Slack's own client."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk.errors import SlackApiError
from websockets.sync.client import connect

from slack_sandbox.config import AppConfig, WorkspaceConfig
from slack_sandbox.serving import RunningSandbox
from tests.integration.slack_sandbox.apps import APP, a_bolt_app, a_client
from tests.integration.slack_sandbox.people import GENERAL, People, eventually
from tests.integration.slack_sandbox.test_modals import entries, modal


@pytest.fixture
def config() -> WorkspaceConfig:
    app = AppConfig(socket_mode=True, request_url=None)
    return WorkspaceConfig(
        app=app, acknowledge_within=1.0, event_retry_delays=(0.0,), enforce_rate_limits=False
    )


@pytest.fixture
def app(slack: RunningSandbox) -> App:
    return a_bolt_app(slack)


@pytest.fixture
def handler(app: App, slack: RunningSandbox, people: People) -> Iterator[SocketModeHandler]:
    handler = SocketModeHandler(app, APP.app_token, web_client=a_client(slack, APP.app_token))
    handler.connect()  # type: ignore[no-untyped-call]  # Bolt leaves it untyped
    eventually(lambda: connections(people) == 1)
    yield handler
    handler.close()  # type: ignore[no-untyped-call]  # Bolt leaves it untyped


def connections(people: People) -> int:
    return int(people.do("/app")["socket_connections"])


@pytest.mark.usefixtures("handler")
def test_a_command_is_answered_over_the_socket(app: App, people: People) -> None:
    @app.command("/runbook")
    def run(ack: Any, command: dict[str, Any]) -> None:
        ack(f"started {command['text']}")

    assert people.say("/runbook run x") == {"ok": True}
    assert [message["text"] for message in people.ephemerals()] == ["started run x"]
    assert [delivery["over"] for delivery in people.deliveries()] == ["socket"]


@pytest.mark.usefixtures("handler")
def test_a_click_and_a_form_travel_over_the_socket(app: App, people: People) -> None:
    button = {"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}}

    @app.action("go")
    def go(ack: Any, body: dict[str, Any], client: Any) -> None:
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=modal())

    @app.view("run")
    def refuse(ack: Any) -> None:
        ack(response_action="errors", errors={"cluster": "No."})

    app.client.chat_postMessage(channel=GENERAL, text="x", blocks=[{"type": "actions", "elements": [button]}])
    assert people.click(people.messages()[0], "go") == {"ok": True}
    eventually(lambda: len(people.views()) == 1)
    [view] = people.views()
    answer = people.do(f"/views/{view['id']}/submit", user="U0ALICE", state=entries("orders"))
    assert answer["errors"] == {"cluster": "No."}


@pytest.mark.usefixtures("handler")
def test_an_event_travels_over_the_socket(app: App, people: People) -> None:
    heard = threading.Event()

    @app.event("app_mention")
    def hear() -> None:
        heard.set()

    people.say("<@U0RUNBOOK> hello")
    assert heard.wait(5)
    eventually(lambda: [delivery["outcome"] for delivery in people.deliveries()] == ["acknowledged"])


@pytest.mark.usefixtures("handler")
def test_a_client_that_is_told_to_refresh_connects_anew(people: People, app: App) -> None:
    @app.command("/runbook")
    def run(ack: Any) -> None:
        ack("still here")

    assert people.do("/app/disconnect", reason="refresh_requested")["disconnected"] == 1
    eventually(lambda: connections(people) == 1)
    assert people.say("/runbook list") == {"ok": True}


def test_an_envelope_nobody_acknowledges_times_out(people: People, slack: RunningSandbox) -> None:
    with connect(socket_url(slack)) as websocket:
        assert '"hello"' in str(websocket.recv())
        assert people.say("/runbook list")["error"] == "operation_timeout"
    assert len([d for d in people.deliveries() if d["delivery"]["kind"] == "slash_commands"]) == 1


def test_without_a_socket_and_a_request_url_nothing_can_be_delivered(people: People) -> None:
    answer = people.say("/runbook list")
    assert answer["error"] == "dispatch_failed"
    assert "no Socket Mode connection" in answer["message"]


def test_ten_connections_are_the_limit(slack: RunningSandbox, people: People) -> None:
    with ExitStack() as stack:
        sockets = [stack.enter_context(connect(socket_url(slack))) for _ in range(10)]
        assert all('"hello"' in str(websocket.recv()) for websocket in sockets)
        eleventh = stack.enter_context(connect(socket_url(slack)))
        assert '"too_many_websockets"' in str(eleventh.recv())
        assert people.do("/app/disconnect", reason="warning")["disconnected"] == 10
        assert all('"warning"' in str(websocket.recv()) for websocket in sockets)


def test_a_ticket_opens_one_connection(slack: RunningSandbox) -> None:
    url = socket_url(slack)
    with connect(url) as first:
        first.recv()
        with pytest.raises(Exception, match="403"), connect(url):
            pass


def test_socket_mode_must_be_switched_on_and_takes_the_apps_token(
    slack: RunningSandbox, people: People
) -> None:
    with pytest.raises(SlackApiError, match="not_allowed_token_type"):
        a_client(slack).apps_connections_open(app_token=APP.bot_token)
    people.do("/app", socket_mode=False)
    with pytest.raises(SlackApiError, match="socket_mode_not_enabled"):
        a_client(slack).apps_connections_open(app_token=APP.app_token)


def socket_url(slack: RunningSandbox) -> str:
    return str(a_client(slack).apps_connections_open(app_token=APP.app_token)["url"])
