"""What Slack's answers mean for a message."""

import http.client
import socket
from datetime import timedelta
from urllib.error import URLError

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackRequestError
from slack_sdk.web import SlackResponse

from bot.poster.answers import (
    CALL_ERRORS,
    GiveUp,
    Join,
    Later,
    PostAnew,
    PostThreadAnew,
    backoff,
    meaning,
)
from bot.poster.refusals import CHANNEL_IS_GONE

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def refusal(code: str, status: int = 200, **headers: str) -> SlackApiError:
    response = SlackResponse(
        client=WebClient(),
        http_verb="POST",
        api_url="https://slack.com/api/chat.postMessage",
        req_args={},
        data={"ok": False, "error": code} if code else {"ok": False},
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        status_code=status,
    )
    return SlackApiError("refused", response)  # type: ignore[no-untyped-call]  # slack_sdk leaves it so


def test_too_fast_is_tried_again_after_the_time_that_slack_names_and_holds_everybody() -> None:
    assert meaning(refusal("ratelimited", 429, Retry_After="30"), 0) == Later(
        30 * SECOND, "ratelimited", scope_held=True
    )


@pytest.mark.parametrize(
    "header", [{}, {"Retry_After": "Wed, 21 Oct 2026 07:28:00 GMT"}, {"Retry_After": "0"}]
)
def test_too_fast_without_a_usable_time_backs_off(header: dict[str, str]) -> None:
    assert meaning(refusal("ratelimited", 429, **header), 2) == Later(
        4 * SECOND, "ratelimited", scope_held=True
    )


@pytest.mark.parametrize("code", ["ratelimited", "rate_limited", "message_limit_exceeded"])
def test_too_fast_may_come_with_status_200(code: str) -> None:
    assert meaning(refusal(code), 0) == Later(SECOND, "ratelimited", scope_held=True)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_broken_slack_may_have_accepted_the_call(status: int) -> None:
    assert meaning(refusal("", status), 0) == Later(SECOND, f"HTTP {status}", uncertain=True)


@pytest.mark.parametrize("code", ["internal_error", "fatal_error", "service_unavailable", "request_timeout"])
def test_an_error_that_passes_may_have_had_its_effect(code: str) -> None:
    assert meaning(refusal(code), 1) == Later(2 * SECOND, code, uncertain=True)


@pytest.mark.parametrize("status", [200, 403, 407])
def test_an_answer_that_is_not_slacks_own_says_nothing(status: int) -> None:
    page = "Received a response in a non-JSON format: <html>Proxy</html>"
    assert meaning(refusal(page, status), 0) == Later(SECOND, page, uncertain=True)


def test_a_refusal_without_a_code_says_nothing() -> None:
    assert meaning(refusal("", 404), 0) == Later(SECOND, "HTTP 404", uncertain=True)


@pytest.mark.parametrize(
    "code",
    ["invalid_auth", "token_revoked", "token_expired", "account_inactive", "not_authed", "missing_scope"],
)
def test_a_token_that_somebody_must_mend_is_tried_every_minute(code: str) -> None:
    assert meaning(refusal(code), 7) == Later(MINUTE, code)


def test_a_channel_that_we_are_not_in_is_joined() -> None:
    assert meaning(refusal("not_in_channel"), 0) == Join()


@pytest.mark.parametrize("code", ["message_not_found", "cant_update_message", "edit_window_closed"])
def test_a_message_that_can_no_longer_be_updated_is_posted_anew(code: str) -> None:
    assert meaning(refusal(code), 0) == PostAnew()


def test_a_thread_that_is_gone_needs_its_headline_anew() -> None:
    assert meaning(refusal("thread_not_found"), 0) == PostThreadAnew()


@pytest.mark.parametrize("code", [*sorted(CHANNEL_IS_GONE), "invalid_blocks", "msg_too_long", "no_text"])
def test_what_will_never_arrive_is_given_up(code: str) -> None:
    assert meaning(refusal(code), 0) == GiveUp(code)


@pytest.mark.parametrize("reason", [ConnectionRefusedError("refused"), socket.gaierror("no such name")])
def test_a_call_that_never_left_is_certain_to_have_done_nothing(reason: OSError) -> None:
    later = meaning(URLError(reason), 0)
    assert isinstance(later, Later)
    assert not later.uncertain


@pytest.mark.parametrize(
    "error",
    [
        URLError(TimeoutError("timed out")),
        URLError(ConnectionResetError("reset")),
        TimeoutError("timed out"),
        ConnectionResetError("reset"),
        http.client.RemoteDisconnected("closed"),
        http.client.IncompleteRead(b""),
        SlackRequestError("odd"),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_call_without_an_answer_may_have_had_its_effect(error: Exception) -> None:
    assert isinstance(error, CALL_ERRORS)
    later = meaning(error, 0)
    assert isinstance(later, Later)
    assert later.uncertain
    assert type(error).__name__ in later.reason


def test_the_backoff_doubles_up_to_half_a_minute() -> None:
    assert [backoff(attempts).total_seconds() for attempts in range(7)] == [1, 2, 4, 8, 16, 30, 30]


def test_the_backoff_of_a_very_long_outage_is_still_half_a_minute() -> None:
    assert backoff(10_000) == 30 * SECOND
