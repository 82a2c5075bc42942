"""The sandbox's answers, held against Slack's own library and against facts from Slack's documentation."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.models.blocks import Block
from slack_sdk.models.metadata import Metadata
from slack_sdk.models.views import View
from slack_sdk.signature import SignatureVerifier

from slack_sandbox.config import AppConfig, TeamConfig, WorkspaceConfig
from slack_sandbox.delivery.events import event_callback
from slack_sandbox.serving import RunningSandbox
from slack_sandbox.signatures import signed_headers
from slack_sandbox.web_api.registry import build_registry
from tests.integration.slack_sandbox.people import ALICE, GENERAL, People

DOCS = "https://docs.slack.dev"
SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "x"}}
BUTTON = {"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}}
MODAL = {"type": "modal", "title": {"type": "plain_text", "text": "T"}, "blocks": [SECTION]}


@pytest.fixture
def config() -> WorkspaceConfig:
    return WorkspaceConfig(enforce_rate_limits=False)


@pytest.mark.parametrize("name", sorted(build_registry()))
def test_the_library_has_each_method_of_the_sandbox(name: str) -> None:
    """So each is a method of Slack's, spelled as Slack does."""
    assert inspect.isfunction(getattr(WebClient, name.replace(".", "_")))


@dataclass(frozen=True)
class Fact:
    """What Slack answers to a call: the error, or None where it takes it. `page`: where Slack says so."""

    page: str
    call: Callable[[WebClient], Any]
    error: str | None


def long(length: int) -> str:
    return "x" * length


FACTS: Mapping[str, Fact] = {
    "a message needs text": Fact(
        "/reference/methods/chat.postMessage",
        lambda c: c.api_call("chat.postMessage", json={"channel": GENERAL, "text": ""}),
        "no_text",
    ),
    "40,000 characters of text": Fact(
        "/reference/methods/chat.postMessage#truncating",
        lambda c: c.chat_postMessage(channel=GENERAL, text=long(40_000)),
        None,
    ),
    "a channel that is not there": Fact(
        "/reference/methods/chat.postMessage",
        lambda c: c.chat_postMessage(channel="C0NOWHERE", text="x"),
        "channel_not_found",
    ),
    "50 blocks in a message": Fact(
        "/reference/block-kit/blocks",
        lambda c: c.chat_postMessage(channel=GENERAL, text="x", blocks=[SECTION] * 50),
        None,
    ),
    "51 blocks in a message": Fact(
        "/reference/block-kit/blocks",
        lambda c: c.chat_postMessage(channel=GENERAL, text="x", blocks=[SECTION] * 51),
        "invalid_blocks",
    ),
    "blocks that are no list": Fact(
        "/reference/methods/chat.postMessage",
        lambda c: c.chat_postMessage(channel=GENERAL, text="x", blocks="nothing"),
        "invalid_blocks_format",
    ),
    "an action_id twice in a block": Fact(
        "/reference/block-kit/blocks/actions-block",
        lambda c: c.chat_postMessage(
            channel=GENERAL, text="x", blocks=[{"type": "actions", "elements": [BUTTON, BUTTON]}]
        ),
        "invalid_blocks",
    ),
    "metadata without a payload": Fact(
        "/messaging/message-metadata",
        lambda c: c.chat_postMessage(channel=GENERAL, text="x", metadata={"event_type": "x"}),
        "invalid_metadata_format",
    ),
    "updating what is not there": Fact(
        "/reference/methods/chat.update",
        lambda c: c.chat_update(channel=GENERAL, ts="1.000000", text="x"),
        "message_not_found",
    ),
    "deleting what is not there": Fact(
        "/reference/methods/chat.delete",
        lambda c: c.chat_delete(channel=GENERAL, ts="1.000000"),
        "message_not_found",
    ),
    "an ephemeral message to a stranger": Fact(
        "/reference/methods/chat.postEphemeral",
        lambda c: c.chat_postEphemeral(channel=GENERAL, user="U0NOBODY", text="x"),
        "user_not_in_channel",
    ),
    "a channel's name of 80 characters": Fact(
        "/reference/methods/conversations.create#naming",
        lambda c: c.conversations_create(name=long(80)),
        None,
    ),
    "a channel's name of 81 characters": Fact(
        "/reference/methods/conversations.create",
        lambda c: c.conversations_create(name=long(81)),
        "invalid_name_maxlength",
    ),
    "upper case in a channel's name": Fact(
        "/reference/methods/conversations.create",
        lambda c: c.conversations_create(name="Inc-1"),
        "invalid_name_specials",
    ),
    "only punctuation in a channel's name": Fact(
        "/reference/methods/conversations.create",
        lambda c: c.conversations_create(name="---"),
        "invalid_name_punctuation",
    ),
    "a channel's name that is taken": Fact(
        "/reference/methods/conversations.create",
        lambda c: c.conversations_create(name="general"),
        "name_taken",
    ),
    "a topic of 251 characters": Fact(
        "/reference/methods/conversations.setTopic",
        lambda c: c.conversations_setTopic(channel=GENERAL, topic=long(251)),
        "too_long",
    ),
    "a trigger that is none": Fact(
        "/reference/methods/views.open",
        lambda c: c.views_open(trigger_id="1.2.x", view=MODAL),
        "invalid_trigger_id",
    ),
    "updating a view that is not there": Fact(
        "/reference/methods/views.update", lambda c: c.views_update(view_id="V0", view=MODAL), "not_found"
    ),
    "a person who is not there": Fact(
        "/reference/methods/users.info", lambda c: c.users_info(user="U0NOBODY"), "user_not_found"
    ),
    "an address that nobody has": Fact(
        "/reference/methods/users.lookupByEmail",
        lambda c: c.users_lookupByEmail(email="nobody@nowhere.example"),
        "users_not_found",
    ),
    "a thread that is not there": Fact(
        "/reference/methods/conversations.replies",
        lambda c: c.conversations_replies(channel=GENERAL, ts="1.000000"),
        "thread_not_found",
    ),
    "a cursor that is none": Fact(
        "/apis/web-api/pagination", lambda c: c.users_list(cursor="nonsense"), "invalid_cursor"
    ),
    "a method that is not there": Fact("/apis/web-api", lambda c: c.api_call("no.such"), "unknown_method"),
    "a token that is none": Fact(
        "/authentication/tokens",
        lambda c: WebClient("xoxb-none", base_url=c.base_url).auth_test(),
        "invalid_auth",
    ),
    "no token": Fact(
        "/authentication/tokens", lambda c: WebClient(base_url=c.base_url).auth_test(), "not_authed"
    ),
    "the app's token for a bot's method": Fact(
        "/authentication/tokens",
        lambda c: WebClient(AppConfig().app_token, base_url=c.base_url).auth_test(),
        "not_allowed_token_type",
    ),
}


