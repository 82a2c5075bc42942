"""Cancelling a workflow execution: alone, or with what it has started."""

import pytest
from starlette.testclient import TestClient

from core.services.executions.kinds import RUNBOOK, WORKFLOW
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.rest.test_incidents import opened
from tests.conftest import RecordedJobs
from tests.world import apply_documents, new_executor

FLOWS = """
kind: runbook
name: paused
team: database
steps: [{id: pause, type: wait, for: 1h}]
---
kind: workflow
name: starts-and-waits
team: database
trigger: {on: incident.created}
actions:
  - {id: go, type: runbook, runbook: paused}
  - {id: later, type: delay, for: 1h}
  - {id: closed, type: set, status: closed}
---
kind: workflow
name: waits-for-it
team: database
trigger: {on: incident.escalated}
actions:
  - {id: go, type: runbook, runbook: paused, wait: true}
  - {id: closed, type: set, status: closed}
"""


@pytest.fixture
def incident(unit_of_work: UnitOfWorkFactory, responder: TestClient) -> str:
    apply_documents(unit_of_work, FLOWS)
    return str(opened(responder)["id"])


def work_on(unit_of_work: UnitOfWorkFactory, jobs: RecordedJobs) -> str:
    """What was enqueued, each once; the id of the workflow execution."""
    flow = ""
    while jobs.enqueued:
        kind, execution_id = jobs.enqueued.pop(0)
        flow = execution_id if kind == "workflow" else flow
        new_executor(unit_of_work).run(WORKFLOW if kind == "workflow" else RUNBOOK, execution_id)
    return flow


def test_what_it_has_started_goes_on(
    unit_of_work: UnitOfWorkFactory, responder: TestClient, incident: str, recorded_jobs: RecordedJobs
) -> None:
    flow = work_on(unit_of_work, recorded_jobs)
    answer = responder.post(f"/api/workflows/executions/{flow}/cancel")
    assert (answer.status_code, answer.json()["execution"]["status"]) == (200, "cancelled")
    assert "<@U0DBOPS>" in answer.json()["execution"]["error"]
    [run] = responder.get(f"/api/incidents/{incident}/runbooks/executions").json()["executions"]
    assert run["status"] == "waiting"
    again = responder.post(f"/api/workflows/executions/{flow}/cancel")
    assert (again.status_code, again.json()["code"]) == (409, "already_done")
    timeline = responder.get(f"/api/incidents/{incident}/timeline").json()["timeline"]
    told = [(line["kind"], line["actor"]) for line in timeline]
    assert ("workflow.cancelled", "U0DBOPS") in told
    audit = [line["text"] for line in timeline if line["kind"] == "workflow.cancelled"]
    assert audit == ["cancelled workflow starts-and-waits"]


def test_what_it_has_started_can_end_with_it(
    unit_of_work: UnitOfWorkFactory, responder: TestClient, incident: str, recorded_jobs: RecordedJobs
) -> None:
    flow = work_on(unit_of_work, recorded_jobs)
    responder.post(f"/api/workflows/executions/{flow}/cancel", json={"runs": "cancel"}).raise_for_status()
    [run] = responder.get(f"/api/incidents/{incident}/runbooks/executions").json()["executions"]
    assert run["status"] == "cancelled"


@pytest.mark.parametrize(("runs", "status"), [("go_on", "waiting"), ("cancel", "cancelled")])
def test_one_that_waits_for_its_runbook_is_cancelled_too(
    unit_of_work: UnitOfWorkFactory,
    responder: TestClient,
    incident: str,
    recorded_jobs: RecordedJobs,
    runs: str,
    status: str,
) -> None:
    work_on(unit_of_work, recorded_jobs)
    responder.post(f"/api/incidents/{incident}/escalate", json={"severity": "critical"}).raise_for_status()
    flow = work_on(unit_of_work, recorded_jobs)
    answer = responder.post(f"/api/workflows/executions/{flow}/cancel", json={"runs": runs}).json()[
        "execution"
    ]
    assert answer["status"] == "cancelled"
    [run_id] = answer["runbook_executions"]
    assert responder.get(f"/api/runbooks/executions/{run_id}").json()["execution"]["status"] == status
    assert responder.get(f"/api/incidents/{incident}").json()["incident"]["status"] == "open"


def test_an_unknown_wish_is_refused(
    unit_of_work: UnitOfWorkFactory, responder: TestClient, incident: str, recorded_jobs: RecordedJobs
) -> None:
    flow = work_on(unit_of_work, recorded_jobs)
    answer = responder.post(f"/api/workflows/executions/{flow}/cancel", json={"runs": "stop"})
    assert (answer.status_code, answer.json()["field"]) == (422, "runs")
    assert incident
