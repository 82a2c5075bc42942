"""Where two things meet: a retry of a workflow's run, a queue whose runbook changes, a freeze within a workflow."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from freezegun import freeze_time
from starlette.testclient import TestClient

from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.rest.conftest import ClientOf
from tests.acceptance.rest.documents import INCIDENT
from tests.acceptance.rest.library import WAIT, changed, do, runbook
from tests.acceptance.rest.test_incidents import opened
from tests.conftest import ADMIN, RecordedJobs
from tests.world import apply_documents, new_executor, work_off
from workers.scheduler import enqueue_what_is_due

BEGAN = datetime(2026, 3, 2, 3, 12, tzinfo=UTC)
Worker = Callable[[], None]


@pytest.fixture
def work(unit_of_work: UnitOfWorkFactory, recorded_jobs: RecordedJobs) -> Worker:
    """The clock ticks, and a worker does what there is to do."""

    def all_of_it() -> None:
        enqueue_what_is_due(unit_of_work)
        work_off(unit_of_work, new_executor(unit_of_work), recorded_jobs.enqueued)

    return all_of_it


def see(client: TestClient, address: str) -> Any:
    answer = client.get(f"/api/{address}")
    assert answer.status_code == 200, answer.text
    [shown] = answer.json().values()
    return shown


FLOW = """
kind: workflow
name: fails-over
team: database
trigger: {{on: manual}}
actions:
  - {{id: first, type: message, text: On it}}
  - {{id: grace, type: delay, for: 10m}}
  - {{id: failover, type: runbook, runbook: {runbook}, wait: true}}
  - {{id: last, type: message, text: "It is over"}}
"""
BRIEF = """
kind: runbook
name: db-brief
team: database
timeout: 5m
steps:
  - {id: pause, type: wait, for: 1h}
"""


def start_flow(
    unit_of_work: UnitOfWorkFactory, client: TestClient, incident: str, name: str = "db-failover"
) -> str:
    apply_documents(unit_of_work, FLOW.format(runbook=name))
    return str(do(client, "workflows/fails-over/execute", incident_id=incident)["id"])


def test_a_retry_is_its_persons_and_leads_to_the_workflow_that_caused_the_run(
    unit_of_work: UnitOfWorkFactory, responder: TestClient, work: Worker
) -> None:
    with freeze_time(BEGAN):
        flow = start_flow(unit_of_work, responder, opened(responder)["id"])
        work()
    with freeze_time(BEGAN + timedelta(minutes=10)):
        work()
        [run] = see(responder, f"workflows/executions/{flow}")["runbook_executions"]
        do(responder, f"runbooks/executions/{run}/cancel")
        work()
        again = do(responder, f"runbooks/executions/{run}/retry")

    assert (again["workflow_execution_id"], again["requested_by"]) == (None, "U0DBOPS")
    before = see(responder, f"runbooks/executions/{again['retry_of']}")
    assert (before["workflow_execution_id"], before["requested_by"]) == (flow, "workflow:fails-over")
    [caused] = see(responder, f"workflows/executions/{flow}")["runbook_executions"]
    assert caused == run
    assert see(responder, f"runbooks/executions/{caused}")["retried_as"] == again["id"]


def test_a_runbook_that_ran_out_of_time_fails_the_action_that_waits_for_it(
    unit_of_work: UnitOfWorkFactory, responder: TestClient, work: Worker
) -> None:
    apply_documents(unit_of_work, BRIEF)
    with freeze_time(BEGAN):
        flow = start_flow(unit_of_work, responder, opened(responder)["id"], "db-brief")
        work()
    for minutes, status in ((10, "waiting"), (15, "failed")):
        with freeze_time(BEGAN + timedelta(minutes=minutes)):
            work()
        assert see(responder, f"workflows/executions/{flow}")["status"] == status
    execution = see(responder, f"workflows/executions/{flow}")
    actions = {action["id"]: action["status"] for action in execution["actions"]}
    assert actions == {"first": "succeeded", "grace": "succeeded", "failover": "failed", "last": "pending"}
    assert "db-brief" in execution["error"]
    assert "Not finished within 5 min." in execution["error"]


def test_a_freeze_holds_a_workflow_before_its_next_action(
    unit_of_work: UnitOfWorkFactory, responder: TestClient, client_of: ClientOf, work: Worker
) -> None:
    admin = client_of(ADMIN)
    with freeze_time(BEGAN):
        flow = start_flow(unit_of_work, responder, opened(responder)["id"])
        work()
        freeze = do(admin, "freezes", team="database", reason="Migration")["id"]
    with freeze_time(BEGAN + timedelta(minutes=11)):
        work()
        held = see(responder, f"workflows/executions/{flow}")
        assert (held["status"], held["waiting_for"]) == ("waiting", "freeze")
        assert held["runbook_executions"] == []
        assert admin.delete(f"/api/freezes/{freeze}").status_code == 200
        work()
        going = see(responder, f"workflows/executions/{flow}")
    [run] = going["runbook_executions"]
    assert see(responder, f"runbooks/executions/{run}")["waiting_for"] == "approval"


QUEUE: dict[str, Any] = {"lock": "the-lock", "on_conflict": "queue", "steps": [WAIT]}


@pytest.fixture
def queued(responder: TestClient, client_of: ClientOf) -> tuple[str, str]:
    """The holder of a lock, and one that waits for its turn."""
    admin = client_of("U0DBADMIN")
    admin.post("/api/runbooks", json=runbook(**QUEUE))
    do(client_of(ADMIN), "runbooks/db-vacuum/approve")
    incident = do(responder, "incidents", **INCIDENT)["id"]
    holder, waits = (
        do(responder, f"incidents/{incident}/runbooks/db-vacuum/execute")["id"] for _ in range(2)
    )
    assert see(responder, f"runbooks/executions/{waits}")["waiting_for"] == "lock"
    return holder, waits


def test_a_runbook_is_not_deleted_while_a_run_waits_for_its_turn(
    queued: tuple[str, str], responder: TestClient, client_of: ClientOf
) -> None:
    admin = client_of("U0DBADMIN")
    assert admin.delete("/api/runbooks/db-vacuum").status_code == 409
    for run in queued:
        do(responder, f"runbooks/executions/{run}/cancel")
    assert admin.delete("/api/runbooks/db-vacuum").status_code == 204


@pytest.mark.parametrize("deed", ["deprecated", "edited"])
def test_what_is_no_longer_approved_when_its_turn_comes_does_not_run_and_lets_the_lock_go(
    queued: tuple[str, str], responder: TestClient, client_of: ClientOf, work: Worker, deed: str
) -> None:
    holder, waits = queued
    admin = client_of("U0DBADMIN")
    work()
    if deed == "deprecated":
        do(admin, "runbooks/db-vacuum/deprecate")
    else:
        changed(admin, runbook(**QUEUE | {"description": "Another"}))
    do(responder, f"runbooks/executions/{holder}/cancel")
    work()

    refused = see(responder, f"runbooks/executions/{waits}")
    assert refused["status"] == "failed"
    assert "db-vacuum" in refused["error"]
    assert [step["status"] for step in refused["steps"]] == ["pending"]
