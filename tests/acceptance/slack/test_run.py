"""`/runbook run`: who may, for which incident, with which parameters, and how often."""

from concurrent.futures import ThreadPoolExecutor

from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.slack.requests import Slack
from tests.acceptance.slack.world import (
    ADMIN,
    BOTH_OPS,
    DB_CHANNEL,
    DB_OPS,
    NOBODY,
    QUIET_CHANNEL,
    WEB_OPS,
    add_runbook,
    executions,
    the_incident,
)
from tests.conftest import RecordedJobs


def test_a_run_is_committed_and_rung_when_slack_is_answered(
    company: UnitOfWorkFactory, slack: Slack, recorded_jobs: RecordedJobs
) -> None:
    said = slack.types(DB_OPS, DB_CHANNEL, "run db-failover cluster=orders reason=“disk full”")
    (row,) = executions(company)
    assert row.id in said
    assert (row.runbook_name, row.requested_by, row.status) == ("db-failover", DB_OPS, "pending")
    assert row.parameters == {"cluster": "orders", "reason": "disk full"}
    assert row.incident_id == the_incident(company).id
    assert recorded_jobs.enqueued == [("runbook", row.id)]


def test_a_person_of_another_team_is_refused_and_told_why(company: UnitOfWorkFactory, slack: Slack) -> None:
    said = slack.types(WEB_OPS, DB_CHANNEL, "run say-hello")
    assert "⛔ Only responders of team database may run say-hello here" in said
    assert executions(company) == []


def test_another_teams_runbook_is_refused_in_this_incident(company: UnitOfWorkFactory, slack: Slack) -> None:
    said = slack.types(BOTH_OPS, DB_CHANNEL, "run web-restart")
    assert "web-restart belongs to team web, but this incident belongs to team database" in said
    assert executions(company) == []


def test_a_runbook_that_another_team_owns_does_not_exist_for_you(
    company: UnitOfWorkFactory, slack: Slack
) -> None:
    assert "There is no runbook web-restart." in slack.types(DB_OPS, DB_CHANNEL, "run web-restart")


def test_an_unknown_runbook_is_answered_with_the_nearest_names(
    company: UnitOfWorkFactory, slack: Slack
) -> None:
    said = slack.types(DB_OPS, DB_CHANNEL, "run db-fialover cluster=orders")
    assert "There is no runbook db-fialover. Did you mean db-failover?" in said
    assert executions(company) == []


def test_missing_parameters_are_named_with_the_line_to_type(company: UnitOfWorkFactory, slack: Slack) -> None:
    said = slack.types(DB_OPS, DB_CHANNEL, "run db-failover")
    assert "cluster is missing." in said
    assert "/runbook run db-failover cluster=orders|users [reason=…]" in said
    assert executions(company) == []


def test_a_wrong_parameter_is_named_with_what_would_be_right(
    company: UnitOfWorkFactory, slack: Slack
) -> None:
    said = slack.types(DB_OPS, DB_CHANNEL, "run db-failover cluster=oders")
    assert "cluster must be one of orders, users" in said


def test_a_parameter_that_there_is_not_is_refused(company: UnitOfWorkFactory, slack: Slack) -> None:
    said = slack.types(DB_OPS, DB_CHANNEL, "run db-failover cluster=orders clutser=users")
    assert "There is no parameter clutser. Did you mean cluster?" in said
    assert executions(company) == []


def test_a_plan_without_a_name_asks_which(slack: Slack) -> None:
    assert "The runbook's name is missing." in slack.types(DB_OPS, DB_CHANNEL, "run --dry-run")


def test_a_draft_does_not_run(company: UnitOfWorkFactory, slack: Slack) -> None:
    add_runbook(company, "new-idea", approved=False, steps=[{"id": "pause", "type": "wait", "for": "1s"}])
    assert "only an approved version runs" in slack.types(DB_OPS, DB_CHANNEL, "run new-idea")
    assert executions(company) == []


def test_without_an_incident_in_the_channel_one_is_told_what_to_do(
    company: UnitOfWorkFactory, slack: Slack
) -> None:
    said = slack.types(DB_OPS, QUIET_CHANNEL, "run say-hello")
    assert "No incident belongs to this channel." in said
    assert "/runbook incident open TITLE" in said


def test_somebody_without_a_team_is_refused(company: UnitOfWorkFactory, slack: Slack) -> None:
    assert "Only responders of team database" in slack.types(NOBODY, DB_CHANNEL, "run say-hello")


def test_a_platform_admin_may_run(company: UnitOfWorkFactory, slack: Slack) -> None:
    slack.types(ADMIN.slack_user_id, DB_CHANNEL, "run say-hello")
    assert len(executions(company)) == 1


def test_the_same_delivery_ten_times_makes_one_execution(
    company: UnitOfWorkFactory, slack: Slack, recorded_jobs: RecordedJobs
) -> None:
    answers = {slack.types(DB_OPS, DB_CHANNEL, "run say-hello", "trigger.same") for _ in range(10)}
    assert len(executions(company)) == len(answers) == len(recorded_jobs.enqueued) == 1


def test_the_same_delivery_ten_times_at_once_makes_one_execution(
    company: UnitOfWorkFactory, slack: Slack
) -> None:
    with ThreadPoolExecutor(10) as pool:
        answers = set(
            pool.map(lambda _: slack.types(DB_OPS, DB_CHANNEL, "run say-hello", "trigger.same"), range(10))
        )
    assert len(executions(company)) == len(answers) == 1


def test_two_commands_make_two_executions(company: UnitOfWorkFactory, slack: Slack) -> None:
    slack.types(DB_OPS, DB_CHANNEL, "run say-hello")
    slack.types(DB_OPS, DB_CHANNEL, "run say-hello")
    assert len(executions(company)) == 2


def test_the_word_payload_does_not_lose_the_command(company: UnitOfWorkFactory, slack: Slack) -> None:
    said = slack.types(DB_OPS, DB_CHANNEL, "run say-hello payload=1")
    assert "There is no parameter payload." in said
