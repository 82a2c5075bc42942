"""Runbooks over REST: listed, approved, run, watched, cancelled."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.rest.conftest import ClientOf
from tests.acceptance.rest.documents import DRAFT
from tests.acceptance.rest.test_incidents import opened
from tests.conftest import ADMIN, RecordedJobs
from tests.world import apply_documents

ORDERS = {"parameters": {"cluster": "orders"}}


def execute(client: TestClient, incident: str, runbook: str, **body: object) -> Any:
    return client.post(f"/api/incidents/{incident}/runbooks/{runbook}/execute", json=body)


def test_a_runbook_is_run_for_an_incident(responder: TestClient, recorded_jobs: RecordedJobs) -> None:
    incident = opened(responder)
    answer = execute(responder, incident["id"], "db-check", **ORDERS)
    execution = answer.json()["execution"]

    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/api/runbooks/executions/{execution['id']}"
    assert execution["incident_id"] == incident["id"]
    assert execution["parameters"] == {"cluster": "orders", "depth": 1}
    assert (execution["status"], execution["requested_by"]) == ("pending", "U0DBOPS")
    assert execution["workflow_execution_id"] is None
    assert [step["id"] for step in execution["steps"]] == ["pause"]
    assert recorded_jobs.enqueued == [("runbook", execution["id"])]
    assert responder.get(answer.headers["Location"]).json() == {"execution": execution}
    listed = responder.get(f"/api/incidents/{incident['id']}/runbooks/executions").json()
    assert listed == {"executions": [execution], "next_cursor": None}


def test_a_runbook_is_run_by_its_own_address_for_the_incident_in_the_body(responder: TestClient) -> None:
    incident = opened(responder)
    answer = responder.post("/api/runbooks/db-check/execute", json=ORDERS | {"incident_id": "inc-1"})

    assert answer.status_code == 201
    assert answer.json()["execution"]["incident_id"] == incident["id"]


def test_a_runbook_without_parameters_needs_no_body(responder: TestClient) -> None:
    incident = opened(responder)["id"]

    assert responder.post(f"/api/incidents/{incident}/runbooks/say-hello/execute").status_code == 201


@pytest.mark.parametrize("reference", ["inc_0000000000000000", "inc-99999999999999", "orders"])
def test_a_run_for_no_incident_is_not_found(responder: TestClient, reference: str) -> None:
    answer = responder.post("/api/runbooks/db-check/execute", json=ORDERS | {"incident_id": reference})

    assert (answer.status_code, answer.json()["detail"]) == (404, f"There is no incident {reference}.")


def test_another_teams_runbook_is_answered_like_one_that_is_not_there(
    responder: TestClient, other: TestClient
) -> None:
    incident = opened(responder)["id"]
    hidden, unknown = execute(responder, incident, "web-restart"), execute(responder, incident, "wob-rostart")

    assert hidden.status_code == 404
    assert hidden.content.replace(b"web-restart", b"wob-rostart") == unknown.content
    assert responder.get("/api/runbooks/web-restart").status_code == 404
    assert other.get("/api/runbooks/web-restart").status_code == 200


def test_a_runbook_of_a_team_does_not_run_for_another_teams_incident(client_of: ClientOf) -> None:
    platform = client_of(ADMIN)
    answer = execute(platform, opened(platform)["id"], "web-restart")

    assert answer.status_code == 403
    assert "web-restart belongs to team web" in answer.json()["detail"]


def test_a_draft_is_refused(unit_of_work: UnitOfWorkFactory, responder: TestClient) -> None:
    apply_documents(unit_of_work, DRAFT, approve=False)
    answer = execute(responder, opened(responder)["id"], "db-draft")

    assert (answer.status_code, answer.json()["code"]) == (409, "not_runnable")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "parameters.cluster"),
        ({"parameters": {"cluster": "mars"}}, "parameters.cluster"),
        ({"parameters": {"cluster": "orders", "depth": "deep"}}, "parameters.depth"),
        ({"parameters": {"cluster": "orders", "dpeth": 2}}, "parameters.dpeth"),
        ({"parameters": {"cluster": "orders\0"}}, "parameters.cluster"),
        ({"parameters": ["orders"]}, "parameters"),
        ({"params": {}}, "params"),
    ],
)
def test_missing_and_wrong_parameters_are_named(
    responder: TestClient, recorded_jobs: RecordedJobs, body: dict[str, object], field: str
) -> None:
    answer = execute(responder, opened(responder)["id"], "db-check", **body)

    assert answer.status_code == 422
    assert answer.json()["field"] == field
    assert field.removeprefix("parameters.") in answer.json()["errors"][0]["detail"]
    assert recorded_jobs.enqueued == []


def test_a_run_is_cancelled_once(responder: TestClient) -> None:
    execution = execute(responder, opened(responder)["id"], "db-check", **ORDERS).json()["execution"]
    address = f"/api/runbooks/executions/{execution['id']}/cancel"

    assert responder.post(address).json()["execution"]["status"] == "cancelled"
    assert responder.post(address).status_code == 409


VERDICT = {"verdict": "ran", "step": "lag", "attempt": 1}


def test_another_teams_run_is_answered_like_one_that_is_not_there(
    responder: TestClient, other: TestClient
) -> None:
    there = execute(responder, opened(responder)["id"], "db-check", **ORDERS).json()["execution"]["id"]
    missing = "rbx_0000000000000000"

    hidden = other.get(f"/api/runbooks/executions/{there}")
    unknown = other.get(f"/api/runbooks/executions/{missing}")
    assert hidden.status_code == 404
    assert hidden.content.replace(there.encode(), missing.encode()) == unknown.content
    for verb, body in (("cancel", None), ("verdict", VERDICT)):
        assert other.post(f"/api/runbooks/executions/{there}/{verb}", json=body).status_code == 404


def test_a_verdict_that_nobody_asks_for_is_refused(responder: TestClient) -> None:
    execution = execute(responder, opened(responder)["id"], "db-check", **ORDERS).json()["execution"]
    address = f"/api/runbooks/executions/{execution['id']}/verdict"

    assert responder.post(address, json=VERDICT).status_code == 409
    wrong = responder.post(address, json=VERDICT | {"verdict": "maybe"})
    assert (wrong.status_code, wrong.json()["field"]) == (422, "verdict")
    assert "'ran', 'did_not_run' or 'run_again'" in wrong.json()["detail"]


def test_a_runbook_is_listed_for_those_who_may_see_it(responder: TestClient, other: TestClient) -> None:
    def names(client: TestClient) -> set[str]:
        return {runbook["name"] for runbook in client.get("/api/runbooks").json()["runbooks"]}

    assert names(responder) == {"db-check", "db-failover", "say-hello"}
    assert names(other) == {"web-restart", "say-hello"}


def test_a_runbook_is_found_by_id_and_by_name(responder: TestClient) -> None:
    by_name = responder.get("/api/runbooks/db-check").json()["runbook"]

    assert (by_name["status"], by_name["team"], by_name["version"]) == ("approved", "database", 1)
    assert responder.get(f"/api/runbooks/{by_name['id']}").json()["runbook"] == by_name


def test_only_a_platform_admin_approves_a_definition(
    unit_of_work: UnitOfWorkFactory, responder: TestClient, client_of: ClientOf
) -> None:
    apply_documents(unit_of_work, DRAFT, approve=False)

    assert responder.post("/api/runbooks/db-draft/approve").status_code == 403
    answer = client_of(ADMIN).post("/api/runbooks/db-draft/approve", headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.json()["runbook"]["status"]) == (200, "approved")
    assert execute(responder, opened(responder)["id"], "db-draft").status_code == 201
