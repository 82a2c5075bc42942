import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tests.integration.slack_sandbox.people import GENERAL, People


def post_too_fast(client: WebClient) -> None:
    for n in range(20):
        client.chat_postMessage(channel=GENERAL, text=str(n))


def test_posting_too_fast_is_answered_with_429_and_how_long_to_wait(
    client: WebClient, people: People
) -> None:
    with pytest.raises(SlackApiError) as refused:
        post_too_fast(client)
    response = refused.value.response
    assert (response.status_code, response["error"]) == (429, "ratelimited")
    assert int(response.headers["Retry-After"]) == 1
    assert 5 <= len(people.messages()) < 20


def test_another_channel_is_not_held_up(client: WebClient) -> None:
    with pytest.raises(SlackApiError, match="ratelimited"):
        post_too_fast(client)
    assert client.chat_postMessage(channel="C0INCIDENTS", text="still here")["ok"]
