"""Workflows over REST: started by hand, listed with what ran; incidents escalated."""

import pytest
from starlette.testclient import TestClient

from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.rest.conftest import ClientOf
from tests.acceptance.rest.library import do
from tests.acceptance.rest.test_incidents import opened
from tests.conftest import RecordedJobs
from tests.world import apply_documents, new_executor, work_off

MANUAL = """
kind: workflow
name: by-hand
team: database
trigger: {on: manual}
actions:
  - {id: tell, type: message, text: "{{ event.by }}"}
  - {id: look, type: runbook, runbook: say-hello}
---
kind: workflow
name: by-itself
trigger: {on: incident.created}
actions:
  - {id: tell, type: message, text: hello}
"""


@pytest.fixture(autouse=True)
def _workflows(unit_of_work: UnitOfWorkFactory, responder: TestClient) -> None:
    apply_documents(unit_of_work, MANUAL)


def test_a_workflow_is_started_by_hand_and_found_with_its_actions_and_runs(
    unit_of_work: UnitOfWorkFactory, responder: TestClient, recorded_jobs: RecordedJobs
) -> None:
    incident = opened(responder)["id"]
    answer = responder.post("/api/workflows/by-hand/execute", json={"incident_id": incident})
    execution = answer.json()["execution"]

    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/api/workflows/executions/{execution['id']}"
    assert (execution["status"], execution["requested_by"]) == ("pending", "U0DBOPS")
    assert (execution["event"]["type"], execution["event"]["by"]) == ("manual", "U0DBOPS")
    work_off(unit_of_work, new_executor(unit_of_work), recorded_jobs.enqueued)
    found = responder.get(answer.headers["Location"]).json()["execution"]
    runs = responder.get(f"/api/incidents/{incident}/runbooks/executions").json()["executions"]
    assert [(action["id"], action["status"]) for action in found["actions"]] == [
        ("tell", "succeeded"),
        ("look", "succeeded"),
    ]
    assert found["actions"][0]["output"] == {"text": "U0DBOPS"}
    assert found["runbook_executions"] == [run["id"] for run in runs]
    assert [run["workflow_execution_id"] for run in runs] == [found["id"]]
    assert responder.get("/api/workflows/by-hand/executions").json() == {
        "executions": [found],
        "next_cursor": None,
    }


def test_a_start_with_one_idempotency_key_is_one_start(responder: TestClient) -> None:
    incident = opened(responder)["id"]
    answers = [
        responder.post(
            "/api/workflows/by-hand/execute",
            json={"incident_id": incident},
            headers={"Idempotency-Key": "one"},
        )
        for _ in range(2)
    ]
    assert answers[0].json() == answers[1].json()
    assert len(responder.get("/api/workflows/by-hand/executions").json()["executions"]) == 1


def test_the_executions_of_a_workflow_come_in_pages_newest_first(responder: TestClient) -> None:
    incident = opened(responder)["id"]
    started = [
        responder.post("/api/workflows/by-hand/execute", json={"incident_id": incident}).json()["execution"][
            "id"
        ]
        for _ in range(3)
    ]
    first = responder.get("/api/workflows/by-hand/executions?limit=2").json()
    second = responder.get(f"/api/workflows/by-hand/executions?limit=2&cursor={first['next_cursor']}").json()

    assert [run["id"] for run in (*first["executions"], *second["executions"])] == started[::-1]
    assert second["next_cursor"] is None


def test_a_workflow_that_starts_by_itself_is_not_started_by_hand(responder: TestClient) -> None:
    incident = opened(responder)["id"]
    answer = responder.post("/api/workflows/by-itself/execute", json={"incident_id": incident})

    assert (answer.status_code, answer.json()["code"]) == (409, "not_runnable")
    assert "incident.created" in answer.json()["detail"]


def test_a_disabled_workflow_is_not_started_by_hand(responder: TestClient, client_of: ClientOf) -> None:
    incident = opened(responder)["id"]
    do(client_of("U0DBADMIN"), "workflows/by-hand/disable")
    answer = responder.post("/api/workflows/by-hand/execute", json={"incident_id": incident})

    assert (answer.status_code, answer.json()["code"]) == (409, "not_runnable")
    assert responder.get("/api/workflows/by-hand/executions").json()["executions"] == []


def test_of_a_global_workflow_a_person_sees_the_runs_of_their_teams_alone(
    responder: TestClient, other: TestClient
) -> None:
    opened(responder)
    theirs = opened(other, team="web")["id"]
    [run] = other.get("/api/workflows/by-itself/executions").json()["executions"]

    assert run["incident_id"] == theirs


def test_another_teams_workflow_is_answered_like_one_that_is_not_there(
    responder: TestClient, other: TestClient
) -> None:
    incident = opened(other, team="web")["id"]
    for method, suffix in (("GET", "executions"), ("POST", "execute")):
        body = {"incident_id": incident} if method == "POST" else None
        hidden = other.request(method, f"/api/workflows/by-hand/{suffix}", json=body)
        unknown = other.request(method, f"/api/workflows/no-such/{suffix}", json=body)
        assert hidden.status_code == 404
        assert hidden.content.replace(b"by-hand", b"no-such") == unknown.content
    answer = responder.post("/api/workflows/by-hand/execute", json={"incident_id": incident})
    assert (answer.status_code, answer.json()["detail"]) == (404, f"There is no incident {incident}.")


def test_an_incident_is_escalated_and_never_down(responder: TestClient) -> None:
    incident = opened(responder, severity="medium")["id"]
    answer = responder.post(f"/api/incidents/{incident}/escalate", json={"severity": "high"})
    assert (answer.status_code, answer.json()["incident"]["severity"]) == (200, "high")

    for severity, code in (("high", "already_done"), ("low", "conflict")):
        again = responder.post(f"/api/incidents/{incident}/escalate", json={"severity": severity})
        assert (again.status_code, again.json()["code"]) == (409, code)
    wrong = responder.post(f"/api/incidents/{incident}/escalate", json={"severity": "worse"})
    assert (wrong.status_code, wrong.json()["field"]) == (422, "severity")


def test_a_closed_incident_is_not_escalated_nor_another_teams(
    responder: TestClient, other: TestClient
) -> None:
    incident = opened(responder, severity="medium")["id"]
    body = {"severity": "high"}
    assert other.post(f"/api/incidents/{incident}/escalate", json=body).status_code == 404
    responder.post(f"/api/incidents/{incident}/close")
    answer = responder.post(f"/api/incidents/{incident}/escalate", json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
