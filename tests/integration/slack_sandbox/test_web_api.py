"""The Web API as Slack's own client sees it."""

import httpx2
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from slack_sandbox.config import ChannelConfig, WorkspaceConfig
from slack_sandbox.serving import RunningSandbox
from slack_sandbox.values import Json
from tests.integration.slack_sandbox.apps import a_client
from tests.integration.slack_sandbox.people import ALICE, BOB, GENERAL, People

METADATA = {
    "event_type": "runbook_execution",
    "event_payload": {"execution_id": "rbx_1", "incident_id": None},
}
BLOCKS: list[Json] = [{"type": "section", "text": {"type": "mrkdwn", "text": "*bold*"}}]


@pytest.fixture
def config() -> WorkspaceConfig:
    return WorkspaceConfig(
        channels=(
            ChannelConfig(id=GENERAL, name="general"),
            ChannelConfig(id="C0ELSEWHERE", name="elsewhere", members=(ALICE,)),
            ChannelConfig(id="C0SECRET", name="secret", members=(ALICE,), is_private=True),
        ),
        enforce_rate_limits=False,
    )


def refusal(refused: pytest.ExceptionInfo[SlackApiError]) -> str:
    return str(refused.value.response["error"])


def test_the_app_learns_who_it_is(client: WebClient) -> None:
    answer = client.auth_test()
    assert (answer["user_id"], answer["bot_id"], answer["team_id"]) == ("U0RUNBOOK", "B0RUNBOOK", "T0DEMO")


@pytest.mark.parametrize(
    ("token", "error"),
    [("", "not_authed"), ("xoxb-wrong", "invalid_auth"), ("xapp-sandbox", "not_allowed_token_type")],
)
def test_a_wrong_token_is_refused(slack: RunningSandbox, token: str, error: str) -> None:
    with pytest.raises(SlackApiError) as refused:
        a_client(slack, token).auth_test()
    assert refusal(refused) == error


def test_an_unknown_method_is_refused(client: WebClient) -> None:
    with pytest.raises(SlackApiError, match="unknown_method"):
        client.api_call("chat.sing")


def test_a_message_is_posted_found_by_its_metadata_updated_and_deleted(client: WebClient) -> None:
    posted = client.chat_postMessage(channel=GENERAL, text="hello", blocks=BLOCKS, metadata=METADATA)
    ts = str(posted["ts"])
    assert posted["message"]["blocks"][0]["block_id"]

    [plain] = client.conversations_history(channel=GENERAL)["messages"]
    [found] = client.conversations_history(channel=GENERAL, include_all_metadata=True)["messages"]
    assert "metadata" not in plain
    assert (found["ts"], found["metadata"]) == (ts, METADATA)

    client.chat_update(channel=GENERAL, ts=ts, text="changed")
    [changed] = client.conversations_history(channel=GENERAL, include_all_metadata=True)["messages"]
    assert (changed["text"], changed["metadata"]) == ("changed", METADATA)
    assert "blocks" not in changed

    client.chat_delete(channel=GENERAL, ts=ts)
    assert client.conversations_history(channel=GENERAL)["messages"] == []


def test_blocks_stay_when_only_metadata_and_attachments_change(client: WebClient) -> None:
    ts = client.chat_postMessage(channel=GENERAL, text="x", blocks=BLOCKS, metadata=METADATA)["ts"]
    changed = client.chat_update(
        channel=GENERAL, ts=str(ts), attachments=[{"text": "more", "fallback": "more"}], metadata={}
    )
    assert len(changed["message"]["blocks"]) == 1
    assert "metadata" not in changed["message"]


def test_a_message_found_from_the_moment_before_it_was_posted(client: WebClient, people: People) -> None:
    before = people.say("first")["ts"]
    ts = client.chat_postMessage(channel=GENERAL, text="second")["ts"]
    found = client.conversations_history(channel=GENERAL, oldest=before)["messages"]
    assert [message["ts"] for message in found] == [ts]


def test_a_thread_is_read_back_and_counted(client: WebClient) -> None:
    parent = str(client.chat_postMessage(channel=GENERAL, text="headline")["ts"])
    for n in range(3):
        client.chat_postMessage(channel=GENERAL, text=f"step {n}", thread_ts=parent)
    thread = client.conversations_replies(channel=GENERAL, ts=parent)["messages"]
    [headline] = client.conversations_history(channel=GENERAL)["messages"]
    assert [message["text"] for message in thread] == ["headline", "step 0", "step 1", "step 2"]
    assert (headline["reply_count"], headline["latest_reply"]) == (3, thread[-1]["ts"])


def test_history_comes_in_pages_the_newest_first(client: WebClient) -> None:
    for n in range(5):
        client.chat_postMessage(channel=GENERAL, text=str(n))
    pages = [
        [message["text"] for message in answer["messages"]]
        for answer in client.conversations_history(channel=GENERAL, limit=2)
    ]
    assert pages == [["4", "3"], ["2", "1"], ["0"]]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"channel": "C0NOWHERE", "text": "x"}, "channel_not_found"),
        ({"channel": "C0SECRET", "text": "x"}, "channel_not_found"),
        ({"channel": "C0ELSEWHERE", "text": "x"}, "not_in_channel"),
        ({"channel": GENERAL, "text": ""}, "no_text"),
        ({"channel": GENERAL, "text": "x" * 40_001}, "msg_too_long"),
        ({"channel": GENERAL, "text": "x", "blocks": [{"type": "header"}]}, "invalid_blocks"),
        ({"channel": GENERAL, "text": "x", "blocks": "no json"}, "invalid_blocks_format"),
        ({"channel": GENERAL, "text": "x", "metadata": {"event_type": "y"}}, "invalid_metadata_format"),
        ({"channel": GENERAL, "text": "x", "thread_ts": "1.000000"}, "thread_not_found"),
    ],
)
def test_a_message_that_slack_would_refuse_is_refused(client: WebClient, arguments: Json, error: str) -> None:
    with pytest.raises(SlackApiError) as refused:
        client.api_call("chat.postMessage", json=arguments)
    assert refusal(refused) == error


