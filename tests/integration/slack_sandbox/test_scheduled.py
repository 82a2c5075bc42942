"""Messages for later, and tokens that may do less than they ask."""

import time

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from slack_sandbox.config import AppConfig, WorkspaceConfig
from tests.integration.slack_sandbox.people import ALICE, GENERAL, People, eventually


@pytest.fixture
def config() -> WorkspaceConfig:
    return WorkspaceConfig(app=AppConfig(scopes=("chat:write", "channels:read")), enforce_rate_limits=False)


def soon(seconds: float) -> int:
    return int(time.time() + seconds)


def test_a_message_is_posted_when_its_time_has_come(client: WebClient, people: People) -> None:
    planned = client.chat_scheduleMessage(channel=GENERAL, text="Now", post_at=soon(2))
    later = client.chat_scheduleMessage(channel=GENERAL, text="Never", post_at=soon(3600))
    listed = client.chat_scheduledMessages_list(channel=GENERAL)["scheduled_messages"]
    assert [each["id"] for each in listed] == [planned["scheduled_message_id"], later["scheduled_message_id"]]
    client.chat_deleteScheduledMessage(channel=GENERAL, scheduled_message_id=later["scheduled_message_id"])
    eventually(lambda: [message["text"] for message in people.messages()] == ["Now"])
    with pytest.raises(SlackApiError, match="invalid_scheduled_message_id"):
        client.chat_deleteScheduledMessage(
            channel=GENERAL, scheduled_message_id=planned["scheduled_message_id"]
        )


@pytest.mark.parametrize(("days", "error"), [(-1, "time_in_past"), (121, "time_too_far")])
def test_a_time_that_slack_refuses(client: WebClient, days: int, error: str) -> None:
    with pytest.raises(SlackApiError, match=error):
        client.chat_scheduleMessage(channel=GENERAL, text="x", post_at=soon(days * 86400))


def test_a_missing_scope_is_named_with_what_was_granted(client: WebClient, people: People) -> None:
    answer = client.chat_postMessage(channel=GENERAL, text="fine")
    assert answer.headers["x-oauth-scopes"] == "chat:write,channels:read"
    assert answer.headers["x-accepted-oauth-scopes"] == "chat:write"
    with pytest.raises(SlackApiError) as refused:
        client.reactions_add(channel=GENERAL, timestamp=answer["ts"], name="eyes")
    assert refused.value.response["error"] == "missing_scope"
    assert refused.value.response["needed"] == "reactions:write"
    assert refused.value.response["provided"] == "chat:write,channels:read"
    with pytest.raises(SlackApiError) as refused:
        client.conversations_list(types="public_channel,private_channel")
    assert refused.value.response["needed"] == "groups:read"
    people.do("/app", scopes=["reactions:write"])
    assert client.reactions_add(channel=GENERAL, timestamp=answer["ts"], name="eyes")["ok"]


def test_a_revoked_token_does_nothing(client: WebClient, people: People) -> None:
    people.do("/app", revoked="token_revoked")
    with pytest.raises(SlackApiError, match="token_revoked"):
        client.auth_test()
    people.do("/app", revoked="")
    assert client.auth_test()["user_id"] == "U0RUNBOOK"
    assert people.state(ALICE)["ok"]
