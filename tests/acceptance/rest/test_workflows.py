"""Workflows over REST: listed, and what ran, with the runbook executions it caused."""

from starlette.testclient import TestClient

from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.rest.documents import WORKFLOW
from tests.acceptance.rest.test_incidents import opened
from tests.conftest import RecordedJobs
from tests.world import apply_documents, new_executor, work_off


def test_a_workflow_execution_names_the_runs_that_it_caused(
    unit_of_work: UnitOfWorkFactory, responder: TestClient, other: TestClient, recorded_jobs: RecordedJobs
) -> None:
    apply_documents(unit_of_work, WORKFLOW)
    incident = opened(responder, severity="critical")["id"]
    [(_, workflow_execution)] = recorded_jobs.enqueued
    work_off(unit_of_work, new_executor(unit_of_work), recorded_jobs.enqueued)
    [run] = responder.get(f"/api/incidents/{incident}/runbooks/executions").json()["executions"]
    found = responder.get(f"/api/workflows/executions/{workflow_execution}").json()["execution"]

    assert run["workflow_execution_id"] == workflow_execution
    assert (found["workflow"], found["status"]) == ("critical-db-incident", "succeeded")
    assert found["runbook_executions"] == [run["id"]]
    missing = "wfx_0000000000000000"
    hidden = other.get(f"/api/workflows/executions/{workflow_execution}")
    unknown = other.get(f"/api/workflows/executions/{missing}")
    assert hidden.status_code == 404
    assert hidden.content.replace(workflow_execution.encode(), missing.encode()) == unknown.content


def test_workflows_are_listed_for_those_who_may_see_them(
    unit_of_work: UnitOfWorkFactory, responder: TestClient, other: TestClient
) -> None:
    apply_documents(unit_of_work, WORKFLOW)
    [workflow] = responder.get("/api/workflows").json()["workflows"]

    assert (workflow["name"], workflow["description"]) == ("critical-db-incident", "Look at once.")
    assert (workflow["enabled"], workflow["team"]) == (True, "database")
    assert other.get("/api/workflows").json() == {"workflows": [], "next_cursor": None}
