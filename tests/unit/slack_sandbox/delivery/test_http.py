import json
from urllib.parse import parse_qs

import httpx2
import pytest

from slack_sandbox.delivery.call_log import Delivery
from slack_sandbox.delivery.http import encode, read_answer, read_response, retry_headers


def test_a_command_is_a_form() -> None:
    body, content_type = encode(Delivery("slash_commands", {"text": "run x=1&y"}))
    assert content_type == "application/x-www-form-urlencoded"
    assert parse_qs(body.decode()) == {"text": ["run x=1&y"]}


def test_a_click_is_a_form_with_a_payload() -> None:
    body, _ = encode(Delivery("interactive", {"type": "block_actions"}))
    assert json.loads(parse_qs(body.decode())["payload"][0]) == {"type": "block_actions"}


def test_an_event_is_json() -> None:
    body, content_type = encode(Delivery("events_api", {"type": "event_callback"}))
    assert (json.loads(body), content_type) == ({"type": "event_callback"}, "application/json")


def test_only_a_repetition_says_that_it_is_one() -> None:
    assert retry_headers(Delivery("events_api", {})) == {}
    assert retry_headers(Delivery("events_api", {}, 2, "http_error")) == {
        "X-Slack-Retry-Num": "2",
        "X-Slack-Retry-Reason": "http_error",
    }


@pytest.mark.parametrize(
    ("text", "answer"),
    [("", None), (" \n", None), ('{"text": "hi"}', {"text": "hi"}), ("hi", "hi"), ("[1]", "[1]")],
)
def test_an_answer_is_an_object_or_text_or_nothing(text: str, answer: object) -> None:
    assert read_answer(text) == answer


def test_any_status_but_2xx_is_a_failure_that_the_app_can_forbid_to_repeat() -> None:
    plain = read_response(httpx2.Response(500))
    final = read_response(httpx2.Response(404, headers={"X-Slack-No-Retry": "1"}))
    assert (plain.outcome, plain.reason, plain.may_retry) == ("dispatch_failed", "http_error", True)
    assert not final.may_retry
    assert read_response(httpx2.Response(201)).accepted
