"""Approval gates over REST: who may see them, who decides, and only once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from freezegun import freeze_time
from starlette.testclient import TestClient

from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.rest.conftest import ClientOf
from tests.acceptance.rest.library import do
from tests.acceptance.rest.test_incidents import opened
from tests.conftest import RecordedJobs
from tests.world import apply_documents, new_executor, work_off
from workers.scheduler import enqueue_what_is_due


@pytest.fixture
def gate(
    unit_of_work: UnitOfWorkFactory, responder: TestClient, recorded_jobs: RecordedJobs
) -> dict[str, Any]:
    """The open gate of a run that U0DBOPS asked for."""
    incident = opened(responder)["id"]
    answer = responder.post(f"/api/incidents/{incident}/runbooks/db-failover/execute")
    work_off(unit_of_work, new_executor(unit_of_work), recorded_jobs.enqueued)
    execution = responder.get(answer.headers["Location"]).json()["execution"]
    assert (execution["status"], execution["waiting_for"]) == ("waiting", "approval")
    found: dict[str, Any] = execution["approval"]
    return found


def test_an_open_gate_is_listed_for_its_team_alone(
    gate: dict[str, Any], responder: TestClient, other: TestClient
) -> None:
    assert responder.get("/api/approvals").json() == {"approvals": [gate], "next_cursor": None}
    assert other.get("/api/approvals").json() == {"approvals": [], "next_cursor": None}


def test_the_requester_does_not_approve_their_own_run(gate: dict[str, Any], responder: TestClient) -> None:
    answer = responder.post(f"/api/approvals/{gate['id']}/approve")

    assert answer.status_code == 403
    assert "somebody else must approve it" in answer.json()["detail"]


def test_a_second_person_approves_once(
    gate: dict[str, Any], responder: TestClient, client_of: ClientOf, recorded_jobs: RecordedJobs
) -> None:
    approver = client_of("U0DBADMIN")
    answer = approver.post(f"/api/approvals/{gate['id']}/approve", json={"reason": "Looks right."})
    decided = answer.json()["approval"]

    assert (answer.status_code, decided["status"]) == (200, "approved")
    assert [(each["slack_user_id"], each["reason"]) for each in decided["decisions"]] == [
        ("U0DBADMIN", "Looks right.")
    ]
    assert recorded_jobs.enqueued == [("runbook", gate["execution_id"])]
    assert approver.post(f"/api/approvals/{gate['id']}/approve").status_code == 409
    assert responder.get("/api/approvals").json()["approvals"] == []


def test_a_rejection_ends_the_run(
    gate: dict[str, Any], unit_of_work: UnitOfWorkFactory, client_of: ClientOf, recorded_jobs: RecordedJobs
) -> None:
    approver = client_of("U0DBADMIN")
    answer = approver.post(f"/api/approvals/{gate['id']}/reject", json={"reason": "Not now."})
    work_off(unit_of_work, new_executor(unit_of_work), recorded_jobs.enqueued)
    execution = approver.get(f"/api/runbooks/executions/{gate['execution_id']}").json()["execution"]

    assert answer.json()["approval"]["status"] == "rejected"
    assert execution["status"] in ("failed", "cancelled")
    assert "Not now." in execution["error"]


def test_another_teams_gate_is_answered_like_one_that_is_not_there(
    gate: dict[str, Any], other: TestClient
) -> None:
    there, missing = gate["id"], "apr_0000000000000000"
    hidden = other.post(f"/api/approvals/{there}/approve")
    unknown = other.post(f"/api/approvals/{missing}/approve")

    assert hidden.status_code == 404
    assert hidden.content.replace(there.encode(), missing.encode()) == unknown.content


BEGAN = datetime(2026, 3, 2, 3, 12, tzinfo=UTC)
BRIEF = """
kind: runbook
name: db-brief
team: database
steps:
  - {id: gate, type: approval, expires: 15m}
"""


@pytest.mark.parametrize("is_noticed", [False, True], ids=["before the clock", "after the clock"])
@pytest.mark.parametrize(
    ("seconds", "decided", "comes_to"), [(-1, 200, "succeeded"), (0, 409, "timed_out"), (1, 409, "timed_out")]
)
def test_a_gate_is_open_to_its_last_second(
    responder: TestClient,
    client_of: ClientOf,
    unit_of_work: UnitOfWorkFactory,
    recorded_jobs: RecordedJobs,
    seconds: int,
    decided: int,
    comes_to: str,
    is_noticed: bool,
) -> None:
    with freeze_time(BEGAN):
        apply_documents(unit_of_work, BRIEF)
        run = do(responder, f"incidents/{opened(responder)['id']}/runbooks/db-brief/execute")["id"]
        work_off(unit_of_work, new_executor(unit_of_work), recorded_jobs.enqueued)
        [gate] = responder.get("/api/approvals").json()["approvals"]
        approver = client_of("U0DBADMIN")
    with freeze_time(BEGAN + timedelta(minutes=15, seconds=seconds)):
        if is_noticed:
            enqueue_what_is_due(unit_of_work)
            work_off(unit_of_work, new_executor(unit_of_work), recorded_jobs.enqueued)
        answer = approver.post(f"/api/approvals/{gate['id']}/approve")
        enqueue_what_is_due(unit_of_work)
        work_off(unit_of_work, new_executor(unit_of_work), recorded_jobs.enqueued)
        execution = responder.get(f"/api/runbooks/executions/{run}").json()["execution"]

    assert (answer.status_code, execution["status"]) == (decided, comes_to)
    assert responder.get("/api/approvals").json()["approvals"] == []
