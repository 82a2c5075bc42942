"""Dry runs over REST: the whole plan, and nothing of it done."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from core.tables import AuditEntry, Base
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.rest.conftest import ClientOf
from tests.acceptance.rest.documents import DRAFT
from tests.acceptance.rest.library import do
from tests.acceptance.rest.test_incidents import opened
from tests.conftest import RecordedJobs
from tests.world import apply_documents, new_executor, running_target, work_off

WHOLE = """
kind: runbook
name: whole
team: database
parameters:
  type: object
  required: [cluster]
  properties: {{cluster: {{type: string, enum: [orders, users]}}}}
lock: db/{{{{ params.cluster }}}}
steps:
  - {{id: lag, type: http, url: "{target}/{{{{ params.cluster }}}}/lag", save: {{seconds: response.json.seconds}}}}
  - {{id: gate, type: approval, approvers: {{team: database, role: admin}}, expires: 15m}}
  - id: promote
    type: http
    method: POST
    url: "{{{{ secrets.DB_API }}}}/{{{{ params.cluster }}}}"
    json: {{lag: "{{{{ steps.lag.saved.seconds }}}}"}}
  - {{id: check, type: shell, argv: [touch, "{mark}"]}}
  - {{id: settle, type: wait, for: 2m}}
  - {{id: told, type: message, text: "{{{{ incident.title }}}}"}}
"""
OUTSIDE = (
    "socket.connect",
    "socket.getaddrinfo",
    "socket.sendto",
    "subprocess.Popen",
    "os.posix_spawn",
    "os.fork",
    "os.exec",
    "os.system",
)
DRY = {"parameters": {"cluster": "orders"}, "dry_run": True}
_watchers: list[list[str]] = []


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    for seen in _watchers if event in OUTSIDE else ():
        seen.append(f"{event} {arguments}")


@contextmanager
def watched() -> Iterator[list[str]]:
    """Connections and processes of this process, as Python's audit events tell them (PEP 578)."""
    if not _watchers:
        sys.addaudithook(_hook)
    seen: list[str] = []
    _watchers.append(seen)
    yield seen
    _watchers[_watchers.index(seen)] = []


def rows(unit_of_work: UnitOfWorkFactory) -> dict[str, int]:
    with unit_of_work.engine.connect() as connection:
        tables = Base.metadata.sorted_tables
        return {each.name: connection.scalar(select(func.count()).select_from(each)) or 0 for each in tables}


def plan_of(client: TestClient, incident: str, runbook: str = "whole", **body: Any) -> Any:
    return client.post(f"/api/incidents/{incident}/runbooks/{runbook}/execute", json=DRY | body)


def test_a_dry_run_makes_no_call_no_process_and_no_row_but_one_audit_entry(
    unit_of_work: UnitOfWorkFactory, responder: TestClient, recorded_jobs: RecordedJobs, tmp_path: Any
) -> None:
    with running_target() as target:
        apply_documents(unit_of_work, WHOLE.format(target=target.url, mark=tmp_path / "mark"))
        incident = opened(responder)["id"]
        before = rows(unit_of_work)
        with watched() as seen:
            answer = plan_of(responder, incident)
        changed = {
            name: count - before[name] for name, count in rows(unit_of_work).items() if count != before[name]
        }
        assert answer.status_code == 200
        assert (target.calls, seen, list(tmp_path.iterdir())) == ([], [], [])
    assert changed == {"audit_entries": 1, "audit_seals": 1}  # an entry and its place in the chain
    assert recorded_jobs.enqueued == []
    with unit_of_work.begin() as work:
        entry = work.session.scalars(select(AuditEntry).order_by(AuditEntry.number.desc())).first()
        assert entry
        assert (entry.action, entry.actor, entry.source) == ("runbook.dry_run", "U0DBOPS", "rest")


def test_the_watch_sees_what_a_real_run_does(
    unit_of_work: UnitOfWorkFactory, responder: TestClient, recorded_jobs: RecordedJobs, tmp_path: Any
) -> None:
    """Without this the test above could not fail."""
    with running_target() as target:
        apply_documents(unit_of_work, WHOLE.format(target=target.url, mark=tmp_path / "mark"))
        assert plan_of(responder, opened(responder)["id"], dry_run=False).status_code == 201
        with watched() as seen:
            work_off(unit_of_work, new_executor(unit_of_work), recorded_jobs.enqueued)
        assert target.paths() == ["/orders/lag"]
    assert any(event.startswith("socket.connect") for event in seen)


def test_the_plan_says_what_each_step_would_do(
    unit_of_work: UnitOfWorkFactory, responder: TestClient
) -> None:
    apply_documents(unit_of_work, WHOLE.format(target="https://db.example", mark="/tmp/mark"))
    plan = plan_of(responder, opened(responder)["id"]).json()["plan"]

    assert (plan["runbook"], plan["runbook_version"], plan["requested_by"]) == ("whole", 1, "U0DBOPS")
    assert plan["parameters"] == {"cluster": "orders"}
    assert plan["lock"] == {"name": "db/orders", "on_conflict": "reject", "held_by": None}
    lag, gate, promote, check, settle, told = plan["steps"]
    assert lag["request"] == {"method": "GET", "url": "https://db.example/orders/lag"}
    assert gate["gate"]["approvers"] == "an admin of team database"
    assert (gate["gate"]["people"], gate["gate"]["expires_seconds"]) == (["U0DBADMIN"], 900)
    assert promote["request"]["url"] == "{{ secrets.DB_API }}/orders"
    assert promote["request"]["body"] == '{"lag": "‹lag.seconds›"}'
    assert check["request"] == {"argv": ["touch", "/tmp/mark"]}
    assert settle["wait_seconds"] == 120
    assert told["request"] == {"text": "Orders down"}


