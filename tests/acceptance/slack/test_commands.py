"""The other sub-commands, as people in an incident's channel use them."""

from core.tables import Incident
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.slack.requests import Slack
from tests.acceptance.slack.world import (
    ADMIN,
    BOTH_OPS,
    DB_ADMIN,
    DB_CHANNEL,
    DB_OPS,
    NOBODY,
    QUIET_CHANNEL,
    WAIT,
    WEB_OPS,
    add_runbook,
    executions,
    gate_of,
    start,
    the_incident,
)


def incidents(unit_of_work: UnitOfWorkFactory) -> list[Incident]:
    with unit_of_work.begin() as work:
        return work.session.query(Incident).order_by(Incident.number).all()


def test_help_is_there_for_anybody(slack: Slack) -> None:
    said = slack.types(NOBODY, QUIET_CHANNEL, "help")
    for words in (
        "/runbook run NAME [key=value…]",
        "/runbook approvals",
        "incident open TITLE",
        "/runbook help",
    ):
        assert words in said


def test_an_unknown_command_is_answered_with_the_nearest(slack: Slack) -> None:
    assert "There is no command aprovals. Did you mean approvals" in slack.types(
        DB_OPS, DB_CHANNEL, "aprovals"
    )


def test_a_runbooks_name_alone_is_understood(slack: Slack) -> None:
    assert "Did you mean `/runbook run say-hello`?" in slack.types(DB_OPS, DB_CHANNEL, "say-hello")


def test_an_open_quote_is_explained(slack: Slack) -> None:
    assert "A quote is never closed" in slack.types(DB_OPS, DB_CHANNEL, 'run "db-failover')


def test_list_shows_what_the_person_may_see(company: UnitOfWorkFactory, slack: Slack) -> None:
    add_runbook(company, "half-done", approved=False, steps=[WAIT])
    said = slack.types(DB_OPS, QUIET_CHANNEL, "list")
    assert "*db-failover* · team database" in said
    assert "*say-hello* · global" in said
    assert "*half-done* · global · *draft, does not run*" in said
    assert "web-restart" not in said


def test_list_with_a_word_shows_those_with_the_word(slack: Slack) -> None:
    said = slack.types(DB_OPS, QUIET_CHANNEL, "list fail")
    assert "db-failover" in said
    assert "say-hello" not in said
    assert "No runbook has zebra in its name." in slack.types(DB_OPS, QUIET_CHANNEL, "list zebra")


def test_show_tells_how_to_run_it_and_what_it_does(slack: Slack) -> None:
    said = slack.types(DB_OPS, QUIET_CHANNEL, "show db-failover")
    assert "/runbook run db-failover cluster=orders|users [reason=…]" in said
    assert "cluster: Which cluster" in said
    assert "1. gate (approval)" in said


def test_show_without_a_name_says_what_is_missing(slack: Slack) -> None:
    assert "An argument is missing. Type: `/runbook show NAME`" in slack.types(DB_OPS, QUIET_CHANNEL, "show")


def test_status_shows_the_only_active_run(company: UnitOfWorkFactory, slack: Slack) -> None:
    execution_id = start(company, "say-hello", DB_OPS)
    said = slack.types(DB_OPS, DB_CHANNEL, "status")
    assert execution_id in said
    assert "run.cancel" in said


def test_status_lists_several_active_runs(company: UnitOfWorkFactory, slack: Slack) -> None:
    both = [start(company, "say-hello", DB_OPS) for _ in range(2)]
    said = slack.types(DB_OPS, DB_CHANNEL, "status")
    assert "2 runs are active here" in said
    assert all(execution_id in said for execution_id in both)


def test_status_of_a_quiet_incident_shows_the_last_runs(company: UnitOfWorkFactory, slack: Slack) -> None:
    assert "Nothing has run here yet." in slack.types(DB_OPS, DB_CHANNEL, "status")
    start(company, "say-hello", DB_OPS)
    slack.types(DB_OPS, DB_CHANNEL, "cancel")
    assert "Nothing is running here." in slack.types(DB_OPS, DB_CHANNEL, "status")


def test_status_by_id_works_in_any_channel_but_for_the_team_alone(
    company: UnitOfWorkFactory, slack: Slack
) -> None:
    execution_id = start(company, "say-hello", DB_OPS)
    assert "pending" in slack.types(DB_OPS, QUIET_CHANNEL, f"status {execution_id}")
    assert "There is no execution" in slack.types(WEB_OPS, QUIET_CHANNEL, f"status {execution_id}")
    assert "No incident of your teams" in slack.types(WEB_OPS, DB_CHANNEL, "status")


def test_cancel_takes_the_only_active_run(company: UnitOfWorkFactory, slack: Slack) -> None:
    start(company, "say-hello", DB_OPS)
    assert "say-hello is cancelled." in slack.types(DB_OPS, DB_CHANNEL, "cancel")
    assert executions(company)[0].status == "cancelled"
    assert "Nothing is running here." in slack.types(DB_OPS, DB_CHANNEL, "cancel")


def test_cancel_asks_which_of_several(company: UnitOfWorkFactory, slack: Slack) -> None:
    both = [start(company, "say-hello", DB_OPS) for _ in range(2)]
    said = slack.types(DB_OPS, DB_CHANNEL, "cancel")
    assert all(execution_id in said for execution_id in both)
    assert [row.status for row in executions(company)] == ["pending", "pending"]
    slack.types(DB_OPS, DB_CHANNEL, f"cancel {both[0]}")
    assert {row.id: row.status for row in executions(company)} == {both[0]: "cancelled", both[1]: "pending"}


