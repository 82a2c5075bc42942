"""Lists can be asked for what is wanted: by team, status, runbook, incident and time."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from core.service import Service
from tests.acceptance.rest.documents import DRAFT, INCIDENT, WORKFLOW
from tests.acceptance.rest.library import do
from tests.world import apply_documents


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


def test_runs_of_a_workflow(service: Service, responder: TestClient, incidents: list[str]) -> None:
    apply_documents(service, WORKFLOW)
    incident = do(responder, "incidents", **INCIDENT | {"severity": "critical"})["id"]
    address = "workflows/critical-db-incident/executions"
    [run] = found(responder, address)

    assert found(responder, address, incident=incident, status="pending") == [run]
    assert found(responder, address, incident=incidents[0]) == []
    assert found(responder, address, status="failed") == []


def test_incidents_and_definitions(service: Service, responder: TestClient, incidents: list[str]) -> None:
    apply_documents(service, DRAFT, approve=False)
    apply_documents(service, WORKFLOW)
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