def test_the_plan_says_who_holds_the_lock(unit_of_work: UnitOfWorkFactory, responder: TestClient) -> None:
    apply_documents(unit_of_work, WHOLE.format(target="https://db.example", mark="/tmp/mark"))
    incident = opened(responder)["id"]
    holder = plan_of(responder, incident, dry_run=False).json()["execution"]["id"]

    held_by = plan_of(responder, incident).json()["plan"]["lock"]["held_by"]
    assert held_by == {"id": holder, "runbook": "whole", "status": "pending"}
    free = plan_of(responder, incident, parameters={"cluster": "users"}).json()["plan"]["lock"]
    assert free["held_by"] is None


def test_the_runbooks_own_address_takes_it_too(
    unit_of_work: UnitOfWorkFactory, responder: TestClient
) -> None:
    incident = opened(responder)["id"]
    answer = responder.post("/api/runbooks/db-check/execute", json=DRY | {"incident_id": incident})
    assert (answer.status_code, answer.json()["plan"]["runbook"]) == (200, "db-check")


@pytest.mark.parametrize(
    ("who", "runbook", "body", "status"),
    [
        ("U0DBOPS", "db-draft", {"parameters": {}}, 409),
        ("U0DBOPS", "web-restart", {"parameters": {}}, 404),
        ("U0DBOPS", "db-check", {"parameters": {"cluster": "mars"}}, 422),
        ("U0DBOPS", "db-check", {"parameters": {}}, 422),
        ("U0WEB", "say-hello", {"parameters": {}}, 404),
        ("U0ADMIN", "web-restart", {"parameters": {}}, 403),
    ],
)
def test_it_is_refused_as_a_real_run_is(
    unit_of_work: UnitOfWorkFactory,
    client_of: ClientOf,
    who: str,
    runbook: str,
    body: dict[str, Any],
    status: int,
) -> None:
    apply_documents(unit_of_work, DRAFT, approve=False)
    incident = opened(client_of("U0DBOPS"))["id"]
    dry, real = (plan_of(client_of(who), incident, runbook, **body, dry_run=dry) for dry in (True, False))
    assert (dry.status_code, dry.json()) == (status, real.json())


def test_a_dry_run_uses_up_no_idempotency_key(unit_of_work: UnitOfWorkFactory, responder: TestClient) -> None:
    incident, key = opened(responder)["id"], {"Idempotency-Key": "k1"}
    address = f"/api/incidents/{incident}/runbooks/db-check/execute"
    for body, status in ((DRY, 200), (DRY, 200), (DRY | {"dry_run": False}, 201)):
        assert responder.post(address, json=body, headers=key).status_code == status


def test_the_plan_says_that_such_a_run_is_frozen(client_of: ClientOf, responder: TestClient) -> None:
    admin = client_of("U0DBADMIN")
    incident = opened(responder)["id"]
    address = f"incidents/{incident}/runbooks/say-hello/execute"
    assert do(responder, address, dry_run=True)["freeze"] is None
    do(admin, "freezes", team="database", reason="Migration")

    freeze = do(responder, address, dry_run=True)["freeze"]
    assert (freeze["team"], freeze["reason"], freeze["frozen_by"]) == ("database", "Migration", "U0DBADMIN")


VALUES = """
kind: runbook
name: valued
team: database
parameters: {properties: {host: {type: string, default: db-1}, parts: {type: integer, default: 2}}}
values:
  base: '"https://" + params.host'
  name: '"run " + execution.id'
  share: 12 / params.parts
steps:
  - id: which
    type: input
    message: "Which of {{ values.base }}?"
    schema: {properties: {replica: {type: string}}}
    expires: 15m
  - {id: told, type: message, text: "{{ values.name }} to {{ steps.which.saved.replica }}: {{ values.share }}"}
"""


def test_a_plan_has_the_values_and_what_is_asked(
    unit_of_work: UnitOfWorkFactory, responder: TestClient
) -> None:
    apply_documents(unit_of_work, VALUES)
    address = f"/api/incidents/{opened(responder)['id']}/runbooks/valued/execute"
    plan = responder.post(address, json={"dry_run": True}).json()["plan"]

    assert plan["values"] == {"base": "https://db-1", "name": "run ‹execution.id›", "share": 6}
    which, told = plan["steps"]
    assert which["request"]["message"] == "Which of https://db-1?"
    assert (which["request"]["from"], which["wait_seconds"]) == ("a responder of team database", 900)
    assert told["request"]["text"] == "run ‹execution.id› to ‹which.replica›: 6"
    wrong = responder.post(address, json={"dry_run": True, "parameters": {"parts": 0}})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "expression_error")
    assert wrong.json()["detail"].startswith("values.share: ")
