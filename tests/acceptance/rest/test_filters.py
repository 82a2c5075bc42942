"""Lists can be asked for what is wanted: by team, status, runbook, incident and time."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.rest.conftest import ClientOf
from tests.acceptance.rest.documents import DRAFT, INCIDENT, WORKFLOW
from tests.acceptance.rest.library import do
from tests.conftest import ADMIN, RecordedJobs
from tests.world import apply_documents, new_executor, work_off

ASKS = """
kind: runbook
name: asks-database
steps: [{id: gate, type: approval, approvers: {team: database, role: admin}}]
"""


@pytest.fixture
def incidents(responder: TestClient) -> list[str]:
    return [do(responder, "incidents", **INCIDENT)["id"] for _ in range(2)]


@pytest.fixture
def runs(responder: TestClient, incidents: list[str]) -> dict[str, str]:
    """Of one incident a run that was cancelled and one of another runbook; of the other incident one that goes on."""
    first, second = incidents
    check = "incidents/{}/runbooks/db-check/execute"
    cancelled = do(responder, check.format(first), parameters={"cluster": "orders"})["id"]
    do(responder, f"runbooks/executions/{cancelled}/cancel")
    return {
        "cancelled": cancelled,
        "hello": do(responder, f"incidents/{first}/runbooks/say-hello/execute")["id"],
        "other": do(responder, check.format(second), parameters={"cluster": "users"})["id"],
    }


def found(client: TestClient, address: str, **query: str) -> list[str]:
    answer = client.get(f"/api/{address}", params=query)
    assert answer.status_code == 200, answer.text
    [rows] = [value for name, value in answer.json().items() if name != "next_cursor"]
    return [row["id"] for row in rows]


def test_the_runs_of_a_runbook(responder: TestClient, incidents: list[str], runs: dict[str, str]) -> None:
    address = "runbooks/db-check/executions"

    assert found(responder, address) == [runs["other"], runs["cancelled"]]
    assert found(responder, address, status="cancelled") == [runs["cancelled"]]
    assert found(responder, address, incident=incidents[1]) == [runs["other"]]


def test_the_runs_of_an_incident(responder: TestClient, incidents: list[str], runs: dict[str, str]) -> None:
    address = f"incidents/{incidents[0]}/runbooks/executions"

    assert found(responder, address, status="pending") == [runs["hello"]]
    assert found(responder, address, runbook="db-check") == [runs["cancelled"]]


def test_all_runs_that_one_may_see_ended_or_not(
    responder: TestClient, other: TestClient, incidents: list[str], runs: dict[str, str]
) -> None:
    everything = [runs["other"], runs["hello"], runs["cancelled"]]

    assert found(responder, "runs") == everything
    assert found(other, "runs") == []
    assert found(responder, "runs", team="database") == everything
    assert found(responder, "runs", status="cancelled") == [runs["cancelled"]]
    assert found(responder, "runs", status="pending", runbook="db-check") == [runs["other"]]
    assert found(responder, "runs", incident=incidents[0]) == [runs["hello"], runs["cancelled"]]


def test_runs_of_a_team_that_one_may_not_see_are_of_no_team(responder: TestClient) -> None:
    hidden = responder.get("/api/runs", params={"team": "web"})
    absent = responder.get("/api/runs", params={"team": "nobodys"})

    assert (hidden.status_code, hidden.json()["field"]) == (422, "team")
    assert hidden.json()["detail"].replace("web", "nobodys") == absent.json()["detail"]


def test_a_period_has_its_beginning_and_not_its_end(responder: TestClient, runs: dict[str, str]) -> None:
    def at(name: str) -> Any:
        answer = responder.get(f"/api/runbooks/executions/{runs[name]}")
        return answer.json()["execution"]["created_at"]

    address = "runbooks/db-check/executions"
    assert found(responder, address, since=at("other")) == [runs["other"]]
    assert found(responder, address, until=at("other")) == [runs["cancelled"]]


def test_another_team_sees_of_a_global_runbook_only_what_ran_for_it(
    responder: TestClient, other: TestClient, runs: dict[str, str]
) -> None:
    assert found(responder, "runbooks/say-hello/executions") == [runs["hello"]]
    assert found(other, "runbooks/say-hello/executions") == []
    assert other.get("/api/runbooks/db-check/executions").status_code == 404


def test_runs_of_a_workflow(
    unit_of_work: UnitOfWorkFactory, responder: TestClient, incidents: list[str]
) -> None:
    apply_documents(unit_of_work, WORKFLOW)
    incident = do(responder, "incidents", **INCIDENT | {"severity": "critical"})["id"]
    address = "workflows/critical-db-incident/executions"
    [run] = found(responder, address)

    assert found(responder, address, incident=incident, status="pending") == [run]
    assert found(responder, address, incident=incidents[0]) == []
    assert found(responder, address, status="failed") == []


def test_incidents_and_definitions(
    unit_of_work: UnitOfWorkFactory, responder: TestClient, incidents: list[str]
) -> None:
    apply_documents(unit_of_work, DRAFT, approve=False)
    apply_documents(unit_of_work, WORKFLOW)
    do(responder, f"incidents/{incidents[0]}/close")
    opened_at = responder.get(f"/api/incidents/{incidents[1]}").json()["incident"]["created_at"]

    assert found(responder, "incidents", status="closed") == [incidents[0]]
    assert found(responder, "incidents", since=opened_at) == [incidents[1]]
    assert len(found(responder, "runbooks", status="draft")) == 1
    assert len(found(responder, "runbooks", team="database")) == 3
    assert found(responder, "workflows", enabled="false") == []
    assert len(found(responder, "workflows", team="database", enabled="true")) == 1


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"runbook": "web-restart"}, "runbook"),
        ({"runbook": "db-chek"}, "runbook"),
        ({"status": "done"}, "status"),
        ({"since": "yesterday"}, "since"),
        ({"since": "1767225600"}, "since"),
        ({"until": "2026-01-01T00:00:00"}, "until"),
    ],
)
def test_what_cannot_be_asked_for_is_named(
    responder: TestClient, incidents: list[str], query: dict[str, str], field: str
) -> None:
    answer = responder.get(f"/api/incidents/{incidents[0]}/runbooks/executions", params=query)

    assert (answer.status_code, answer.json()["field"]) == (422, field)


def test_an_incident_of_another_team_is_none(
    responder: TestClient, other: TestClient, incidents: list[str]
) -> None:
    answer = other.get("/api/runbooks/say-hello/executions", params={"incident": incidents[0]})

    assert (answer.status_code, answer.json()["field"]) == (422, "incident")


@pytest.fixture
def gates(
    unit_of_work: UnitOfWorkFactory, responder: TestClient, other: TestClient, recorded_jobs: RecordedJobs
) -> dict[str, dict[str, Any]]:
    """Open ones: of two incidents of team database, and of one of team web that database's admins decide."""
    apply_documents(unit_of_work, ASKS)
    opened = {}
    for name, client, runbook in (
        ("first", responder, "db-failover"),
        ("second", responder, "asks-database"),
        ("web", other, "asks-database"),
    ):
        incident = do(client, "incidents", **INCIDENT | {"team": "web" if client is other else "database"})
        do(client, f"incidents/{incident['id']}/runbooks/{runbook}/execute")
        work_off(unit_of_work, new_executor(unit_of_work), recorded_jobs.enqueued)
        gate = client.get("/api/approvals").json()["approvals"][0]
        opened[name] = {**gate, "incident": incident["id"]}
    return opened


