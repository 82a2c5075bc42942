"""The buttons: who may press them, what they change, and who is told what."""

from concurrent.futures import ThreadPoolExecutor
from queue import Empty

import pytest

from core.tables import AuditEntry, StepExecution
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.slack.conftest import ResponseUrl
from tests.acceptance.slack.requests import Slack
from tests.acceptance.slack.world import (
    ADMIN,
    DB_ADMIN,
    DB_CHANNEL,
    DB_OPS,
    WEB_OPS,
    executions,
    gate_of,
    gates,
    lost_in_step,
    pressed,
    start,
)
from tests.conftest import RecordedJobs


def decisions(unit_of_work: UnitOfWorkFactory) -> list[str]:
    with unit_of_work.begin() as work:
        found = work.session.query(AuditEntry).filter(AuditEntry.action.startswith("approval."))
        return [entry.action for entry in found]


def test_an_approver_approves_and_the_run_is_woken(
    company: UnitOfWorkFactory, slack: Slack, response_url: ResponseUrl, recorded_jobs: RecordedJobs
) -> None:
    gate = gate_of(company, DB_OPS)
    recorded_jobs.enqueued.clear()
    response = slack.clicks(DB_ADMIN, "approval.approve", pressed(gate))
    assert (response.status, response.body) == (200, "")
    (decided,) = gates(company, gate.execution_id)
    assert decided.status == "approved"
    assert [decision.slack_user_id for decision in decided.decisions] == [DB_ADMIN]
    assert recorded_jobs.enqueued == [("runbook", gate.execution_id)]
    with pytest.raises(Empty):
        response_url.said.get(timeout=0.2)


def test_the_requester_cannot_approve(
    company: UnitOfWorkFactory, slack: Slack, response_url: ResponseUrl
) -> None:
    gate = gate_of(company, DB_ADMIN)
    assert slack.clicks(DB_ADMIN, "approval.approve", pressed(gate)).status == 200
    assert "You requested this run, so somebody else must approve it." in response_url.next_text()
    assert gates(company, gate.execution_id)[0].status == "open"
    assert decisions(company) == []


@pytest.mark.parametrize("action_id", ["approval.approve", "approval.reject"])
def test_a_non_approvers_click_changes_nothing(
    company: UnitOfWorkFactory, slack: Slack, response_url: ResponseUrl, action_id: str
) -> None:
    gate = gate_of(company, DB_ADMIN)
    slack.clicks(DB_OPS, action_id, pressed(gate))
    told = response_url.next_text()
    assert "Only an admin of team database may decide here." in told
    assert f"<@{ADMIN.slack_user_id}>" in told
    assert gates(company, gate.execution_id)[0].status == "open"
    assert gates(company, gate.execution_id)[0].decisions == []
    assert executions(company)[0].waiting_for == "approval"


def test_for_another_team_there_is_no_such_gate(
    company: UnitOfWorkFactory, slack: Slack, response_url: ResponseUrl
) -> None:
    gate = gate_of(company, DB_OPS)
    slack.clicks(WEB_OPS, "approval.approve", pressed(gate))
    assert "There is no approval" in response_url.next_text()
    assert gates(company, gate.execution_id)[0].status == "open"


def test_two_approvals_at_once_make_one_decision(
    company: UnitOfWorkFactory, slack: Slack, response_url: ResponseUrl
) -> None:
    gate = gate_of(company, DB_OPS)
    with ThreadPoolExecutor(2) as pool:
        clicks = [
            pool.submit(slack.clicks, who, "approval.approve", pressed(gate))
            for who in (DB_ADMIN, ADMIN.slack_user_id)
        ]
    assert [click.result().status for click in clicks] == [200, 200]
    (decided,) = gates(company, gate.execution_id)
    assert (decided.status, len(decided.decisions)) == ("approved", 1)
    assert decisions(company) == ["approval.approved"]
    told = response_url.next_text()
    assert "Approved by <@" in told
    assert "Nothing is left to decide." in told


