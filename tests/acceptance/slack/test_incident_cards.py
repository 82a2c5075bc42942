"""The buttons of an incident's card, their forms, and the form that opens an incident."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from slack_bolt import BoltResponse

from bot.app import create_bolt_app
from core.services.incidents.timeline import last_lines
from core.tables import HomeTab, Incident, Team
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.slack.conftest import ResponseUrl
from tests.acceptance.slack.fake_api import FakeApi, running_api
from tests.acceptance.slack.requests import Slack, command_form, ours
from tests.acceptance.slack.world import (
    BOTH_OPS,
    DB_CHANNEL,
    DB_OPS,
    NOBODY,
    QUIET_CHANNEL,
    WEB_OPS,
    the_incident,
)


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with running_api() as api:
        yield api


@pytest.fixture
def slack(company: UnitOfWorkFactory, api: FakeApi, response_url: ResponseUrl) -> Slack:
    app = create_bolt_app(company, workspace=ours, token="xoxb-1", api_url=api.url)
    return Slack(app, response_url.url)


def submits(slack: Slack, view: dict[str, Any], user: str, **entered: Any) -> BoltResponse:
    """Submit the form that was opened; `entered`: by field."""
    values = {name: {"value": given} for name, given in entered.items()}
    sent = view | {"id": "V1", "state": {"values": values}, "app_id": "A1"}
    payload = {
        "type": "view_submission",
        "team": {"id": "T1", "domain": "t"},
        "user": {"id": user, "team_id": "T1"},
        "api_app_id": "A1",
        "trigger_id": "1.2.3",
        "view": sent,
    }
    return slack.deliver(urlencode({"payload": json.dumps(payload)}))


def typed(text: str) -> dict[str, object]:
    return {"type": "plain_text_input", "value": text}


def choice(value: str) -> dict[str, object]:
    return {"type": "static_select", "selected_option": {"value": value}}


def timeline(company: UnitOfWorkFactory) -> list[str]:
    with company.begin() as work:
        return [line.text for line in last_lines(work, the_incident(company), 20)]


def test_acknowledging_with_a_tap_and_a_tap_that_came_too_late(
    company: UnitOfWorkFactory, slack: Slack, response_url: ResponseUrl
) -> None:
    incident = the_incident(company)
    slack.clicks(DB_OPS, "incident.ack", incident.id)
    assert response_url.next_text() == f"inc-{incident.number} is acknowledged."
    slack.clicks(BOTH_OPS, "incident.ack", incident.id)
    late = response_url.next_text()
    assert late.startswith(f"inc-{incident.number} is already acknowledged, by <@{DB_OPS}> at <!date^")
    assert the_incident(company).status == "acknowledged"


def test_resolving_twice_resolves_once(
    company: UnitOfWorkFactory, slack: Slack, response_url: ResponseUrl
) -> None:
    incident = the_incident(company)
    for _ in range(2):
        slack.clicks(DB_OPS, "incident.resolve", incident.id)
    said = sorted([response_url.next_text(), response_url.next_text()])  # the answers may overtake each other
    assert "already resolved, by" in said[0]
    assert said[1] == f"inc-{incident.number} is resolved."
    assert timeline(company).count("changed the status from open to resolved") == 1


def test_the_timeline_is_shown_to_who_asks_alone(
    company: UnitOfWorkFactory, slack: Slack, response_url: ResponseUrl
) -> None:
    slack.types(DB_OPS, DB_CHANNEL, "note <!channel> it is the *disk*")
    slack.clicks(DB_OPS, "incident.timeline", the_incident(company).id)
    said = response_url.next_text()
    assert "noted: &lt;!channel&gt; it is the ∗disk∗" in said
    assert "<!date^" in said


def test_a_note_is_written_in_a_form(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi, response_url: ResponseUrl
) -> None:
    slack.clicks(DB_OPS, "incident.note", the_incident(company).id)
    [(_, view)] = api.opened
    missing = submits(slack, view, DB_OPS, text=typed("  "))
    assert json.loads(missing.body)["errors"] == {"text": "The note's text is missing."}
    for _ in range(2):
        submits(slack, view, DB_OPS, text=typed("We looked."))
        assert "Noted in inc-" in response_url.next_text()
    assert timeline(company).count("noted: We looked.") == 1


def test_escalating_in_a_form_that_is_outdated_says_so(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi, response_url: ResponseUrl
) -> None:
    slack.clicks(DB_OPS, "incident.escalate", the_incident(company).id)
    [(_, view)] = api.opened
    assert [each["value"] for each in view["blocks"][0]["element"]["options"]] == ["high", "critical"]
    submits(slack, view, DB_OPS, severity=choice("critical"))
    assert "is now critical" in response_url.next_text()
    late = json.loads(submits(slack, view, BOTH_OPS, severity=choice("high")).body)
    assert late["response_action"] == "update"
    assert "is already critical" in json.dumps(late)


def test_who_may_not_gets_no_form(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi, response_url: ResponseUrl
) -> None:
    slack.clicks(WEB_OPS, "incident.note", the_incident(company).id)
    assert "There is no incident" in response_url.next_text()
    assert api.opened == []


def opened(slack: Slack, api: FakeApi, user: str, channel: str) -> dict[str, Any]:
    response = slack.deliver(command_form(user, channel, "incident open", "12.34.ab"))
    assert response.body == ""
    return api.opened[-1][1]


def test_incident_open_alone_opens_a_form_which_opens_the_incident_once(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi
) -> None:
    view = opened(slack, api, DB_OPS, QUIET_CHANNEL)
    fields = {block["block_id"]: block["element"] for block in view["blocks"]}
    assert [each["value"] for each in fields["where"]["options"]] == ["own", "here"]
    assert fields["team"]["initial_option"]["value"] == "database"
    entered = {
        "title": typed("Orders\nslow"),
        "severity": choice("high"),
        "team": choice("database"),
        "service": typed("orders-db"),
        "description": typed("Since 3."),
        "where": choice("here"),
    }
    for _ in range(2):
        assert submits(slack, view, DB_OPS, **entered).status == 200
    with company.begin() as work:
        [row] = work.session.query(Incident).filter_by(slack_channel=QUIET_CHANNEL).all()
    assert (row.title, row.severity, row.service) == ("Orders slow", "high", "orders-db")
    assert row.description == "Since 3."


def test_what_is_wrong_in_the_form_is_said_under_its_field(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi
) -> None:
    view = opened(slack, api, DB_OPS, QUIET_CHANNEL)
    entered = {"severity": choice("high"), "team": choice("database"), "where": choice("own")}
    answer = json.loads(submits(slack, view, DB_OPS, title=typed("  "), **entered).body)
    assert answer["errors"] == {"title": "The title is missing. What is wrong?"}
    with company.begin() as work:
        work.session.query(Incident).filter_by(slack_channel=DB_CHANNEL).one().slack_channel = QUIET_CHANNEL
    taken = entered | {"where": choice("here"), "title": typed("Again")}
    answer = json.loads(submits(slack, view, DB_OPS, **taken).body)
    assert "is already the channel of inc-" in answer["errors"]["where"]


def test_a_channel_that_has_an_incident_is_not_offered(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi
) -> None:
    view = opened(slack, api, DB_OPS, DB_CHANNEL)
    [where] = [block["element"] for block in view["blocks"] if block["block_id"] == "where"]
    assert [each["value"] for each in where["options"]] == ["own"]


def test_a_private_team_is_said_to_be_so(company: UnitOfWorkFactory, slack: Slack, api: FakeApi) -> None:
    with company.begin() as work:
        work.session.query(Team).filter_by(name="database").one().private_channels = True
    assert "Private" in json.dumps(opened(slack, api, DB_OPS, QUIET_CHANNEL)["blocks"][-1])


def test_who_is_in_no_team_gets_a_sentence_and_no_form(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi
) -> None:
    assert "You are in no team" in slack.types(NOBODY, QUIET_CHANNEL, "incident open")
    assert api.opened == []


def test_where_the_form_cannot_be_shown_the_reply_says_what_to_type(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi
) -> None:
    api.error = "internal_error"
    assert "Type: `/runbook incident open TITLE" in slack.types(DB_OPS, QUIET_CHANNEL, "incident open")


def test_an_incident_is_handled_here_when_that_is_typed(company: UnitOfWorkFactory, slack: Slack) -> None:
    slack.types(DB_OPS, QUIET_CHANNEL, "incident open Slow channel=here room=3")
    with company.begin() as work:
        row = work.session.query(Incident).filter_by(slack_channel=QUIET_CHANNEL).one()
    assert row.labels == {"room": "3"}
    assert "cannot be put into C1" in slack.types(DB_OPS, QUIET_CHANNEL, "incident open Slow channel=C1")


def event(event: dict[str, Any], **authorization: Any) -> str:
    rows = [{"team_id": "T1", "user_id": "U0APP", "is_bot": True} | authorization]
    body = {"type": "event_callback", "team_id": "T1", "api_app_id": "A1", "authorizations": rows}
    return json.dumps(body | {"event_id": "Ev1", "event_time": 1, "event": event})


def hears(slack: Slack, **of_event: Any) -> BoltResponse:
    return slack.deliver_json(event(of_event))


def test_opening_the_home_tab_has_it_published(company: UnitOfWorkFactory, slack: Slack) -> None:
    assert hears(slack, type="app_home_opened", user=DB_OPS, channel="D1", tab="home").status == 200
    assert hears(slack, type="app_home_opened", user=WEB_OPS, channel="D2", tab="messages").status == 200
    with company.begin() as work:
        assert [row.slack_user_id for row in work.session.query(HomeTab)] == [DB_OPS]


@pytest.mark.parametrize(
    ("of_event", "line"),
    [
        ({"type": "channel_archive", "channel": DB_CHANNEL, "user": DB_OPS}, "archived"),
        ({"type": "channel_left", "channel": DB_CHANNEL, "actor_id": DB_OPS}, "removed"),
        ({"type": "member_left_channel", "channel": DB_CHANNEL, "user": "U0APP"}, "removed"),
        (
            {"type": "channel_rename", "channel": {"id": DB_CHANNEL, "name": "new-name"}},
            "renamed to new-name",
        ),
        ({"type": "channel_deleted", "channel": DB_CHANNEL}, "deleted"),
    ],
)
def test_news_of_the_channel_is_in_the_timeline(
    company: UnitOfWorkFactory, slack: Slack, of_event: dict[str, Any], line: str
) -> None:
    for _ in range(2):
        assert hears(slack, **of_event).status == 200
    assert len([said for said in timeline(company) if line in said]) == 1


def test_somebody_else_who_leaves_the_channel_is_no_news(company: UnitOfWorkFactory, slack: Slack) -> None:
    hears(slack, type="member_left_channel", channel=DB_CHANNEL, user=DB_OPS)
    hears(slack, type="member_joined_channel", channel=DB_CHANNEL, user=DB_OPS)
    assert not [said for said in timeline(company) if "channel" in said]


def click_at_home(user: str, action_id: str, value: str) -> str:
    payload = {
        "type": "block_actions",
        "team": {"id": "T1", "domain": "t"},
        "user": {"id": user, "team_id": "T1"},
        "api_app_id": "A1",
        "trigger_id": f"9.{action_id}",
        "view": {"id": "V0", "type": "home"},
        "actions": [{"action_id": action_id, "block_id": "b", "type": "button", "value": value}],
    }
    return urlencode({"payload": json.dumps(payload)})


def test_a_click_in_the_home_tab_is_answered_over_it(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi
) -> None:
    slack.deliver(click_at_home(DB_OPS, "approval.approve", "apr_none"))
    assert "There is no approval apr_none" in json.dumps(api.opened[-1][1])
    slack.deliver(click_at_home(DB_OPS, "incident.ack", the_incident(company).id))
    assert "is acknowledged" in json.dumps(api.opened[-1][1])
    slack.deliver(click_at_home(DB_OPS, "incident.new", "home"))
    view = api.opened[-1][1]
    assert view["callback_id"] == "incident.form"
    entered = {"severity": choice("low"), "team": choice("database"), "where": choice("own")}
    answer = json.loads(submits(slack, view, DB_OPS, title=typed("Slow"), **entered).body)
    assert answer["response_action"] == "update"
    assert "is open: Slow" in json.dumps(answer)
