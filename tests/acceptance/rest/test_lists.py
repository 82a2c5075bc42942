"""Lists: by every filter, only what one may see, and no query a row."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, update
from starlette.testclient import TestClient

from core.tables import Incident, RunbookExecution, WorkflowExecution
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.rest.conftest import ClientOf
from tests.acceptance.rest.documents import DRAFT
from tests.acceptance.rest.test_incidents import opened
from tests.acceptance.rest.test_paging import walk
from tests.acceptance.rest.test_runs import execute
from tests.conftest import RecordedJobs
from tests.world import apply_documents, new_executor, work_off

Count = Callable[[TestClient, str], int]
WORKFLOW = """
kind: workflow
name: greet
trigger: {on: incident.created}
actions:
  - {id: tell, type: message, text: hello}
  - {id: run, type: runbook, runbook: say-hello}
---
kind: workflow
name: greet-ours
team: database
enabled: false
trigger: {on: manual}
actions: [{id: tell, type: message, text: hello}]
"""
LONG_AGO = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture
def count(unit_of_work: UnitOfWorkFactory) -> Count:
    """How many statements an answer takes."""

    def ask(client: TestClient, address: str) -> int:
        asked: list[str] = []

        def note(*given: Any) -> None:
            asked.append(given[2])

        event.listen(unit_of_work.engine, "before_cursor_execute", note)
        try:
            assert client.get(address).status_code == 200
        finally:
            event.remove(unit_of_work.engine, "before_cursor_execute", note)
        return len(asked)

    return ask


@pytest.fixture
def happen(
    unit_of_work: UnitOfWorkFactory, responder: TestClient, recorded_jobs: RecordedJobs
) -> Callable[[], None]:
    """An incident with a workflow's run and its runbook's, and a runbook that waits at its gate."""
    apply_documents(unit_of_work, WORKFLOW)

    def make() -> None:
        incident = opened(responder)["id"]
        execute(responder, incident, "db-failover")
        execute(responder, "inc-1", "db-failover")
        work_off(unit_of_work, new_executor(unit_of_work), recorded_jobs.enqueued)

    return make


ADDRESSES = (
    "incidents",
    "incidents?team=database&status=open",
    "incidents/inc-1/runbooks/executions",
    "incidents/inc-1/timeline",
    "runbooks/db-failover/executions",
    "runbooks/say-hello/executions",
    "workflows/greet/executions",
    "approvals",
    "audit",
    "runbooks",
    "workflows",
    "runbooks/say-hello/analytics",
    "workflows/greet/analytics",
)


@pytest.mark.parametrize("who", ["U0DBADMIN", "U0ADMIN"])
def test_a_page_of_many_takes_as_many_queries_as_a_page_of_one(
    happen: Callable[[], None], count: Count, client_of: ClientOf, who: str
) -> None:
    client = client_of(who)
    happen()
    for address in ADDRESSES:
        count(client, f"/api/{address}")
    one = {address: count(client, f"/api/{address}") for address in ADDRESSES}
    for _ in range(4):
        happen()

    assert {address: count(client, f"/api/{address}") for address in ADDRESSES} == one


def ids(client: TestClient, address: str, **query: str) -> list[str]:
    answer = client.get(f"/api/{address}", params=query)
    assert answer.status_code == 200, answer.text
    kind = next(name for name in answer.json() if name != "next_cursor")
    return [str(each["id"]) for each in answer.json()[kind]]


@pytest.fixture
def runs(
    unit_of_work: UnitOfWorkFactory, responder: TestClient, recorded_jobs: RecordedJobs
) -> dict[str, str]:
    """By what is special about them; newest last."""
    old, new = opened(responder)["id"], opened(responder)["id"]
    made = {
        "old": execute(responder, old, "say-hello"),
        "of another runbook": execute(responder, old, "db-failover"),
        "cancelled": execute(responder, new, "say-hello"),
        "new": execute(responder, new, "say-hello"),
    }
    found = {what: str(answer.json()["execution"]["id"]) for what, answer in made.items()}
    assert responder.post(f"/api/runbooks/executions/{found['cancelled']}/cancel").status_code == 200
    work_off(unit_of_work, new_executor(unit_of_work), recorded_jobs.enqueued)
    with unit_of_work.begin() as work:
        of_old = update(RunbookExecution).where(RunbookExecution.id == found["old"])
        work.session.execute(of_old.values(created_at=LONG_AGO))
        work.session.execute(update(Incident).where(Incident.id == old).values(created_at=LONG_AGO))
    return found


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ({}, ["new", "cancelled", "old"]),
        ({"status": "cancelled"}, ["cancelled"]),
        ({"status": "timed_out"}, []),
        ({"incident": "inc-1"}, ["old"]),
        ({"incident": "inc-2", "status": "waiting"}, ["new"]),
        ({"since": "2026-01-05T00:00:00.000001Z"}, ["new", "cancelled"]),
        ({"since": "2026-01-05T00:00:00Z"}, ["new", "cancelled", "old"]),
        ({"until": "2026-01-05T00:00:00Z"}, []),
        ({"until": "2026-01-05T00:00:00.000001Z"}, ["old"]),
    ],
)
def test_the_runs_of_a_runbook_by_every_filter(
    runs: dict[str, str], responder: TestClient, query: dict[str, str], wanted: list[str]
) -> None:
    assert ids(responder, "runbooks/say-hello/executions", **query) == [runs[what] for what in wanted]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ({}, ["of another runbook", "old"]),
        ({"runbook": "db-failover"}, ["of another runbook"]),
        ({"status": "cancelled"}, []),
        ({"until": "2026-02-01T00:00:00Z"}, ["old"]),
        ({"since": "2026-02-01T00:00:00Z", "runbook": "say-hello"}, []),
    ],
)
def test_the_runs_of_an_incident_by_every_filter(
    runs: dict[str, str], responder: TestClient, query: dict[str, str], wanted: list[str]
) -> None:
    assert ids(responder, "incidents/inc-1/runbooks/executions", **query) == [runs[what] for what in wanted]


def test_the_runs_of_a_runbook_are_paged_and_of_a_global_one_each_team_sees_its_own(
    runs: dict[str, str], responder: TestClient, other: TestClient, client_of: ClientOf
) -> None:
    pages = list(walk(responder, "/api/runbooks/say-hello/executions", "executions", 2))

    assert [each for page in pages for each in page] == [runs["new"], runs["cancelled"], runs["old"]]
    assert ids(other, "runbooks/say-hello/executions") == []
    assert other.get("/api/runbooks/db-failover/executions").status_code == 404
    assert len(ids(client_of("U0ADMIN"), "runbooks/say-hello/executions")) == 3


@pytest.mark.parametrize("field", ["incident", "runbook"])
def test_a_filter_that_names_nothing_is_refused(
    runs: dict[str, str], responder: TestClient, other: TestClient, field: str
) -> None:
    list_of = {"incident": "runbooks/say-hello/executions", "runbook": "incidents/inc-1/runbooks/executions"}
    answer = responder.get(f"/api/{list_of[field]}", params={field: "inc-99"})
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    if field == "incident":
        assert other.get(f"/api/{list_of[field]}", params={field: "inc-1"}).status_code == 422


def test_the_runs_of_a_workflow_by_every_filter(
    unit_of_work: UnitOfWorkFactory, responder: TestClient
) -> None:
    apply_documents(unit_of_work, WORKFLOW)
    for _ in range(2):
        opened(responder)
    with unit_of_work.begin() as work:
        first = update(WorkflowExecution).where(
            WorkflowExecution.incident_id.in_(ids(responder, "incidents")[1:])
        )
        work.session.execute(first.values(created_at=LONG_AGO, status="failed"))
    address = "workflows/greet/executions"
    new, old = ids(responder, address)

    assert ids(responder, address, status="failed") == ids(responder, address, incident="inc-1") == [old]
    assert ids(responder, address, since="2026-02-01T00:00:00Z") == [new]
    assert ids(responder, address, until="2026-02-01T00:00:00Z") == [old]


def test_incidents_by_time_team_and_status(
    responder: TestClient, client_of: ClientOf, runs: dict[str, str]
) -> None:
    admin = client_of("U0ADMIN")
    web = opened(admin, team="web")["id"]
    new, old = ids(responder, "incidents")
    responder.post(f"/api/incidents/{old}/acknowledge")

    assert ids(admin, "incidents") == [web, new, old]
    assert ids(admin, "incidents", team="database") == [new, old]
    assert ids(admin, "incidents", status="acknowledged") == [old]
    assert ids(admin, "incidents", team="web", since="2026-02-01T00:00:00Z") == [web]
    assert ids(responder, "incidents", until=(LONG_AGO + timedelta(seconds=1)).isoformat()) == [old]


def test_the_library_by_team_and_status(
    unit_of_work: UnitOfWorkFactory, responder: TestClient, other: TestClient
) -> None:
    apply_documents(unit_of_work, DRAFT, approve=False)
    apply_documents(unit_of_work, WORKFLOW)

    assert len(ids(responder, "runbooks", team="database")) == 3
    assert len(ids(responder, "runbooks", team="database", status="draft")) == 1
    assert (
        len(ids(responder, "workflows", enabled="false"))
        == len(ids(responder, "workflows", team="database"))
        == 1
    )
    assert len(ids(responder, "workflows", enabled="true")) == 1
    assert ids(other, "workflows", enabled="false") == []
    assert other.get("/api/runbooks", params={"team": "database"}).json()["field"] == "team"


def test_open_gates_are_paged_newest_first(happen: Callable[[], None], client_of: ClientOf) -> None:
    for _ in range(3):
        happen()
    approver = client_of("U0DBADMIN")
    pages = list(walk(approver, "/api/approvals", "approvals", 4))
    opened_at = [each["opened_at"] for each in approver.get("/api/approvals").json()["approvals"]]

    assert [len(page) for page in pages] == [4, 2]
    assert len({each for page in pages for each in page}) == 6
    assert opened_at == sorted(opened_at, reverse=True)
