"""A Bolt app over HTTP: signed commands, clicks, answers and events."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from slack_bolt import App

from slack_sandbox.config import WorkspaceConfig
from slack_sandbox.serving import RunningSandbox
from tests.integration.slack_sandbox.apps import a_bolt_app, bolt_over_http
from tests.integration.slack_sandbox.people import ALICE, BOB, GENERAL, People, eventually

BLOCKS = [
    {
        "type": "actions",
        "block_id": "gate",
        "elements": [
            {
                "type": "button",
                "action_id": "approval.approve",
                "text": {"type": "plain_text", "text": "Approve"},
                "value": "rbx_1",
            }
        ],
    }
]


@pytest.fixture
def config() -> WorkspaceConfig:
    return WorkspaceConfig(acknowledge_within=1.0, event_retry_delays=(0.0, 0.1, 0.2))


@pytest.fixture
def app(slack: RunningSandbox) -> App:
    return a_bolt_app(slack)


@pytest.fixture(autouse=True)
def request_url(app: App, people: People) -> Iterator[str]:
    with bolt_over_http(app) as url:
        people.do("/app", request_url=url)
        yield url


def test_a_command_reaches_the_app_and_its_answer_the_person(app: App, people: People) -> None:
    seen: list[dict[str, Any]] = []

    @app.command("/runbook")
    def run(ack: Any, command: dict[str, Any]) -> None:
        seen.append(command)
        ack("started")

    assert people.say("/runbook run db-failover cluster=orders") == {"ok": True}
    [command] = seen
    assert (command["text"], command["user_id"], command["channel_name"]) == (
        "run db-failover cluster=orders",
        ALICE,
        "general",
    )
    assert [message["text"] for message in people.ephemerals()] == ["started"]
    assert people.ephemerals(BOB) == []


def test_a_command_may_be_answered_in_the_channel_or_not_at_all(app: App, people: People) -> None:
    @app.command("/runbook")
    def run(ack: Any, command: dict[str, Any]) -> None:
        if command["text"] == "loud":
            ack(text="for all", response_type="in_channel")
        else:
            ack()

    people.say("/runbook quiet")
    assert people.messages() == people.ephemerals() == []
    people.say("/runbook loud")
    assert [message["text"] for message in people.messages()] == ["for all"]


def test_a_command_that_is_not_acknowledged_in_time_says_so(app: App, people: People) -> None:
    @app.command("/runbook")
    def run(ack: Any) -> None:
        time.sleep(1.3)
        ack()

    answer = people.say("/runbook list")
    assert (answer["ok"], answer["error"]) == (False, "operation_timeout")
    assert "/runbook" in answer["message"]
    assert len(people.deliveries()) == 1


def test_a_command_nobody_handles_says_so(people: People) -> None:
    assert people.say("/runbook list")["error"] == "dispatch_failed"


def test_an_app_that_is_not_there_says_so(people: People) -> None:
    people.do("/app", request_url="http://127.0.0.1:9/slack/events")
    answer = people.say("/runbook list")
    assert answer["error"] == "dispatch_failed"
    assert "could not be reached" in answer["message"]


def test_commands_that_are_nobodys_and_commands_in_threads_are_not_sent(people: People) -> None:
    ts = people.say("hello")["ts"]
    assert people.say("/deploy now")["error"] == "unknown_command"
    assert people.say("/runbook list", thread_ts=ts)["error"] == "command_in_thread"
    assert people.say(" /runbook list")["ok"]
    assert people.deliveries() == []


def test_a_click_reaches_the_app_which_replaces_the_message(app: App, people: People) -> None:
    seen: list[dict[str, Any]] = []

    @app.action("approval.approve")
    def approve(ack: Any, body: dict[str, Any], respond: Any) -> None:
        ack()
        seen.append(body)
        respond(text=f"approved by <@{body['user']['id']}>", replace_original=True)

    app.client.chat_postMessage(channel=GENERAL, text="Approval needed", blocks=BLOCKS)
    [message] = people.messages()
    assert people.click(message, "approval.approve", user=BOB) == {"ok": True}
    [body] = seen
    [action] = body["actions"]
    assert (action["value"], action["block_id"]) == ("rbx_1", "gate")
    assert (body["container"]["message_ts"], body["message"]["ts"]) == (message["ts"], message["ts"])
    assert [changed["text"] for changed in people.messages()] == [f"approved by <@{BOB}>"]


def test_a_click_in_an_ephemeral_message_can_delete_it(app: App, people: People) -> None:
    @app.action("approval.approve")
    def approve(ack: Any, body: dict[str, Any], respond: Any) -> None:
        ack()
        assert body["container"]["is_ephemeral"] is True
        respond(delete_original=True)

    app.client.chat_postEphemeral(channel=GENERAL, user=ALICE, text="Sure?", blocks=BLOCKS)
    [message] = people.ephemerals()
    assert people.click(message, "approval.approve", user=BOB)["error"] == "message_not_found"
    assert people.click(message, "approval.approve") == {"ok": True}
    assert people.ephemerals() == []


def test_an_app_may_answer_five_times(app: App, people: People) -> None:
    statuses: list[int] = []
    have_answered = threading.Event()

    @app.command("/runbook")
    def run(ack: Any, command: dict[str, Any]) -> None:
        ack()
        answers = [httpx2.post(command["response_url"], json={"text": str(n)}) for n in range(6)]
        statuses.extend(answer.status_code for answer in answers)
        have_answered.set()

    people.say("/runbook list")
    assert have_answered.wait(30), "the listener goes on after it has acknowledged"
    assert statuses == [200] * 5 + [404]
    assert [message["text"] for message in people.ephemerals()] == ["0", "1", "2", "3", "4"]


def test_an_element_that_is_gone_cannot_be_clicked(app: App, people: People) -> None:
    ts = app.client.chat_postMessage(channel=GENERAL, text="x", blocks=BLOCKS)["ts"]
    action = {"block_id": "gate", "action_id": "approval.reject", "type": "button"}
    answer = people.do("/actions", user=ALICE, channel=GENERAL, message_ts=ts, action=action)
    assert answer["error"] == "invalid_action"


def test_a_request_with_a_wrong_signature_is_refused_by_the_app(request_url: str) -> None:
    headers = {"X-Slack-Request-Timestamp": str(int(time.time())), "X-Slack-Signature": "v0=forged"}
    assert httpx2.post(request_url, content=b"command=/runbook", headers=headers).status_code == 401


def test_a_mention_reaches_the_app_which_answers_in_the_thread(app: App, people: People) -> None:
    @app.event("app_mention")
    def answer(event: dict[str, Any], say: Any) -> None:
        say(text="at your service", thread_ts=event["ts"])

    ts = people.say("<@U0RUNBOOK> are you there?")["ts"]
    eventually(lambda: len(people.messages()) == 2)
    assert people.messages()[-1]["thread_ts"] == ts


def test_an_event_is_sent_again_until_it_is_acknowledged(app: App, people: People) -> None:
    retries: list[tuple[str | None, str | None]] = []

    @app.event("app_mention")
    def fail_twice(request: Any) -> None:
        number, reason = (
            request.headers.get(f"x-slack-retry-{name}", [None])[0] for name in ("num", "reason")
        )
        retries.append((number, reason))
        if len(retries) < 3:
            raise RuntimeError("not yet")

    people.say("<@U0RUNBOOK> hello")
    eventually(lambda: len(people.deliveries()) == 3)
    assert retries == [(None, None), ("1", "http_error"), ("2", "http_error")]
    event_ids = {delivery["delivery"]["payload"]["event_id"] for delivery in people.deliveries()}
    assert len(event_ids) == 1


def test_an_event_is_given_up_after_three_retries(people: People) -> None:
    people.say("<@U0RUNBOOK> anybody?")
    eventually(lambda: len(people.deliveries()) == 4)
    assert [delivery["delivery"]["retry"] for delivery in people.deliveries()] == [0, 1, 2, 3]


def test_a_delivery_can_be_repeated_without_any_sign_of_it(app: App, people: People) -> None:
    seen: list[str] = []

    @app.command("/runbook")
    def run(ack: Any, command: dict[str, Any]) -> None:
        seen.append(command["trigger_id"])
        ack()

    people.say("/runbook run x")
    assert people.do("/deliveries/1/repeat") == {"ok": True}
    assert len(seen) == 2
    assert len(set(seen)) == 1


def test_the_request_url_answers_the_challenge(people: People) -> None:
    assert people.do("/app/verify_url") == {"ok": True}


def test_a_channel_made_by_a_person_has_the_app_in_it(app: App, people: People) -> None:
    joined: list[str] = []

    @app.event("member_joined_channel")
    def hear(event: dict[str, Any]) -> None:
        joined.append(event["user"])

    answer = people.do("/channels", user=ALICE, name="inc-12")
    assert answer["channel"]["members"] == [ALICE, "U0RUNBOOK"]
    eventually(lambda: joined == ["U0RUNBOOK"])
    closed = people.do(f"/channels/{answer['channel']['id']}/archive", user=ALICE)
    assert closed["channel"]["is_archived"] is True
