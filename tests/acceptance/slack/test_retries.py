"""Retrying from Slack: typed, and by the button of a failed run."""

from core.services.access.people import load_person
from core.services.runs.control import cancel
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.slack.conftest import ResponseUrl
from tests.acceptance.slack.requests import Slack
from tests.acceptance.slack.world import DB_ADMIN, DB_CHANNEL, DB_OPS, WEB_OPS, executions, start


def cancelled(company: UnitOfWorkFactory) -> str:
    run = start(company, "db-failover", DB_OPS, cluster="orders")
    with company.begin() as work:
        cancel(work, load_person(work, DB_OPS, source="test"), run)
    return run


def test_a_run_is_retried_once_for_one_delivery(company: UnitOfWorkFactory, slack: Slack) -> None:
    run = cancelled(company)
    said = [slack.types(DB_OPS, DB_CHANNEL, f"retry {run}", trigger_id="t1") for _ in range(2)]

    _, made = executions(company)
    assert made.retry_of == run
    assert said[0] == said[1]
    assert f"db-failover v1 continues as {made.id}, a retry of {run}" in said[0]


def test_the_button_retries_once_however_often_it_is_pressed(
    company: UnitOfWorkFactory, slack: Slack, response_url: ResponseUrl
) -> None:
    run = cancelled(company)
    for _ in range(2):
        assert slack.clicks(DB_OPS, "run.retry", run).status == 200
    assert [row.retry_of for row in executions(company)] == [None, run]

    slack.clicks(DB_ADMIN, "run.retry", run)
    assert "already retried" in response_url.next_text()


def test_somebody_of_another_team_cannot_retry(
    company: UnitOfWorkFactory, slack: Slack, response_url: ResponseUrl
) -> None:
    run = cancelled(company)
    slack.clicks(WEB_OPS, "run.retry", run)

    assert f"There is no execution {run}" in response_url.next_text()
    assert len(executions(company)) == 1


def test_only_a_team_admin_types_a_step(company: UnitOfWorkFactory, slack: Slack) -> None:
    run = cancelled(company)

    assert "Only an admin of team database" in slack.types(DB_OPS, DB_CHANNEL, f"retry {run} --from gate")
    assert "a retry of" in slack.types(DB_ADMIN, DB_CHANNEL, f"retry {run} --from gate")


def test_a_retry_without_an_id_is_told_what_to_type(slack: Slack) -> None:
    assert "/runbook retry ID [--from STEP]" in slack.types(DB_OPS, DB_CHANNEL, "retry")


def test_stats_tell_how_a_runbook_does(company: UnitOfWorkFactory, slack: Slack) -> None:
    cancelled(company)
    said = slack.types(DB_OPS, DB_CHANNEL, "stats db-failover")

    assert "1 run, 1 ended" in said
    assert "0% succeeded" in said
    assert "There is no runbook db-failovr" in slack.types(DB_OPS, DB_CHANNEL, "stats db-failovr")