@pytest.mark.parametrize("name", FACTS)
def test_it_answers_as_slack_documents(client: WebClient, name: str) -> None:
    fact = FACTS[name]
    assert error_of(lambda: fact.call(client)) == fact.error, f"see {DOCS}{fact.page}"


def error_of(call: Callable[[], Any]) -> str | None:
    try:
        call()
    except SlackApiError as refused:
        return str(refused.response["error"])
    return None


def test_a_message_is_read_back_by_the_library(client: WebClient) -> None:
    actions = {"type": "actions", "elements": [BUTTON]}
    metadata = Metadata(event_type="run", event_payload={"id": 1})
    client.chat_postMessage(channel=GENERAL, text="x", blocks=[SECTION, actions], metadata=metadata.to_dict())
    answer = client.conversations_history(channel=GENERAL, include_all_metadata=True)
    [message] = answer["messages"]
    parsed = Block.parse_all(message["blocks"])
    assert [type(block).__name__ for block in parsed] == ["SectionBlock", "ActionsBlock"]
    assert [block.to_dict() for block in parsed] == message["blocks"]
    assert Metadata(**message["metadata"]) == metadata
    assert {"type", "ts", "text", "user", "bot_id", "app_id", "team", "bot_profile"} <= message.keys()


def test_a_view_is_read_back_by_the_library(client: WebClient, people: People) -> None:
    client.chat_postMessage(channel=GENERAL, text="x", blocks=[{"type": "actions", "elements": [BUTTON]}])
    people.click(people.messages()[0], "go")
    payload = people.deliveries()[-1]["delivery"]["payload"]
    answer = client.views_open(trigger_id=payload["trigger_id"], view=MODAL)["view"]
    view = View(**answer)
    assert (view.id, view.hash, view.root_view_id) == (answer["id"], answer["hash"], answer["id"])
    assert view.to_dict()["blocks"] == answer["blocks"]
    with pytest.raises(SlackApiError, match="exchanged_trigger_id"):
        client.views_open(trigger_id=payload["trigger_id"], view=MODAL)


def test_pages_are_followed_by_the_library(client: WebClient) -> None:
    for number in range(5):
        client.chat_postMessage(channel=GENERAL, text=f"{number}")
    pages = [page["messages"] for page in client.conversations_history(channel=GENERAL, limit=2)]
    assert [[message["text"] for message in page] for page in pages] == [["4", "3"], ["2", "1"], ["0"]]


def test_a_signature_is_accepted_by_the_library() -> None:
    headers = signed_headers("secret", b"body", datetime.now(UTC))
    assert SignatureVerifier("secret").is_valid_request(b"body", headers)
    assert not SignatureVerifier("other").is_valid_request(b"body", headers)


BLOCK_ACTIONS = {"type", "user", "api_app_id", "token", "container", "trigger_id", "team", "enterprise"}
BLOCK_ACTIONS |= {"is_enterprise_install", "channel", "message", "state", "response_url", "actions"}
COMMAND = {"token", "team_id", "team_domain", "channel_id", "channel_name", "user_id", "user_name", "command"}
COMMAND |= {"text", "api_app_id", "is_enterprise_install", "response_url", "trigger_id"}
EVENT = {"token", "team_id", "api_app_id", "event", "type", "event_id", "event_time", "authorizations"}


def test_payloads_have_the_documented_fields(
    client: WebClient, people: People, slack: RunningSandbox
) -> None:
    """https://docs.slack.dev/reference/interaction-payloads/block_actions-payload,
    https://docs.slack.dev/interactivity/implementing-slash-commands and https://docs.slack.dev/apis/events-api
    """
    client.chat_postMessage(channel=GENERAL, text="x", blocks=[{"type": "actions", "elements": [BUTTON]}])
    people.click(people.messages()[0], "go")
    people.say("/runbook list")
    click, command = [each["delivery"]["payload"] for each in people.deliveries()][-2:]
    assert click.keys() >= BLOCK_ACTIONS
    assert {"id", "username", "name", "team_id"} <= click["user"].keys()
    assert click["user"]["id"] == ALICE
    [action] = click["actions"]
    assert {"action_id", "block_id", "text", "type", "action_ts"} <= action.keys()
    assert command.keys() >= COMMAND
    event = event_callback(TeamConfig(), AppConfig(), {"type": "app_mention"}, datetime.now(UTC))
    assert event.keys() >= EVENT
