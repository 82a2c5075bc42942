"""`/runbook note` and the timeline in `/runbook incident show`."""

from core.tables import AuditEntry, IncidentEvent
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.slack.requests import Slack
from tests.acceptance.slack.world import (
    DB_ADMIN,
    DB_CHANNEL,
    DB_OPS,
    QUIET_CHANNEL,
    WEB_OPS,
    gate_of,
    pressed,
)


def notes(unit_of_work: UnitOfWorkFactory) -> list[str]:
    with unit_of_work.begin() as work:
        events = work.session.query(IncidentEvent).filter_by(type="incident.note")
        return [event.details["text"] for event in events.order_by(IncidentEvent.number)]


def test_a_note_is_kept_and_audited_with_who_wrote_it(company: UnitOfWorkFactory, slack: Slack) -> None:
    said = slack.types(DB_OPS, DB_CHANNEL, "note The replica doesn't catch up, lag=40s")

    assert "Noted in inc-1." in said
    assert notes(company) == ["The replica doesn't catch up, lag=40s"]
    with company.begin() as work:
        entry = work.session.query(AuditEntry).filter_by(action="incident.noted").one()
        assert (entry.actor, entry.source, entry.team) == (DB_OPS, "slack", "database")


def test_a_note_that_slack_delivers_twice_is_one_note(company: UnitOfWorkFactory, slack: Slack) -> None:
    for _ in range(2):
        slack.types(DB_OPS, DB_CHANNEL, "note once", trigger_id="the.same")

    assert notes(company) == ["once"]


def test_a_note_needs_a_text_an_incident_and_a_responder(company: UnitOfWorkFactory, slack: Slack) -> None:
    assert "The note's text is missing." in slack.types(DB_OPS, DB_CHANNEL, "note")
    assert "No incident belongs to this channel." in slack.types(DB_OPS, QUIET_CHANNEL, "note hello")
    assert "Only responders of team database" in slack.types(WEB_OPS, DB_CHANNEL, "note hello")
    assert "at most 3000 characters" in slack.types(DB_OPS, DB_CHANNEL, "note " + "x" * 3001)
    assert notes(company) == []


def test_show_has_what_happened_with_who_and_what(company: UnitOfWorkFactory, slack: Slack) -> None:
    gate = gate_of(company, DB_OPS)
    slack.clicks(DB_ADMIN, "approval.approve", pressed(gate))
    slack.types(DB_OPS, DB_CHANNEL, "note <b> &amp; bold")
    said = slack.types(DB_OPS, DB_CHANNEL, "incident show")

    for words in (
        "<@U0ADMIN> opened the incident",
        f"<@{DB_OPS}> requested db-failover v1",
        "db-failover: step gate is waiting for approval",
        f"<@{DB_ADMIN}> approved step gate of db-failover",
        f"<@{DB_OPS}> noted: &lt;b&gt; &amp; bold",
    ):
        assert words in said
    assert said.index("opened the incident") < said.index("requested db-failover") < said.index("noted: ")


def test_show_has_the_last_ten_lines(company: UnitOfWorkFactory, slack: Slack) -> None:
    for number in range(12):
        slack.types(DB_OPS, DB_CHANNEL, f"note number {number}.")
    said = slack.types(DB_OPS, DB_CHANNEL, "incident show")

    assert [f"noted: number {number}." in said for number in range(12)] == [False] * 2 + [True] * 10
    assert "opened the incident" not in said


def test_another_teams_timeline_is_not_shown(company: UnitOfWorkFactory, slack: Slack) -> None:
    slack.types(DB_OPS, DB_CHANNEL, "note secret plan")

    assert "secret plan" not in slack.types(WEB_OPS, DB_CHANNEL, "incident show")
