"""Modals with a Bolt app over HTTP: open, correct, update, push, submit, cancel."""

from collections.abc import Iterator
from typing import Any

import pytest
from slack_bolt import App
from slack_sdk.errors import SlackApiError

from slack_sandbox.serving import RunningSandbox
from slack_sandbox.values import Json
from tests.integration.slack_sandbox.apps import a_bolt_app, bolt_over_http
from tests.integration.slack_sandbox.people import ALICE, BOB, People, eventually


def modal(title: str = "Run a runbook", **more: Any) -> Json:
    return {
        "type": "modal",
        "callback_id": "run",
        "title": {"type": "plain_text", "text": title},
        "submit": {"type": "plain_text", "text": "Run"},
        "blocks": [
            {
                "type": "input",
                "block_id": "cluster",
                "label": {"type": "plain_text", "text": "Cluster"},
                "element": {"type": "plain_text_input", "action_id": "value"},
            }
        ],
        **more,
    }


def entries(text: str | None) -> Json:
    return {"values": {"cluster": {"value": {"type": "plain_text_input", "value": text}}}}


@pytest.fixture
def app(slack: RunningSandbox) -> App:
    """An app whose command opens a modal."""
    app = a_bolt_app(slack)

    @app.command("/runbook")
    def open_modal(ack: Any, command: dict[str, Any], client: Any) -> None:
        ack()
        client.views_open(trigger_id=command["trigger_id"], view=modal(notify_on_close=True))

    return app


@pytest.fixture(autouse=True)
def request_url(app: App, people: People) -> Iterator[str]:
    with bolt_over_http(app) as url:
        people.do("/app", request_url=url)
        yield url


def open_view(people: People) -> Json:
    assert people.say("/runbook run db-failover") == {"ok": True}
    [view] = people.views()
    return view


def submit(people: People, view: Json, text: str | None, user: str = ALICE) -> Json:
    return people.do(f"/views/{view['id']}/submit", user=user, state=entries(text))


def test_a_form_is_corrected_and_then_submitted(app: App, people: People) -> None:
    submitted: list[str] = []

    @app.view("run")
    def run(ack: Any, view: dict[str, Any]) -> None:
        cluster = view["state"]["values"]["cluster"]["value"]["value"]
        if cluster == "wrong":
            ack(response_action="errors", errors={"cluster": "There is no such cluster."})
        else:
            submitted.append(cluster)
            ack()

    view = open_view(people)
    assert submit(people, view, "wrong") == {"ok": True, "errors": {"cluster": "There is no such cluster."}}
    assert len(people.views()) == 1
    assert submit(people, view, "orders") == {"ok": True}
    assert submitted == ["orders"]
    assert people.views() == []


def test_an_empty_required_field_never_reaches_the_app(people: People) -> None:
    view = open_view(people)
    assert submit(people, view, None)["errors"] == {"cluster": "Please complete this required field."}
    assert [delivery["delivery"]["kind"] for delivery in people.deliveries()] == ["slash_commands"]


@pytest.mark.parametrize(
    ("action", "titles"), [("update", ["Next"]), ("push", ["Run a runbook", "Next"]), ("clear", [])]
)
def test_a_submission_may_be_answered_with_another_view(
    app: App, people: People, action: str, titles: list[str]
) -> None:
    @app.view("run")
    def run(ack: Any) -> None:
        ack(response_action=action, view=modal("Next") if action != "clear" else None)

    assert submit(people, open_view(people), "orders") == {"ok": True}
    assert [view["title"]["text"] for view in people.views()] == titles


def test_a_choice_in_a_modal_reaches_the_app_which_pushes_and_updates(app: App, people: People) -> None:
    button = {"type": "button", "action_id": "more", "text": {"type": "plain_text", "text": "More"}}
    blocks = [*modal()["blocks"], {"type": "actions", "block_id": "buttons", "elements": [button]}]
    seen: list[Json] = []

    @app.action("more")
    def more(ack: Any, body: dict[str, Any], client: Any) -> None:
        ack()
        seen.append(body["view"]["state"]["values"])
        client.views_push(trigger_id=body["trigger_id"], view=modal("Pushed"))
        client.views_update(view_id=body["view"]["id"], hash=body["view"]["hash"], view=modal("Updated"))
        with pytest.raises(SlackApiError, match="hash_conflict"):
            client.views_update(view_id=body["view"]["id"], hash=body["view"]["hash"], view=modal("EventKey"))

    view = open_view(people)
    app.client.views_update(view_id=view["id"], view=modal(blocks=blocks))
    action = {"block_id": "buttons", "action_id": "more", "type": "button"}
    answer = people.do("/actions", user=ALICE, view_id=view["id"], action=action, state=entries("orders"))
    assert answer == {"ok": True}
    assert seen[0]["cluster"]["value"]["value"] == "orders"
    assert [shown["title"]["text"] for shown in people.views()] == ["Updated", "Pushed"]


def test_the_app_hears_that_a_form_was_cancelled(app: App, people: People) -> None:
    closed: list[str] = []

    @app.view_closed("run")
    def hear(ack: Any, view: dict[str, Any]) -> None:
        ack()
        closed.append(view["id"])

    view = open_view(people)
    assert people.do(f"/views/{view['id']}/close", user=ALICE) == {"ok": True}
    eventually(lambda: closed == [view["id"]])
    assert people.views() == []


def test_a_modal_is_its_persons_alone(people: People) -> None:
    view = open_view(people)
    assert people.views(BOB) == []
    assert submit(people, view, "orders", user=BOB)["error"] == "not_found"


def test_a_trigger_opens_one_view(app: App, people: People) -> None:
    open_view(people)
    [delivery] = people.deliveries()
    with pytest.raises(SlackApiError, match="exchanged_trigger_id"):
        app.client.views_open(trigger_id=delivery["delivery"]["payload"]["trigger_id"], view=modal())


def test_a_view_that_slack_would_refuse_is_refused_with_the_place(app: App, people: People) -> None:
    with pytest.raises(SlackApiError) as refused:
        app.client.views_update(view_id=open_view(people)["id"], view=modal("x" * 25))
    assert refused.value.response["error"] == "invalid_arguments"
    assert refused.value.response["response_metadata"]["messages"] == [
        "[ERROR] must be less than 25 characters [json-pointer:/view/title/text]"
    ]