def test_bad_blocks_are_explained(client: WebClient) -> None:
    with pytest.raises(SlackApiError) as refused:
        client.chat_postMessage(channel=GENERAL, text="x", blocks=[{"type": "divider"}] * 51)
    assert refused.value.response["response_metadata"]["messages"] == [
        "[ERROR] no more than 50 items allowed [json-pointer:/blocks]"
    ]


def test_only_its_own_messages_are_the_apps_to_change(client: WebClient, people: People) -> None:
    ts = people.say("mine")["ts"]
    with pytest.raises(SlackApiError, match="cant_update_message"):
        client.chat_update(channel=GENERAL, ts=ts, text="yours")
    with pytest.raises(SlackApiError, match="cant_delete_message"):
        client.chat_delete(channel=GENERAL, ts=ts)
    with pytest.raises(SlackApiError, match="message_not_found"):
        client.chat_update(channel=GENERAL, ts="1.000000", text="nobody's")


def test_an_ephemeral_message_is_seen_by_one_person(client: WebClient, people: People) -> None:
    client.chat_postEphemeral(channel=GENERAL, user=ALICE, text="psst")
    assert [message["text"] for message in people.ephemerals(ALICE)] == ["psst"]
    assert people.ephemerals(BOB) == []
    assert people.messages() == []
    with pytest.raises(SlackApiError, match="user_not_in_channel"):
        client.chat_postEphemeral(channel=GENERAL, user="U0NOBODY", text="psst")


def test_an_incident_channel_lives_from_creation_to_archive(client: WebClient, people: People) -> None:
    channel = str(client.conversations_create(name="inc-12-orders-db-down")["channel"]["id"])
    client.conversations_invite(channel=channel, users=[ALICE, BOB])
    client.conversations_setTopic(channel=channel, topic="orders-db is down")
    assert client.conversations_members(channel=channel)["members"] == ["U0RUNBOOK", ALICE, BOB]
    assert client.conversations_info(channel=channel)["channel"]["topic"]["value"] == "orders-db is down"
    client.conversations_archive(channel=channel)
    for call in (client.chat_postMessage, client.chat_postEphemeral):
        with pytest.raises(SlackApiError, match="is_archived"):
            call(channel=channel, user=ALICE, text="too late")
    assert people.say("too late", channel=channel)["error"] == "is_archived"
    names = [c["name"] for c in client.conversations_list(exclude_archived=True)["channels"]]
    assert names == ["general", "elsewhere"]


def test_inviting_follows_slacks_rules(client: WebClient) -> None:
    for users, error in (
        ([ALICE], "already_in_channel"),
        (["U0RUNBOOK"], "cant_invite_self"),
        (["U9"], "user_not_found"),
    ):
        with pytest.raises(SlackApiError) as refused:
            client.conversations_invite(channel=GENERAL, users=users)
        assert refusal(refused) == error


def test_a_direct_message_reaches_the_person_alone(client: WebClient, people: People) -> None:
    channel = str(client.chat_postMessage(channel=ALICE, text="for you")["channel"])
    assert client.conversations_open(users=[ALICE])["channel"]["id"] == channel
    assert [message["text"] for message in people.messages(channel)] == ["for you"]
    assert channel not in people.state(BOB)["messages"]


def test_people_are_found_by_id_by_list_and_by_email(client: WebClient) -> None:
    assert client.users_info(user=ALICE)["user"]["real_name"] == "Alice Ng"
    assert "U0RUNBOOK" in [user["id"] for user in client.users_list()["members"] if user["is_bot"]]
    assert client.users_lookupByEmail(email="bob@acme.example")["user"]["id"] == BOB
    with pytest.raises(SlackApiError, match="user_not_found"):
        client.users_info(user="U0NOBODY")


def test_a_reaction_is_added_once(client: WebClient, people: People) -> None:
    ts = people.say("done")["ts"]
    client.reactions_add(channel=GENERAL, timestamp=ts, name="white_check_mark")
    [message] = people.messages()
    assert message["reactions"] == [{"name": "white_check_mark", "users": ["U0RUNBOOK"], "count": 1}]
    with pytest.raises(SlackApiError, match="already_reacted"):
        client.reactions_add(channel=GENERAL, timestamp=ts, name="white_check_mark")


def test_a_permalink_leads_back_to_the_sandbox(client: WebClient, slack: RunningSandbox) -> None:
    ts = str(client.chat_postMessage(channel=GENERAL, text="x")["ts"])
    link = client.chat_getPermalink(channel=GENERAL, message_ts=ts)["permalink"]
    assert link == f"{slack.url}/archives/{GENERAL}/p{ts.replace('.', '')}"


def test_the_log_has_every_call_without_its_token(slack: RunningSandbox, people: People) -> None:
    form = {"token": "xoxb-sandbox", "channel": GENERAL, "text": "hi"}
    answer = httpx2.post(f"{slack.url}/api/chat.postMessage", data=form).json()
    [call] = people.calls("chat.postMessage")
    assert (call["ok"], call["ts"]) == (True, answer["ts"])
    assert call["arguments"] == {"channel": GENERAL, "text": "hi"}
    assert people.look("/log", after=call["n"])["calls"] == []