def test_a_second_click_of_the_same_person_is_explained(
    company: UnitOfWorkFactory, slack: Slack, response_url: ResponseUrl
) -> None:
    gate = gate_of(company, DB_OPS)
    slack.clicks(DB_ADMIN, "approval.approve", pressed(gate))
    slack.clicks(DB_ADMIN, "approval.approve", pressed(gate))
    assert f"Approved by <@{DB_ADMIN}> at <!date^" in response_url.next_text()
    assert decisions(company) == ["approval.approved"]


def test_cancel_ends_a_waiting_run(company: UnitOfWorkFactory, slack: Slack) -> None:
    gate = gate_of(company, DB_OPS)
    slack.clicks(DB_OPS, "run.cancel", gate.execution_id)
    (row,) = executions(company)
    assert (row.status, row.error) == ("cancelled", f"Cancelled by <@{DB_OPS}>.")
    assert gates(company, gate.execution_id)[0].status == "cancelled"


def test_cancel_of_an_ended_run_is_explained(
    company: UnitOfWorkFactory, slack: Slack, response_url: ResponseUrl
) -> None:
    execution_id = start(company, "say-hello", DB_OPS)
    slack.clicks(DB_OPS, "run.cancel", execution_id)
    slack.clicks(DB_OPS, "run.cancel", execution_id)
    assert "This run has already ended: cancelled." in response_url.next_text()


def test_another_team_cannot_cancel(
    company: UnitOfWorkFactory, slack: Slack, response_url: ResponseUrl
) -> None:
    execution_id = start(company, "say-hello", DB_OPS)
    slack.clicks(WEB_OPS, "run.cancel", execution_id)
    assert "There is no execution" in response_url.next_text()
    assert executions(company)[0].status == "pending"


@pytest.mark.parametrize(
    ("answer", "step_status"), [("ran", "succeeded"), ("did_not_run", "failed"), ("run_again", "pending")]
)
def test_a_verdict_settles_the_step(
    company: UnitOfWorkFactory, slack: Slack, answer: str, step_status: str
) -> None:
    execution_id = lost_in_step(company, DB_OPS)
    slack.clicks(DB_ADMIN, f"verdict.{answer}", f"{execution_id}:pause:1")
    with company.begin() as work:
        assert work.session.get_one(StepExecution, (execution_id, 0)).status == step_status


def test_another_teams_verdict_changes_nothing(
    company: UnitOfWorkFactory, slack: Slack, response_url: ResponseUrl
) -> None:
    execution_id = lost_in_step(company, DB_OPS)
    slack.clicks(WEB_OPS, "verdict.ran", f"{execution_id}:pause:1")
    assert "There is no execution" in response_url.next_text()
    assert executions(company)[0].waiting_for == "verdict"


def test_a_verdict_that_nobody_asks_for_is_explained(
    company: UnitOfWorkFactory, slack: Slack, response_url: ResponseUrl
) -> None:
    execution_id = start(company, "say-hello", DB_OPS)
    slack.clicks(DB_OPS, "verdict.ran", f"{execution_id}:pause:1")
    assert "This run no longer needs a verdict." in response_url.next_text()


def test_a_button_of_another_release_is_explained(slack: Slack, response_url: ResponseUrl) -> None:
    assert slack.clicks(DB_OPS, "run.frobnicate", "rbx_1").status == 200
    assert "This button no longer works here." in response_url.next_text()


def test_a_refusal_is_acknowledged_while_slack_cannot_be_reached(
    company: UnitOfWorkFactory, slack: Slack
) -> None:
    gate = gate_of(company, DB_ADMIN)
    slack.response_url = "http://127.0.0.1:9/nobody-listens"
    assert slack.clicks(DB_ADMIN, "approval.approve", pressed(gate)).status == 200
    assert "db-failover" in slack.types(DB_OPS, DB_CHANNEL, "status")
