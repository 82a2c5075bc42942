"""Retrying from Slack: typed, and by the button of a failed run."""

from collections.abc import Iterator

import pytest

from bot.app import create_bolt_app
from core.services.access.people import load_person
from core.services.runs.control import cancel
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.slack.conftest import ResponseUrl
from tests.acceptance.slack.fake_api import FakeApi, running_api
from tests.acceptance.slack.requests import Slack, ours
from tests.acceptance.slack.world import (
    DB_ADMIN,
    DB_CHANNEL,
    DB_OPS,
    WEB_OPS,
    add_runbook,
    executions,
    start,
    work_on,
)


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


def failed(company: UnitOfWorkFactory) -> str:
    add_runbook(
        company, "broken", team="database", steps=[{"id": "stop", "type": "fail", "message": "No <replica>"}]
    )
    run = start(company, "broken", DB_OPS)
    work_on(company, run)
    return run


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with running_api() as api:
        yield api


@pytest.fixture
def opening(company: UnitOfWorkFactory, api: FakeApi, response_url: ResponseUrl) -> Slack:
    return Slack(create_bolt_app(company, workspace=ours, token="xoxb-1", api_url=api.url), response_url.url)


def test_details_show_what_the_failed_step_was_asked(
    company: UnitOfWorkFactory, opening: Slack, api: FakeApi
) -> None:
    assert opening.clicks(DB_OPS, "run.details", failed(company)).status == 200
    [(_, view)] = api.opened
    assert "No &lt;replica&gt;" in str(view["blocks"])
    assert view["title"]["text"] == "broken"


def test_details_that_slack_does_not_open_are_said_to_be_elsewhere(
    company: UnitOfWorkFactory, opening: Slack, api: FakeApi, response_url: ResponseUrl
) -> None:
    api.error, run = "expired_trigger_id", failed(company)
    opening.clicks(DB_OPS, "run.details", run)
    assert f"Everything about it: `runbook status {run} --json`" in response_url.next_text()


def test_somebody_of_another_team_sees_no_details(
    company: UnitOfWorkFactory, opening: Slack, api: FakeApi, response_url: ResponseUrl
) -> None:
    run = failed(company)
    opening.clicks(WEB_OPS, "run.details", run)
    assert f"There is no execution {run}" in response_url.next_text()
    assert api.opened == []
