"""Incidents over REST: opened, found, changed; and what another team owns is not there."""

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.acceptance.rest.conftest import ClientOf
from tests.acceptance.rest.documents import INCIDENT
from tests.conftest import ADMIN


def opened(client: TestClient, **values: object) -> dict[str, Any]:
    answer = client.post("/api/incidents", json=INCIDENT | values)
    assert answer.status_code == 201, answer.text
    incident: dict[str, Any] = answer.json()["incident"]
    return incident


def test_an_incident_is_opened_and_found_by_id_and_by_number(responder: TestClient) -> None:
    answer = responder.post(
        "/api/incidents", json=INCIDENT | {"labels": {"pager": "yes"}, "service": "orders"}
    )
    incident = answer.json()["incident"]

    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/api/incidents/{incident['id']}"
    assert incident["labels"] == {"pager": "yes"}
    assert (incident["status"], incident["opened_by"]) == ("open", "U0DBOPS")
    for reference in (incident["id"], f"inc-{incident['number']}", f"INC-{incident['number']}"):
        assert responder.get(f"/api/incidents/{reference}").json() == {"incident": incident}


def test_an_incident_goes_from_open_over_acknowledged_and_resolved_to_closed(responder: TestClient) -> None:
    address = f"/api/incidents/{opened(responder)['id']}"

    for verb, status in (("acknowledge", "acknowledged"), ("resolve", "resolved"), ("close", "closed")):
        answer = responder.post(f"{address}/{verb}")
        assert (answer.status_code, answer.json()["incident"]["status"]) == (200, status)
        assert answer.json()["incident"][f"{status}_at"] is not None
    for verb, code in (("acknowledge", "conflict"), ("close", "already_done")):
        again = responder.post(f"{address}/{verb}")
        assert (again.status_code, again.json()["code"]) == (409, code)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"severity": "urgent"}, "severity"),
        ({"team": "No Team"}, "team"),
        ({"title": "  "}, "title"),
        ({"title": 7}, "title"),
        ({"severty": "high"}, "severty"),
        ({"labels": {"pager": 7}}, "labels.pager"),
        ({"labels": "pager"}, "labels"),
        ({"slack_channel": "#general"}, "slack_channel"),
        ({"title": "half \ud800"}, "title"),
        ({"half \ud800": 1}, "body"),
        ({"half \ud800": ["\0"]}, "half ?.0"),
        ({"labels": {"nul": "\0"}}, "labels.nul"),
    ],
)
def test_bad_input_is_refused_naming_the_field(
    responder: TestClient, change: dict[str, object], field: str
) -> None:
    content = json.dumps(INCIDENT | change)  # by hand, for the client refuses to send half a character
    answer = responder.post("/api/incidents", content=content, headers={"Content-Type": "application/json"})

    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["field"] == field
    assert field in answer.json()["detail"]
    assert responder.get("/api/incidents").json()["incidents"] == []


def test_that_there_is_no_such_team_is_told_to_who_may_see_all_of_them(
    responder: TestClient, client_of: ClientOf
) -> None:
    answer = client_of(ADMIN).post("/api/incidents", json=INCIDENT | {"team": "databse"})
    assert (answer.status_code, answer.json()["field"]) == (422, "team")
    assert "There is no team databse." in answer.json()["detail"]
    assert responder.post("/api/incidents", json=INCIDENT | {"team": "databse"}).status_code == 403


def test_all_that_is_missing_is_named_at_once(responder: TestClient) -> None:
    problem = responder.post("/api/incidents", json={}).json()

    assert [error["field"] for error in problem["errors"]] == ["title", "severity", "team"]
    assert problem["detail"] == "title is missing. severity is missing. team is missing."


def test_nobody_opens_incidents_for_another_team(other: TestClient) -> None:
    answer = other.post("/api/incidents", json=INCIDENT)

    assert answer.status_code == 403
    assert "team database" in answer.json()["detail"]


def test_another_teams_incident_is_answered_like_one_that_is_not_there(
    responder: TestClient, other: TestClient
) -> None:
    there = opened(responder)["id"]
    missing = "inc_0000000000000000"

    for suffix in ("", "/runbooks/executions"):
        hidden = other.get(f"/api/incidents/{there}{suffix}")
        unknown = other.get(f"/api/incidents/{missing}{suffix}")
        assert hidden.status_code == 404
        assert hidden.content.replace(there.encode(), missing.encode()) == unknown.content
    for verb in ("acknowledge", "resolve", "close", "runbooks/say-hello/execute"):
        hidden = other.post(f"/api/incidents/{there}/{verb}")
        unknown = other.post(f"/api/incidents/{missing}/{verb}")
        assert hidden.status_code == 404
        assert hidden.content.replace(there.encode(), missing.encode()) == unknown.content
    assert responder.get(f"/api/incidents/{there}").json()["incident"]["status"] == "open"


@pytest.mark.parametrize("reference", ["nonsense", "inc-99999999999999", "inc_%00", "inc-", "%F0%9F%92%A9"])
def test_what_cannot_be_an_incident_is_not_found(responder: TestClient, reference: str) -> None:
    answer = responder.get(f"/api/incidents/{reference}")

    assert answer.status_code == 404
    assert answer.json()["detail"].startswith("There is no incident ")


def test_the_list_has_the_incidents_of_the_callers_teams_alone(
    responder: TestClient, other: TestClient
) -> None:
    mine = opened(responder)["id"]
    theirs = opened(other, team="web")["id"]

    assert [incident["id"] for incident in responder.get("/api/incidents").json()["incidents"]] == [mine]
    assert [incident["id"] for incident in other.get("/api/incidents").json()["incidents"]] == [theirs]


def test_the_list_is_filtered_by_team_and_status(responder: TestClient) -> None:
    first, second = opened(responder)["id"], opened(responder)["id"]
    responder.post(f"/api/incidents/{first}/resolve")

    for query, expected in (
        ("status=resolved", [first]),
        ("status=open&team=database", [second]),
        ("team=database", [second, first]),
    ):
        found = responder.get(f"/api/incidents?{query}").json()["incidents"]
        assert [incident["id"] for incident in found] == expected


def test_a_filter_by_another_team_is_answered_like_one_by_no_team(responder: TestClient) -> None:
    hidden, unknown = responder.get("/api/incidents?team=web"), responder.get("/api/incidents?team=wob")

    assert (hidden.status_code, hidden.json()["field"]) == (422, "team")
    assert hidden.content.replace(b"web", b"wob") == unknown.content
