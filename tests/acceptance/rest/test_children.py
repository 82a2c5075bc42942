"""Child runs over REST: the parent says how they stand, they are paged by it alone, and its page lists them."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from bot.pages.links import RunLinks
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.rest.test_incidents import opened
from tests.conftest import RecordedJobs
from tests.world import apply_documents, new_executor, work_off

FLEET = """
kind: runbook
name: fleet
team: database
steps:
  - id: each
    type: runbook
    foreach: '["db-1", "db-2", "db-3"]'
    on_child_failure: continue
    steps:
      - {id: told, type: message, text: "Restarting {{ item }}."}
      - {id: broken, type: fail, message: It is broken., if: item == "db-2"}
"""
Answer = dict[str, Any]


@pytest.fixture
def run(unit_of_work: UnitOfWorkFactory, responder: TestClient, recorded_jobs: RecordedJobs) -> Answer:
    """A run whose second of three children fails."""
    apply_documents(unit_of_work, FLEET)
    answer = responder.post(f"/api/incidents/{opened(responder)['id']}/runbooks/fleet/execute")
    assert answer.status_code == 201, answer.text
    work_off(unit_of_work, new_executor(unit_of_work), recorded_jobs.enqueued)
    found: Answer = responder.get(answer.headers["Location"]).json()["execution"]
    return found


def children(client: TestClient, run: Answer, query: str = "") -> Answer:
    answer = client.get(f"/api/runbooks/executions/{run['id']}/children{query}")
    assert answer.status_code == 200, answer.text
    found: Answer = answer.json()
    return found


def test_the_parent_says_how_its_children_stand(run: Answer) -> None:
    assert (run["status"], run["steps"][0]["status"]) == ("failed", "failed")
    assert run["steps"][0]["children"] == {
        "total": 3,
        "unstarted": 0,
        "active": 0,
        "succeeded": 2,
        "failed": 1,
        "failed_names": ["db-2"],
    }


def test_children_are_listed_in_their_order_and_paged(run: Answer, responder: TestClient) -> None:
    first = children(responder, run, "?limit=2")
    second = children(responder, run, f"?limit=2&cursor={first['next_cursor']}")

    listed = [*first["executions"], *second["executions"]]
    assert [child["child_name"] for child in listed] == ["db-1", "db-2", "db-3"]
    assert {child["parent_execution_id"] for child in listed} == {run["id"]}
    assert second["next_cursor"] is None


def test_children_with_a_status(run: Answer, responder: TestClient) -> None:
    failed = children(responder, run, "?status=failed")["executions"]
    assert [child["child_name"] for child in failed] == ["db-2"]
    assert failed[0]["error"] == "Step broken: It is broken."


def test_another_teams_children_are_not_there(run: Answer, other: TestClient) -> None:
    assert other.get(f"/api/runbooks/executions/{run['id']}/children").status_code == 404


def test_lists_of_runs_have_the_parent_alone(run: Answer, responder: TestClient) -> None:
    for address in (
        f"/api/incidents/{run['incident_id']}/runbooks/executions",
        "/api/runbooks/fleet/executions",
    ):
        listed = responder.get(address).json()["executions"]
        assert [execution["id"] for execution in listed] == [run["id"]]


def test_the_timeline_has_one_line_for_a_child(run: Answer, responder: TestClient) -> None:
    entries = responder.get(f"/api/incidents/{run['incident_id']}/timeline?limit=200").json()["timeline"]
    said = [entry["text"] for entry in entries if entry["kind"] == "child.ended"]
    assert sorted(said) == [
        "fleet: child run db-1 succeeded",
        "fleet: child run db-2 failed: Step broken: It is broken.",
        "fleet: child run db-3 succeeded",
    ]


def test_a_child_is_retried_through_its_parent(run: Answer, responder: TestClient) -> None:
    failed = children(responder, run, "?status=failed")["executions"][0]
    answer = responder.post(f"/api/runbooks/executions/{failed['id']}/retry")
    assert answer.status_code == 409
    assert "was started by a step of another one" in answer.json()["detail"]


def test_the_page_lists_the_children_with_links_that_open(
    run: Answer, responder: TestClient, stranger: TestClient, links: RunLinks
) -> None:
    page = stranger.get(links.url(run["id"]).removeprefix("https://runbooks.example")).text
    assert "Child runs" in page
    assert page.rindex("db-1") < page.rindex("db-2") < page.rindex("db-3")
    assert "2 of 3 succeeded, 1 did not" in page
    failed = children(responder, run, "?status=failed")["executions"][0]
    address = links.url(failed["id"]).removeprefix("https://runbooks.example")
    child = stranger.get(address)
    assert child.status_code == 200
    assert f"{run['id']}, as db-2" in child.text
