"""What a channel carries and what happens to it, with the events that an app hears of it."""

from collections.abc import Iterator
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from slack_sandbox.config import DEMO_USERS, AppConfig, UserConfig, UsergroupConfig, WorkspaceConfig
from slack_sandbox.values import Json
from tests.integration.slack_sandbox.apps import a_bolt_app, bolt_over_http
from tests.integration.slack_sandbox.people import ALICE, BOB, GENERAL, People, eventually

APP = "U0RUNBOOK"
EVENTS = (
    *(
        "channel_rename",
        "group_rename",
        "channel_archive",
        "channel_left",
        "member_left_channel",
        "pin_added",
    ),
    *("member_joined_channel", "pin_removed", "user_change", "subteam_members_changed"),
)
STRANGER = UserConfig(id="U0PARTNER", name="pat", is_stranger=True, team_id="T0PARTNER", tz="Europe/Zurich")


@pytest.fixture
def config() -> WorkspaceConfig:
    group = UsergroupConfig(id="S0DBA", handle="dba", name="Database admins", users=(ALICE,))
    return WorkspaceConfig(
        users=(*DEMO_USERS, STRANGER),
        usergroups=(group,),
        app=AppConfig(events=EVENTS),
        enforce_rate_limits=False,
    )


@pytest.fixture
def heard(slack: Any, people: People) -> Iterator[list[Json]]:
    """The events that reached the app, in the order of their arrival."""
    events: list[Json] = []
    app = a_bolt_app(slack)

    def hear(event: dict[str, Any]) -> None:
        events.append(event)

    for kind in EVENTS:
        app.event(kind)(hear)
    with bolt_over_http(app) as url:
        people.do("/app", request_url=url)
        yield events


def one(heard: list[Json], kind: str) -> Json:
    eventually(lambda: any(event["type"] == kind for event in heard))
    [event] = [event for event in heard if event["type"] == kind]
    return event


def a_channel(client: WebClient, **more: Any) -> str:
    channel: Json = client.conversations_create(name="inc-1", **more)["channel"]
    client.conversations_invite(channel=channel["id"], users=ALICE)
    return str(channel["id"])


def test_a_rename_by_a_person_is_heard(client: WebClient, people: People, heard: list[Json]) -> None:
    channel = a_channel(client)
    assert people.do(f"/channels/{channel}/rename", user=ALICE, name="inc-1-orders")["ok"]
    assert one(heard, "channel_rename")["channel"]["name"] == "inc-1-orders"
    assert client.conversations_info(channel=channel)["channel"]["name"] == "inc-1-orders"
    with pytest.raises(SlackApiError, match="name_taken"):
        client.conversations_rename(channel=channel, name="general")
    assert client.conversations_rename(channel=channel, name="inc-1-db")["channel"]["name"] == "inc-1-db"


def test_the_app_hears_that_it_was_taken_out_and_then_sees_nothing(
    client: WebClient, people: People, heard: list[Json]
) -> None:
    channel = a_channel(client, is_private=True)
    assert people.do(f"/channels/{channel}/kick", user=ALICE, target=APP)["ok"]
    eventually(lambda: any(event["type"] == "member_left_channel" for event in heard))
    with pytest.raises(SlackApiError, match="channel_not_found"):
        client.chat_postMessage(channel=channel, text="still here?")
    people.do(f"/channels/{channel}/invite", user=ALICE, users=[APP])
    assert client.chat_postMessage(channel=channel, text="back")["ok"]


def test_a_channel_made_private_is_gone_for_those_outside(client: WebClient, people: People) -> None:
    channel = a_channel(client)
    assert channel in people.state(BOB)["messages"]
    people.do(f"/channels/{channel}/make_private", user=ALICE)
    assert channel not in people.state(BOB)["messages"]
    kinds = [each["is_private"] for each in client.conversations_list(types="private_channel")["channels"]]
    assert kinds == [True]


def test_the_channels_of_a_person_and_of_the_app(client: WebClient) -> None:
    channel = a_channel(client, is_private=True)
    both = "public_channel,private_channel"
    mine = [each["id"] for each in client.users_conversations(types=both)["channels"]]
    bobs = [each["id"] for each in client.users_conversations(user=BOB, types=both)["channels"]]
    assert channel in mine
    assert channel not in bobs
    with pytest.raises(SlackApiError, match="invalid_types"):
        client.users_conversations(types="secret")


