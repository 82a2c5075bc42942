"""An incident that has no channel gets one of its own."""

import pytest
from structlog.testing import capture_logs

from bot.poster.poster import IDLE_SECONDS
from core.tables import Incident, Notice
from core.unit_of_work import UnitOfWorkFactory
from slack_sandbox.values import Json
from tests.integration.bot.world import ADMIN_OF_TEAM, OPS, WEB, WORKSPACE, BotWorld
from tests.integration.slack_sandbox.people import People
from tests.world import TEAMS, apply_documents, new_incident

NAME = "inc-1-orders-down"
APP = WORKSPACE.app.bot_user_id


@pytest.fixture
def incident(unit_of_work: UnitOfWorkFactory) -> Incident:
    """Without a channel."""
    return new_incident(unit_of_work, slack_channel=None)


def channels_of(people: People) -> dict[str, Json]:
    return {channel["name"]: channel for channel in people.state(OPS)["channels"]}


def bound_channel(world: BotWorld, incident: Incident) -> str:
    with world.unit_of_work.begin() as work:
        return str(work.session.get_one(Incident, incident.id).slack_channel)


def test_the_channel_is_named_after_the_incident_and_its_team_is_invited(
    world: BotWorld, incident: Incident
) -> None:
    world.settle()
    channel = channels_of(world.people)[NAME]
    assert channel["id"] == bound_channel(world, incident)
    assert sorted(channel["members"]) == sorted([APP, OPS, ADMIN_OF_TEAM])
    assert channel["topic"] == "Orders down"


def test_the_card_stands_first_in_the_new_channel(world: BotWorld, incident: Incident) -> None:
    world.run(incident, "check")
    world.settle()
    assert world.kinds(bound_channel(world, incident))[:2] == ["incident", "headline"]


def test_nothing_goes_anywhere_before_there_is_a_channel(world: BotWorld, incident: Incident) -> None:
    world.people.play({"method": "conversations.create", "kind": "status", "times": 2})
    world.run(incident, "check")
    world.deliver()
    assert world.people.calls("chat.postMessage") == []
    world.settle()
    assert sorted(world.kinds(bound_channel(world, incident))) == [
        "detail",
        "headline",
        "incident",
        "outcome",
    ]


@pytest.mark.parametrize(
    ("method", "kind"),
    [
        ("conversations.create", "reset_after_accept"),
        ("conversations.setTopic", "reset_before_accept"),
        ("conversations.invite", "reset_after_accept"),
        ("conversations.members", "reset_before_accept"),
    ],
)
def test_a_channel_that_was_made_before_a_crash_is_found_again(
    world: BotWorld, incident: Incident, method: str, kind: str
) -> None:
    world.people.play({"method": method, "kind": kind})
    world.settle()
    made = [name for name in channels_of(world.people) if name.startswith("inc-")]
    assert made == [NAME]
    channel = channels_of(world.people)[NAME]
    assert world.kinds(channel["id"]) == ["incident"]
    assert sorted(channel["members"]) == sorted([APP, OPS, ADMIN_OF_TEAM])


@pytest.fixture
def older_channel(world: BotWorld) -> str:
    """A channel of the same name that was there long before the incident, and that the app is in."""
    answer = world.people.do("/channels", user=OPS, name=NAME)
    world.time.pass_by(600)
    return str(answer["channel"]["id"])


def test_a_channel_that_was_there_before_the_incident_is_left_alone(
    older_channel: str, world: BotWorld, unit_of_work: UnitOfWorkFactory
) -> None:
    incident = new_incident(unit_of_work, slack_channel=None)
    world.settle()
    assert bound_channel(world, incident) == channels_of(world.people)[f"{NAME}-2"]["id"]
    assert world.messages(older_channel) == []


def test_an_archived_channel_of_the_name_is_no_obstacle(
    older_channel: str, world: BotWorld, unit_of_work: UnitOfWorkFactory
) -> None:
    world.people.do(f"/channels/{older_channel}/archive", user=OPS)
    incident = new_incident(unit_of_work, slack_channel=None)
    world.settle()
    assert bound_channel(world, incident) == channels_of(world.people)[f"{NAME}-2"]["id"]