def test_another_team_cannot_cancel_the_channels_run(company: UnitOfWorkFactory, slack: Slack) -> None:
    start(company, "say-hello", DB_OPS)
    assert "There is no execution" in slack.types(WEB_OPS, DB_CHANNEL, "cancel")
    assert executions(company)[0].status == "pending"


def test_approvals_have_buttons_for_who_may_decide_alone(company: UnitOfWorkFactory, slack: Slack) -> None:
    assert "Nothing is waiting for approval." in slack.types(DB_ADMIN, QUIET_CHANNEL, "approvals")
    gate = gate_of(company, DB_OPS)
    assert gate.id in slack.types(DB_ADMIN, QUIET_CHANNEL, "approvals")
    asked_for = slack.types(DB_OPS, QUIET_CHANNEL, "approvals")
    assert "db-failover" in asked_for
    assert "approval.approve" not in asked_for
    assert "Nothing is waiting for approval." in slack.types(WEB_OPS, QUIET_CHANNEL, "approvals")


def test_only_a_platform_admin_approves_a_definition_that_another_wrote(
    company: UnitOfWorkFactory, slack: Slack
) -> None:
    add_runbook(company, "new-idea", approved=False, steps=[WAIT])
    assert "Only a platform admin may approve" in slack.types(DB_ADMIN, DB_CHANNEL, "approve new-idea")
    assert "You wrote version 1" in slack.types(ADMIN.slack_user_id, DB_CHANNEL, "approve new-idea")
    assert "only an approved version runs" in slack.types(DB_OPS, DB_CHANNEL, "run new-idea")


def test_an_incident_is_opened_for_the_persons_only_team(company: UnitOfWorkFactory, slack: Slack) -> None:
    said = slack.types(
        DB_OPS,
        QUIET_CHANNEL,
        'incident open Orders can’t connect severity=high service=orders-db pager="yes"',
    )
    opened = incidents(company)[-1]
    assert f"inc-{opened.number} is open" in said
    assert (opened.title, opened.severity, opened.service) == (
        "Orders can’t connect",
        "high",
        "orders-db",
    )
    assert (opened.team.name, opened.labels, opened.opened_by) == ("database", {"pager": "yes"}, DB_OPS)


def test_a_quoted_title_may_look_like_a_parameter(company: UnitOfWorkFactory, slack: Slack) -> None:
    slack.types(DB_OPS, QUIET_CHANNEL, 'incident open "CPU=100% on db1"')
    assert incidents(company)[-1].title == "CPU=100% on db1"


def test_somebody_of_two_teams_must_say_whose_incident_it_is(
    company: UnitOfWorkFactory, slack: Slack
) -> None:
    assert "Your teams are database, web. Add team=NAME." in slack.types(
        BOTH_OPS, QUIET_CHANNEL, "incident open Slow"
    )
    slack.types(BOTH_OPS, QUIET_CHANNEL, "incident open Slow team=web")
    assert incidents(company)[-1].team.name == "web"


def test_nobody_opens_another_teams_incident(company: UnitOfWorkFactory, slack: Slack) -> None:
    said = slack.types(WEB_OPS, QUIET_CHANNEL, "incident open Slow team=database")
    assert "Only responders of team database may open incidents here" in said
    assert "You are not in any team." in slack.types(NOBODY, QUIET_CHANNEL, "incident open Slow")
    assert len(incidents(company)) == 1


def test_an_incident_needs_a_title_and_a_known_severity(company: UnitOfWorkFactory, slack: Slack) -> None:
    assert "The title is missing." in slack.types(DB_OPS, QUIET_CHANNEL, "incident open severity=high")
    said = slack.types(DB_OPS, QUIET_CHANNEL, "incident open Slow severity=critcal")
    assert "There is no severity critcal. Use critical." in said
    assert len(incidents(company)) == 1


def test_the_same_delivery_opens_one_incident(company: UnitOfWorkFactory, slack: Slack) -> None:
    for _ in range(3):
        slack.types(DB_OPS, QUIET_CHANNEL, "incident open Slow", "trigger.same")
    assert len(incidents(company)) == 2


def test_an_incident_is_acknowledged_and_resolved_in_its_channel(
    company: UnitOfWorkFactory, slack: Slack
) -> None:
    assert "is acknowledged." in slack.types(DB_OPS, DB_CHANNEL, "incident ack")
    assert "is already acknowledged." in slack.types(DB_OPS, DB_CHANNEL, "incident ack")
    assert "is resolved." in slack.types(DB_OPS, DB_CHANNEL, "incident resolve")
    assert the_incident(company).status == "resolved"


def test_another_team_cannot_change_the_incident(company: UnitOfWorkFactory, slack: Slack) -> None:
    assert "⛔ Only responders of team database" in slack.types(WEB_OPS, DB_CHANNEL, "incident resolve")
    assert the_incident(company).status == "open"


def test_the_incident_is_shown_to_its_team(slack: Slack) -> None:
    assert "Orders DB down" in slack.types(DB_OPS, DB_CHANNEL, "incident show")
    assert "Orders DB down" not in slack.types(WEB_OPS, DB_CHANNEL, "incident")


def test_an_unknown_verb_of_incident_is_answered_with_the_nearest(slack: Slack) -> None:
    assert "There is no `incident resolv`. Use resolve." in slack.types(DB_OPS, DB_CHANNEL, "incident resolv")