def test_open_gates_by_team_incident_runbook_and_time(
    client_of: ClientOf, gates: dict[str, dict[str, Any]]
) -> None:
    approver, admin = client_of("U0DBADMIN"), client_of(ADMIN)
    first, second, web = (gates[name]["id"] for name in ("first", "second", "web"))

    assert found(approver, "approvals") == [web, second, first]
    assert found(approver, "approvals", team="database") == [second, first]
    assert found(admin, "approvals", team="web") == [web]
    assert found(approver, "approvals", incident=gates["first"]["incident"]) == [first]
    assert found(approver, "approvals", incident="inc-2") == [second]
    assert found(approver, "approvals", runbook="asks-database") == [web, second]
    assert found(approver, "approvals", runbook="asks-database", team="database") == [second]
    assert found(approver, "approvals", since=gates["second"]["opened_at"]) == [web, second]
    assert found(approver, "approvals", until=gates["second"]["opened_at"]) == [first]


def test_open_gates_that_are_wanted_come_page_by_page(
    client_of: ClientOf, gates: dict[str, dict[str, Any]]
) -> None:
    query = {"team": "database", "limit": "1"}
    page = client_of("U0DBADMIN").get("/api/approvals", params=query).json()
    query["cursor"] = page["next_cursor"]
    last = client_of("U0DBADMIN").get("/api/approvals", params=query).json()

    assert [page["approvals"][0]["id"], last["approvals"][0]["id"]] == [
        gates["second"]["id"],
        gates["first"]["id"],
    ]
    assert last["next_cursor"] is None


@pytest.mark.parametrize(
    ("query", "field", "sentence"),
    [
        ({"team": "web"}, "team", "There is no team web."),
        ({"team": "nobody"}, "team", "There is no team nobody."),
        ({"incident": "inc-3"}, "incident", "There is no incident inc-3."),
        ({"incident": "inc-99"}, "incident", "There is no incident inc-99."),
        ({"runbook": "db-chek"}, "runbook", "There is no runbook db-chek. Did you mean db-check"),
        ({"since": "now"}, "since", "It must be a time with its zone"),
        ({"until": "1767225600"}, "until", "It must be a time with its zone"),
    ],
)
def test_what_gates_cannot_be_asked_for_by_is_named(
    client_of: ClientOf, gates: dict[str, Any], query: dict[str, str], field: str, sentence: str
) -> None:
    answer = client_of("U0DBADMIN").get("/api/approvals", params=query)

    assert (answer.status_code, answer.headers["Content-Type"]) == (422, "application/problem+json")
    assert answer.json()["field"] == field
    assert sentence in answer.json()["detail"]