def test_bookmarks(client: WebClient, people: People) -> None:
    add = {"channel_id": GENERAL, "title": "The page", "type": "link"}
    bookmark = client.bookmarks_add(link="https://example.com/1", **add)["bookmark"]
    client.bookmarks_edit(channel_id=GENERAL, bookmark_id=bookmark["id"], title="The status page")
    assert [each["title"] for each in client.bookmarks_list(channel_id=GENERAL)["bookmarks"]] == [
        "The status page"
    ]
    [channel] = [each for each in people.state()["channels"] if each["id"] == GENERAL]
    assert channel["bookmarks"][0]["link"] == "https://example.com/1"
    with pytest.raises(SlackApiError, match="invalid_link"):
        client.bookmarks_add(link="ftp://example.com", **add)
    client.bookmarks_remove(channel_id=GENERAL, bookmark_id=bookmark["id"])
    with pytest.raises(SlackApiError, match="not_found"):
        client.bookmarks_remove(channel_id=GENERAL, bookmark_id=bookmark["id"])


def sent(people: People, kind: str) -> Json:
    """The one event of this kind that was sent: Bolt itself drops those that its own app caused."""
    events: list[Json] = [each["delivery"]["payload"]["event"] for each in people.deliveries()]
    [event] = [event for event in events if event["type"] == kind]
    return event


@pytest.mark.usefixtures("heard")
def test_pins(client: WebClient, people: People) -> None:
    ts = client.chat_postMessage(channel=GENERAL, text="The card")["ts"]
    client.pins_add(channel=GENERAL, timestamp=ts)
    eventually(lambda: len(people.deliveries()) == 1)
    assert sent(people, "pin_added")["item"]["message"]["text"] == "The card"
    assert [item["message"]["ts"] for item in client.pins_list(channel=GENERAL)["items"]] == [ts]
    assert people.messages()[0]["pinned_to"] == [GENERAL]
    with pytest.raises(SlackApiError, match="already_pinned"):
        client.pins_add(channel=GENERAL, timestamp=ts)
    client.pins_remove(channel=GENERAL, timestamp=ts)
    eventually(lambda: len(people.deliveries()) == 2)
    assert sent(people, "pin_removed")["has_pins"] is False
    with pytest.raises(SlackApiError, match="no_pin"):
        client.pins_remove(channel=GENERAL, timestamp=ts)


def test_user_groups_and_their_changes(client: WebClient, people: People, heard: list[Json]) -> None:
    [group] = client.usergroups_list(include_users=True)["usergroups"]
    assert (group["handle"], group["users"]) == ("dba", [ALICE])
    people.do("/usergroups/S0DBA", users=[BOB])
    assert client.usergroups_users_list(usergroup="S0DBA")["users"] == [BOB]
    changed = one(heard, "subteam_members_changed")
    assert (changed["added_users"], changed["removed_users"]) == ([BOB], [ALICE])
    people.do("/usergroups/S0DBA", disabled=True)
    assert client.usergroups_list()["usergroups"] == []
    with pytest.raises(SlackApiError, match="no_such_subteam"):
        client.usergroups_users_list(usergroup="S0NONE")


def test_strangers_guests_and_those_who_left(client: WebClient, people: People, heard: list[Json]) -> None:
    partner = client.users_info(user=STRANGER.id)["user"]
    assert (partner["is_stranger"], partner["team_id"], partner["tz"]) == (True, "T0PARTNER", "Europe/Zurich")
    assert "is_stranger" not in client.users_info(user=ALICE)["user"]
    people.do(f"/users/{BOB}", deleted=True)
    assert one(heard, "user_change")["user"]["deleted"] is True
    refused = people.say("let me in", user=BOB)
    assert refused["message"] == "This account is deactivated: it can do nothing."
    people.do("/users/U0CAROL", is_ultra_restricted=True)
    carol = client.users_info(user="U0CAROL")["user"]
    assert (carol["is_restricted"], carol["is_ultra_restricted"]) == (True, True)


def test_the_workspace_is_named(client: WebClient) -> None:
    assert client.team_info()["team"]["domain"] == "acme"
    with pytest.raises(SlackApiError, match="team_not_found"):
        client.team_info(team="T0OTHER")
