"""A POST that is repeated with its key is done once, and answered alike."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from core.tables import Incident, RunbookExecution
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.rest.conftest import ClientOf
from tests.acceptance.rest.documents import INCIDENT
from tests.acceptance.rest.test_incidents import opened
from tests.conftest import RecordedJobs
from tests.unit.core.alerts.test_parsers import sample

KEY = {"Idempotency-Key": "alert-4711"}
ORDERS = {"parameters": {"cluster": "orders"}}


def how_many(unit_of_work: UnitOfWorkFactory, table: type[Incident] | type[RunbookExecution]) -> int:
    with unit_of_work.begin() as work:
        return work.session.scalar(select(func.count()).select_from(table)) or 0


def test_a_repeated_request_gets_the_same_answer_again(
    unit_of_work: UnitOfWorkFactory, responder: TestClient, recorded_jobs: RecordedJobs
) -> None:
    address = f"/api/incidents/{opened(responder)['id']}/runbooks/db-check/execute"
    first = responder.post(address, json=ORDERS, headers=KEY)
    cancelled = responder.post(f"{first.headers['Location']}/cancel")
    second = responder.post(address, json=ORDERS, headers=KEY)

    assert cancelled.status_code == 200
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.json() == first.json()
    assert second.headers["Location"] == first.headers["Location"]
    assert second.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert how_many(unit_of_work, RunbookExecution) == 1
    assert recorded_jobs.enqueued == [("runbook", first.json()["execution"]["id"])]


@pytest.mark.parametrize("change", ["body", "address"])
def test_a_key_that_was_used_for_another_request_is_refused(
    unit_of_work: UnitOfWorkFactory, responder: TestClient, change: str
) -> None:
    incident = opened(responder)["id"]
    address = f"/api/incidents/{incident}/runbooks/db-check/execute"
    assert responder.post(address, json=ORDERS, headers=KEY).status_code == 201
    body = {"parameters": {"cluster": "users"}} if change == "body" else ORDERS
    if change == "address":
        address = f"/api/incidents/{opened(responder)['id']}/runbooks/db-check/execute"
    answer = responder.post(address, json=body, headers=KEY)

    assert (answer.status_code, answer.json()["field"]) == (422, "Idempotency-Key")
    assert how_many(unit_of_work, RunbookExecution) == 1


def test_two_tokens_may_use_one_key(
    unit_of_work: UnitOfWorkFactory, responder: TestClient, client_of: ClientOf
) -> None:
    first = responder.post("/api/incidents", json=INCIDENT, headers=KEY)
    second = client_of("U0DBADMIN").post("/api/incidents", json=INCIDENT, headers=KEY)

    assert (first.status_code, second.status_code) == (201, 201)
    assert how_many(unit_of_work, Incident) == 2


def test_what_was_refused_is_judged_anew_under_its_key(responder: TestClient) -> None:
    address = f"/api/incidents/{opened(responder)['id']}/runbooks/db-check/execute"

    assert responder.post(address, json={}, headers=KEY).status_code == 422
    assert responder.post(address, json=ORDERS, headers=KEY).status_code == 201


def test_a_change_of_status_is_repeated_without_a_conflict(responder: TestClient) -> None:
    address = f"/api/incidents/{opened(responder)['id']}/acknowledge"

    assert responder.post(address, headers=KEY).status_code == 200
    assert responder.post(address, headers=KEY).status_code == 200
    assert responder.post(address).status_code == 409


@pytest.mark.parametrize("key", ["", "two words", "k" * 256, "\xe9"])
def test_a_key_that_cannot_be_one_is_refused(responder: TestClient, key: str) -> None:
    headers = {b"Idempotency-Key": key.encode("latin-1")}
    answer = responder.post("/api/incidents", json=INCIDENT, headers=headers)

    assert (answer.status_code, answer.json()["field"]) == (422, "Idempotency-Key")


def test_concurrent_duplicates_make_one_execution(
    unit_of_work: UnitOfWorkFactory, responder: TestClient, recorded_jobs: RecordedJobs
) -> None:
    address = f"/api/incidents/{opened(responder)['id']}/runbooks/db-check/execute"

    def send(_: int) -> tuple[int, str]:
        answer = responder.post(address, json=ORDERS, headers=KEY)
        return answer.status_code, answer.json()["execution"]["id"]

    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(send, range(16)))

    assert len(answers) == 1
    assert how_many(unit_of_work, RunbookExecution) == 1
    assert len(recorded_jobs.enqueued) == 1


def test_concurrent_duplicates_open_one_incident(
    unit_of_work: UnitOfWorkFactory, responder: TestClient
) -> None:
    def send(_: int) -> tuple[int, str]:
        answer = responder.post("/api/incidents", json=INCIDENT, headers=KEY)
        return answer.status_code, answer.json()["incident"]["id"]

    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(send, range(16)))

    assert len(answers) == 1
    assert how_many(unit_of_work, Incident) == 1


def test_a_key_is_not_answered_for_another_team(responder: TestClient) -> None:
    """The team of an alert may stand in the address alone."""
    alert = sample("alertmanager")
    first = responder.post("/api/alerts/alertmanager?team=database", json=alert, headers=KEY)
    second = responder.post("/api/alerts/alertmanager?team=web", json=alert, headers=KEY)

    assert first.status_code == 200, first.text
    assert (second.status_code, second.json()["field"]) == (422, "Idempotency-Key")
