"""What happens on the wire when a fault is played, as Slack's own client experiences it."""

import time

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import ConnectionErrorRetryHandler

from slack_sandbox.config import WorkspaceConfig
from slack_sandbox.serving import RunningSandbox
from tests.integration.slack_sandbox.apps import APP
from tests.integration.slack_sandbox.people import GENERAL, People


@pytest.fixture
def config() -> WorkspaceConfig:
    return WorkspaceConfig(enforce_rate_limits=False)


def test_a_reset_after_accept_stores_the_message_and_cuts_the_connection(
    client: WebClient, people: People
) -> None:
    people.play({"method": "chat.postMessage", "kind": "reset_after_accept"})
    with pytest.raises(ConnectionResetError):
        client.chat_postMessage(channel=GENERAL, text="did it arrive?")
    assert [message["text"] for message in people.messages()] == ["did it arrive?"]
    assert people.calls("chat.postMessage")[0]["error"] == "fault: reset_after_accept"


def test_a_reset_before_accept_stores_nothing(client: WebClient, people: People) -> None:
    people.play({"method": "chat.postMessage", "kind": "reset_before_accept"})
    with pytest.raises(ConnectionResetError):
        client.chat_postMessage(channel=GENERAL, text="lost")
    assert people.messages() == []


def test_a_client_that_retries_a_cut_connection_posts_twice(slack: RunningSandbox, people: People) -> None:
    retrying = WebClient(
        token=APP.bot_token,
        base_url=slack.api_url,
        retry_handlers=[ConnectionErrorRetryHandler()],
        timeout=10,
    )
    people.play({"method": "chat.postMessage", "kind": "reset_after_accept"})
    retrying.chat_postMessage(channel=GENERAL, text="twice")
    assert [message["text"] for message in people.messages()] == ["twice", "twice"]


def test_a_timeout_answers_nothing_and_does_nothing(slack: RunningSandbox, people: People) -> None:
    hasty = WebClient(token=APP.bot_token, base_url=slack.api_url, retry_handlers=[], timeout=1)
    people.play({"kind": "timeout", "seconds": 30})
    begun = time.monotonic()
    with pytest.raises(TimeoutError):
        hasty.chat_postMessage(channel=GENERAL, text="slow")
    assert 0.9 < time.monotonic() - begun < 5
    assert people.messages() == []


def test_a_played_rate_limit_says_how_long_to_wait_as_often_as_it_was_told(client: WebClient) -> None:
    people = People(client.base_url.removesuffix("/api/"))
    people.play({"method": "chat.postMessage", "kind": "ratelimited", "times": 2, "retry_after": 7})
    waits = []
    for _ in range(2):
        with pytest.raises(SlackApiError) as refused:
            client.chat_postMessage(channel=GENERAL, text="x")
        waits.append((refused.value.response.status_code, refused.value.response.headers["Retry-After"]))
    assert waits == [(429, "7"), (429, "7")]
    assert client.chat_postMessage(channel=GENERAL, text="x")["ok"]
    people.close()


def test_a_played_status_and_error_are_answered(client: WebClient, people: People) -> None:
    people.play(
        {"method": "auth.test", "kind": "status", "status": 503},
        {"method": "auth.test", "kind": "error", "error": "token_revoked"},
    )
    with pytest.raises(SlackApiError) as refused:
        client.auth_test()
    assert refused.value.response.status_code == 503
    with pytest.raises(SlackApiError, match="token_revoked"):
        client.auth_test()
    assert client.auth_test()["ok"]


def test_what_is_left_of_the_faults_can_be_seen(client: WebClient, people: People) -> None:
    people.play({"method": "auth.test", "kind": "error", "times": 3, "channel": None})
    with pytest.raises(SlackApiError):
        client.auth_test()
    [left] = people.look("/faults")["faults"]
    assert (left["method"], left["times"]) == ("auth.test", 2)


def test_a_fault_of_an_unknown_kind_is_refused_with_a_sentence(people: People) -> None:
    answer = people.do("/faults", faults=[{"kind": "earthquake"}])
    assert answer["error"] == "invalid_arguments"
    assert "faults.0.kind" in answer["message"]