def test_somebody_who_left_the_workspace_does_not_keep_the_others_out(
    world: BotWorld, unit_of_work: UnitOfWorkFactory
) -> None:
    members = "".join(f"  - {{slack: {user}, role: responder}}\n" for user in ("U0GONE", OPS, WEB))
    apply_documents(unit_of_work, f"kind: team\nname: mixed\nmembers:\n{members}")
    with capture_logs() as logs:
        new_incident(unit_of_work, "U0WEB", team="mixed", slack_channel=None)
        world.settle()
    assert sorted(channels_of(world.people)[NAME]["members"]) == sorted([APP, OPS, WEB])
    assert [entry["members"] for entry in logs if entry["event"] == "not invited"][-1] == ["U0GONE"]


@pytest.mark.parametrize("method", ["conversations.invite", "conversations.setTopic"])
def test_a_busy_slack_keeps_nobody_out(world: BotWorld, incident: Incident, method: str) -> None:
    world.people.play({"method": method, "kind": "ratelimited", "times": 2, "retry_after": 3})
    world.settle()
    channel = channels_of(world.people)[NAME]
    assert sorted(channel["members"]) == sorted([APP, OPS, ADMIN_OF_TEAM])
    assert channel["topic"] == "Orders down"


def test_a_topic_that_slack_refuses_does_not_keep_the_incident_waiting(
    world: BotWorld, incident: Incident
) -> None:
    world.people.play({"method": "conversations.setTopic", "kind": "error", "error": "too_long"})
    world.settle()
    assert world.kinds(bound_channel(world, incident)) == ["incident"]


def test_a_workspace_that_lets_us_make_no_channel_gets_one_alarm(world: BotWorld, incident: Incident) -> None:
    world.people.play({"method": "conversations.create", "kind": "error", "error": "restricted_action"})
    world.run(incident, "check")
    with capture_logs() as logs:
        world.deliver()
        world.time.pass_by(60)
        world.deliver()
    assert [entry["reason"] for entry in logs if entry["log_level"] == "error"] == ["restricted_action"]
    assert world.poster.patience() == IDLE_SECONDS


def a_private_team(world: BotWorld) -> None:
    apply_documents(world.unit_of_work, f"{TEAMS.split('---', maxsplit=1)[0]}private_channels: true\n")


def test_a_team_that_says_so_gets_a_private_channel_which_is_found_again_after_a_crash(
    world: BotWorld, unit_of_work: UnitOfWorkFactory
) -> None:
    a_private_team(world)
    incident = new_incident(unit_of_work, slack_channel=None)
    world.people.play({"method": "conversations.create", "kind": "reset_after_accept"})
    world.settle()
    channel = channels_of(world.people)[NAME]
    assert channel["is_private"] is True
    assert channel["id"] == bound_channel(world, incident)
    assert sorted(channel["members"]) == sorted([APP, OPS, ADMIN_OF_TEAM])


def test_without_the_scope_for_it_the_people_are_told_once_and_it_is_made_when_it_is_there(
    world: BotWorld, unit_of_work: UnitOfWorkFactory
) -> None:
    a_private_team(world)
    world.people.play(
        {"method": "conversations.create", "kind": "error", "error": "missing_scope", "times": 3}
    )
    new_incident(unit_of_work, slack_channel=None)
    world.settle()
    assert NAME in channels_of(world.people)
    with unit_of_work.begin() as work:
        told = work.session.query(Notice).filter_by(kind="message").all()
    assert sorted(str(each.channel) for each in told) == sorted([OPS, ADMIN_OF_TEAM])
    assert {"`groups:write`" in each.content["text"] for each in told} == {True}


@pytest.mark.parametrize(
    "method", ["conversations.setTopic", "conversations.invite", "conversations.members"]
)
def test_a_missing_scope_costs_only_what_it_is_for(world: BotWorld, incident: Incident, method: str) -> None:
    world.people.play({"method": method, "kind": "error", "error": "missing_scope", "times": 9})
    world.settle()
    assert world.kinds(bound_channel(world, incident)) == ["incident"]
