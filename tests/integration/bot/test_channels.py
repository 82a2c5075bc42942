"""An incident that has no channel gets one of its own."""

import pytest
from structlog.testing import capture_logs

from core.service import Service
from core.tables import Incident
from slack_sandbox.values import Json
from tests.integration.bot.desk import ADMIN_OF_TEAM, OPS, WEB, WORKSPACE, Desk
from tests.integration.slack_sandbox.people import People
from tests.world import apply_documents, new_incident

NAME = "inc-1-orders-down"
APP = WORKSPACE.app.bot_user_id


@pytest.fixture
def incident(service: Service) -> Incident:
    """Without a channel."""
    return new_incident(service, slack_channel=None)


def channels_of(people: People) -> dict[str, Json]:
    return {channel["name"]: channel for channel in people.state(OPS)["channels"]}


def bound_channel(desk: Desk, incident: Incident) -> str:
    with desk.service.transaction() as work:
        return str(work.session.get_one(Incident, incident.id).slack_channel)


def test_the_channel_is_named_after_the_incident_and_its_team_is_invited(
    desk: Desk, incident: Incident
) -> None:
    desk.settle()
    channel = channels_of(desk.people)[NAME]
    assert channel["id"] == bound_channel(desk, incident)
    assert sorted(channel["members"]) == sorted([APP, OPS, ADMIN_OF_TEAM])
    assert channel["topic"] == "Orders down"


def test_the_card_stands_first_in_the_new_channel(desk: Desk, incident: Incident) -> None:
    desk.run(incident, "check")
    desk.settle()
    assert desk.kinds(bound_channel(desk, incident))[:2] == ["incident", "headline"]


def test_nothing_goes_anywhere_before_there_is_a_channel(desk: Desk, incident: Incident) -> None:
    desk.people.play({"method": "conversations.create", "kind": "status", "times": 2})
    desk.run(incident, "check")
    desk.deliver()
    assert desk.people.calls("chat.postMessage") == []
    desk.settle()
    assert sorted(desk.kinds(bound_channel(desk, incident))) == ["detail", "headline", "incident", "outcome"]


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
    desk: Desk, incident: Incident, method: str, kind: str
) -> None:
    desk.people.play({"method": method, "kind": kind})
    desk.settle()
    made = [name for name in channels_of(desk.people) if name.startswith("inc-")]
    assert made == [NAME]
    channel = channels_of(desk.people)[NAME]
    assert desk.kinds(channel["id"]) == ["incident"]
    assert sorted(channel["members"]) == sorted([APP, OPS, ADMIN_OF_TEAM])


@pytest.fixture
def older_channel(desk: Desk) -> str:
    """A channel of the same name that was there long before the incident, and that the app is in."""
    answer = desk.people.do("/channels", user=OPS, name=NAME)
    desk.time.pass_by(600)
    return str(answer["channel"]["id"])


def test_a_channel_that_was_there_before_the_incident_is_left_alone(
    older_channel: str, desk: Desk, service: Service
) -> None:
    incident = new_incident(service, slack_channel=None)
    desk.settle()
    assert bound_channel(desk, incident) == channels_of(desk.people)[f"{NAME}-2"]["id"]
    assert desk.messages(older_channel) == []


def test_an_archived_channel_of_the_name_is_no_obstacle(
    older_channel: str, desk: Desk, service: Service
) -> None:
    desk.people.do(f"/channels/{older_channel}/archive", user=OPS)
    incident = new_incident(service, slack_channel=None)
    desk.settle()
    assert bound_channel(desk, incident) == channels_of(desk.people)[f"{NAME}-2"]["id"]


def test_somebody_who_left_the_workspace_does_not_keep_the_others_out(desk: Desk, service: Service) -> None:
    members = "".join(f"  - {{slack: {user}, role: responder}}\n" for user in ("U0GONE", OPS, WEB))
    apply_documents(service, f"kind: team\nname: mixed\nmembers:\n{members}")
    with capture_logs() as logs:
        new_incident(service, "U0WEB", team="mixed", slack_channel=None)
        desk.settle()
    assert sorted(channels_of(desk.people)[NAME]["members"]) == sorted([APP, OPS, WEB])
    assert [entry["members"] for entry in logs if entry["event"] == "not invited"][-1] == ["U0GONE"]


@pytest.mark.parametrize("method", ["conversations.invite", "conversations.setTopic"])
def test_a_busy_slack_keeps_nobody_out(desk: Desk, incident: Incident, method: str) -> None:
    desk.people.play({"method": method, "kind": "ratelimited", "times": 2, "retry_after": 3})
    desk.settle()
    channel = channels_of(desk.people)[NAME]
    assert sorted(channel["members"]) == sorted([APP, OPS, ADMIN_OF_TEAM])
    assert channel["topic"] == "Orders down"


def test_a_topic_that_slack_refuses_does_not_keep_the_incident_waiting(
    desk: Desk, incident: Incident
) -> None:
    desk.people.play({"method": "conversations.setTopic", "kind": "error", "error": "too_long"})
    desk.settle()
    assert desk.kinds(bound_channel(desk, incident)) == ["incident"]


def test_a_workspace_that_lets_us_make_no_channel_gets_one_alarm(desk: Desk, incident: Incident) -> None:
    desk.people.play({"method": "conversations.create", "kind": "error", "error": "restricted_action"})
    desk.run(incident, "check")
    with capture_logs() as logs:
        desk.deliver()
        desk.time.pass_by(60)
        desk.deliver()
    assert [entry["reason"] for entry in logs if entry["log_level"] == "error"] == ["restricted_action"]
    assert not desk.poster.is_owing()
