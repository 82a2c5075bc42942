"""Other systems' alerts over REST: one group of alerts is one incident while it is unresolved."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from starlette.testclient import TestClient

from core.alerts.vendors import Vendor
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.rest.conftest import ClientOf
from tests.acceptance.rest.documents import WORKFLOW
from tests.conftest import ADMIN, RecordedJobs
from tests.unit.core.alerts.test_parsers import EXPECTED, resolved, sample
from tests.world import apply_documents


def send(client: TestClient, vendor: str, body: object, team: str | None = None) -> Any:
    return client.post(f"/api/alerts/{vendor}", json=body, params={"team": team} if team else {})


def incidents(client: TestClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get("/api/incidents").json()["incidents"]
    return found


@pytest.mark.parametrize("vendor", Vendor)
def test_an_alert_opens_one_incident_until_it_is_resolved(responder: TestClient, vendor: Vendor) -> None:
    answer = send(responder, vendor, sample(vendor))
    incident = answer.json()["incident"]

    assert (answer.status_code, answer.json()["outcome"]) == (200, "opened")
    title, severity, unit_of_work, team = EXPECTED[vendor]
    assert (incident["title"], incident["severity"]) == (title, severity)
    assert (incident["service"], incident["team"]) == (unit_of_work, team)
    assert incident["labels"]["alert"] == vendor
    assert incident["opened_by"] == "U0DBOPS"
    again = send(responder, vendor, sample(vendor)).json()
    assert (again["outcome"], again["incident"]["id"]) == ("known", incident["id"])
    over = send(responder, vendor, resolved(vendor)).json()
    assert (over["outcome"], over["incident"]["id"]) == ("resolved", incident["id"])
    assert [each["status"] for each in incidents(responder)] == ["resolved"]
    assert send(responder, vendor, resolved(vendor)).json() == {"outcome": "ignored", "incident": None}
    assert send(responder, vendor, sample(vendor)).json()["outcome"] == "opened"
    assert len(incidents(responder)) == 2


def test_an_acknowledged_incident_is_still_the_alerts_own(responder: TestClient) -> None:
    incident = send(responder, "datadog", sample("datadog")).json()["incident"]["id"]
    responder.post(f"/api/incidents/{incident}/acknowledge")

    assert send(responder, "datadog", sample("datadog")).json()["outcome"] == "known"


def test_what_a_person_resolved_opens_anew_when_it_fires_again(responder: TestClient) -> None:
    incident = send(responder, "datadog", sample("datadog")).json()["incident"]["id"]
    responder.post(f"/api/incidents/{incident}/resolve")

    assert send(responder, "datadog", sample("datadog")).json()["outcome"] == "opened"


def test_an_alert_starts_the_workflows_that_match_its_incident(
    responder: TestClient, unit_of_work: UnitOfWorkFactory, recorded_jobs: RecordedJobs
) -> None:
    apply_documents(unit_of_work, WORKFLOW)
    send(responder, "alertmanager", sample("alertmanager"))

    assert [kind for kind, _ in recorded_jobs.enqueued] == ["workflow"]


def test_the_team_of_the_address_goes_before_the_label(responder: TestClient, client_of: ClientOf) -> None:
    both = client_of("U0ADMIN")

    assert send(both, "grafana", sample("grafana"), team="web").json()["incident"]["team"] == "web"
    assert send(responder, "grafana", sample("grafana")).json()["incident"]["team"] == "database"


def test_an_alert_of_no_team_or_an_unknown_one_is_refused_with_a_sentence(
    responder: TestClient, client_of: ClientOf
) -> None:
    """That there is no such team is told to who may see all of them."""
    ownerless = sample("datadog") | {"tags": ""}
    strange = sample("datadog") | {"tags": "team:nobody"}

    for client, body, said in (
        (responder, ownerless, "?team=NAME"),
        (client_of(ADMIN), strange, "There is no team nobody"),
    ):
        refused = send(client, "datadog", body)
        assert (refused.status_code, refused.json()["field"]) == (422, "team")
        assert said in refused.json()["detail"]
    assert send(responder, "datadog", strange).status_code == 403
    assert send(responder, "datadog", ownerless, team="database").status_code == 200


def test_only_a_responder_of_the_team_sends_its_alerts(other: TestClient, stranger: TestClient) -> None:
    assert send(other, "datadog", sample("datadog")).status_code == 403
    assert send(stranger, "datadog", sample("datadog")).status_code == 401


def test_an_unknown_shape_is_refused_naming_what_is_missing(responder: TestClient) -> None:
    refused = send(responder, "alertmanager", {"status": "firing"})

    assert (refused.status_code, refused.json()["field"]) == (422, "groupKey")
    assert refused.json()["detail"].startswith(
        "This is not a webhook from Alertmanager: groupKey is missing."
    )
    assert send(responder, "nagios", {}).status_code == 422
    assert send(responder, "datadog", sample("datadog") | {"title": ["no text"]}).json()["field"] == "title"
    assert incidents(responder) == []


def test_an_event_that_asks_for_nothing_is_taken_and_ignored(responder: TestClient) -> None:
    ping = {"event": {"event_type": "pagey.ping", "resource_type": "pagey", "data": {"type": "ping"}}}

    assert send(responder, "pagerduty", ping).json() == {"outcome": "ignored", "incident": None}


def test_alerts_that_come_at_once_open_one_incident(responder: TestClient) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: send(responder, "datadog", sample("datadog")).json(), range(4)))

    assert sorted(answer["outcome"] for answer in answers) == ["known", "known", "known", "opened"]
    assert len({answer["incident"]["id"] for answer in answers}) == 1
