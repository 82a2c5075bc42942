"""The audit trail over REST: every deed is there, for who may read it."""

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from core.decisions.people import Person
from core.services.access.tokens import list_tokens, revoke_token
from core.services.audit.chain import verify_chain
from core.services.audit.reading import AT_ONCE
from core.services.shared.audit import record
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.rest.conftest import ClientOf
from tests.acceptance.rest.documents import DRAFT, WORKFLOW
from tests.acceptance.rest.library import changed, do, runbook, waiting, workflow, written
from tests.acceptance.rest.test_incidents import opened
from tests.acceptance.rest.test_runs import ORDERS, execute
from tests.acceptance.slack.world import lost_in_step
from tests.conftest import ADMIN, RecordedJobs
from tests.world import TEAMS, apply_documents, new_executor, work_off
from workers.scheduler import seal_the_audit_trail


@pytest.fixture
def auditor(client_of: ClientOf) -> TestClient:
    return client_of(ADMIN)


def entries(client: TestClient, **query: str) -> list[dict[str, Any]]:
    answer = client.get("/api/audit", params=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["audit"]
    return found


def the_entry(client: TestClient, action: str) -> dict[str, Any]:
    [entry] = entries(client, action=action)
    return entry


def test_a_deed_over_rest_says_who_what_when_and_by_which_token(
    responder: TestClient, auditor: TestClient, unit_of_work: UnitOfWorkFactory
) -> None:
    incident = opened(responder)
    entry = the_entry(auditor, "incident.opened")

    with unit_of_work.begin() as work:
        tokens = {row["subject_id"] for row in entries(auditor, action="token.created")}
        assert work.now.isoformat()[:10] == entry["at"][:10]
    assert entry["token_id"] in tokens
    assert (entry["actor"], entry["source"], entry["team"]) == ("U0DBOPS", "rest", "database")
    assert entry["subject_id"] == incident["id"]
    assert (entry["before"], entry["after"]["status"]) == (None, "open")


def test_a_change_says_what_was_before_and_what_is_after(responder: TestClient, auditor: TestClient) -> None:
    address = f"/api/incidents/{opened(responder)['id']}"
    responder.post(f"{address}/acknowledge")
    responder.post(f"{address}/resolve")

    for action, before, after in (
        ("incident.acknowledged", "open", "acknowledged"),
        ("incident.resolved", "acknowledged", "resolved"),
    ):
        entry = the_entry(auditor, action)
        assert (entry["before"], entry["after"]) == ({"status": before}, {"status": after})


def test_a_definition_is_audited_when_made_edited_and_approved(
    auditor: TestClient, unit_of_work: UnitOfWorkFactory
) -> None:
    apply_documents(unit_of_work, DRAFT, approve=False)
    apply_documents(unit_of_work, DRAFT.replace("1h", "2h"), approve=False)
    runbook = auditor.get("/api/runbooks/db-draft").json()["runbook"]
    assert auditor.post("/api/runbooks/db-draft/approve", headers={"If-Match": '"2"'}).status_code == 200

    made = the_entry_of(auditor, "runbook.created", runbook["id"])
    edited = the_entry_of(auditor, "runbook.changed", runbook["id"])
    assert (made["before"]["version"], made["after"]["version"]) == (0, 1)
    assert edited["before"]["definition"]["steps"][0]["for"] == "1h"
    assert edited["after"]["definition"]["steps"][0]["for"] == "2h"
    assert (edited["actor"], edited["source"], edited["team"]) == ("operator", "cli", "database")
    approved = the_entry_of(auditor, "runbook.approved", runbook["id"])
    assert approved["before"] == {"status": "draft", "approved_version": None}
    assert approved["after"] == {"status": "approved", "approved_version": 2}
    assert (approved["actor"], approved["source"]) == (ADMIN, "rest")


def the_entry_of(client: TestClient, action: str, subject: str) -> dict[str, Any]:
    [entry] = entries(client, action=action, subject=subject)
    return entry


def test_a_run_its_decision_and_its_end_are_audited(
    responder: TestClient,
    client_of: ClientOf,
    auditor: TestClient,
    unit_of_work: UnitOfWorkFactory,
    recorded_jobs: RecordedJobs,
) -> None:
    incident = opened(responder)["id"]
    run = execute(responder, incident, "db-failover").json()["execution"]["id"]
    executor = new_executor(unit_of_work)
    work_off(unit_of_work, executor, recorded_jobs.enqueued)
    gate = responder.get("/api/approvals").json()["approvals"][0]["id"]
    client_of("U0DBADMIN").post(f"/api/approvals/{gate}/approve", json={"reason": "do it"})
    work_off(unit_of_work, executor, recorded_jobs.enqueued)

    asked = the_entry_of(auditor, "runbook_execution.requested", run)
    assert (asked["actor"], asked["source"], asked["details"]["runbook"]) == (
        "U0DBOPS",
        "rest",
        "db-failover",
    )
    assert asked["after"] == {"status": "pending"}
    decided = the_entry_of(auditor, "approval.approved", gate)
    assert (decided["actor"], decided["team"]) == ("U0DBADMIN", "database")
    assert decided["details"]["reason"] == "do it"
    assert (decided["before"], decided["after"]) == ({"status": "open"}, {"status": "approved"})
    ended = the_entry_of(auditor, "runbook_execution.ended", run)
    assert (ended["actor"], ended["source"], ended["team"]) == ("system", "worker", "database")
    assert ended["details"]["status"] == "succeeded"
    assert (ended["before"], ended["after"]) == ({"status": "running"}, {"status": "succeeded"})


def test_a_cancel_is_audited(responder: TestClient, auditor: TestClient) -> None:
    incident = opened(responder)["id"]
    run = execute(responder, incident, "db-check", **ORDERS).json()["execution"]["id"]
    responder.post(f"/api/runbooks/executions/{run}/cancel")

    cancelled = the_entry_of(auditor, "runbook_execution.cancelled", run)
    assert (cancelled["actor"], cancelled["before"]["status"]) == ("U0DBOPS", "pending")
    assert cancelled["after"] == {"cancel_requested": True}
    ended = the_entry_of(auditor, "runbook_execution.ended", run)
    assert (ended["before"], ended["after"]) == ({"status": "pending"}, {"status": "cancelled"})


def test_a_verdict_is_audited(
    responder: TestClient, auditor: TestClient, unit_of_work: UnitOfWorkFactory
) -> None:
    opened(responder, slack_channel="C0DB")
    run = lost_in_step(unit_of_work, "U0DBOPS")
    body = {"verdict": "ran", "step": "pause", "attempt": 1}
    answer = responder.post(f"/api/runbooks/executions/{run}/verdict", json=body)

    assert answer.status_code == 200, answer.text
    given = the_entry_of(auditor, "verdict.ran", run)
    assert (given["actor"], given["after"]) == ("U0DBOPS", {"verdict": "ran"})


def test_a_workflow_and_what_it_starts_are_audited_as_its_own_deeds(
    responder: TestClient, auditor: TestClient, unit_of_work: UnitOfWorkFactory, recorded_jobs: RecordedJobs
) -> None:
    apply_documents(unit_of_work, WORKFLOW)
    opened(responder, severity="critical")
    started = the_entry(auditor, "workflow_execution.requested")
    work_off(unit_of_work, new_executor(unit_of_work), recorded_jobs.enqueued)

    by = "workflow:critical-db-incident"
    assert (started["actor"], started["source"], started["team"]) == (by, "workflow", "database")
    run = the_entry(auditor, "runbook_execution.requested")
    assert (run["actor"], run["source"]) == (by, "workflow")
    ended = the_entry(auditor, "workflow_execution.ended")
    assert (ended["before"], ended["after"]) == ({"status": "pending"}, {"status": "succeeded"})
    assert the_entry(auditor, "workflow.created")["after"]["version"] == 1


def test_membership_is_audited_with_who_was_in_it_before(
    auditor: TestClient, unit_of_work: UnitOfWorkFactory
) -> None:
    apply_documents(
        unit_of_work, TEAMS.replace("{slack: U0DBOPS, role: responder}", "{slack: U0NEW, role: admin}")
    )

    changed = entries(auditor, action="team.changed")[0]
    assert changed["team"] == "database"
    assert changed["before"] == {"U0DBADMIN": "admin", "U0DBOPS": "responder"}
    assert changed["after"] == {"U0DBADMIN": "admin", "U0NEW": "admin"}


def test_a_refused_deed_leaves_no_trace(
    other: TestClient, responder: TestClient, auditor: TestClient
) -> None:
    incident = opened(responder)["id"]
    assert other.post(f"/api/incidents/{incident}/resolve").status_code == 404

    assert entries(auditor, action="incident.resolved") == []


def test_a_team_admin_reads_the_teams_entries_and_others_none(
    responder: TestClient, other: TestClient, client_of: ClientOf, auditor: TestClient
) -> None:
    opened(responder)
    other.post("/api/incidents", json={"title": "Slow", "severity": "low", "team": "web"})

    assert {entry["team"] for entry in entries(client_of("U0DBADMIN"))} == {"database"}
    assert {entry["team"] for entry in entries(auditor)} == {"database", "web", None}
    for client in (responder, other):
        refused = client.get("/api/audit")
        assert (refused.status_code, refused.json()["detail"][:36]) == (
            403,
            "Only admins may read the audit trail",
        )
        as_lines = client.get("/api/audit", headers={"Accept": "application/x-ndjson"})
        assert as_lines.status_code == 403


def test_entries_are_filtered_by_actor_action_subject_and_time(
    responder: TestClient, auditor: TestClient
) -> None:
    first, second = opened(responder), opened(responder)
    responder.post(f"/api/incidents/{first['id']}/resolve")

    assert {entry["actor"] for entry in entries(auditor, actor="U0DBOPS")} == {"U0DBOPS"}
    assert len(entries(auditor, actor="U0DBOPS")) == 3
    assert len(entries(auditor, action="incident.opened")) == 2
    assert [entry["action"] for entry in entries(auditor, subject=first["id"])] == [
        "incident.resolved",
        "incident.opened",
    ]
    at = second["created_at"]
    assert [e["subject_id"] for e in entries(auditor, since=at, action="incident.opened")] == [second["id"]]
    assert [e["subject_id"] for e in entries(auditor, until=at, action="incident.opened")] == [first["id"]]
    refused = auditor.get("/api/audit", params={"since": "yesterday"})
    assert (refused.status_code, refused.json()["field"]) == (422, "since")


def test_entries_come_page_by_page_newest_first(responder: TestClient, auditor: TestClient) -> None:
    for _ in range(5):
        opened(responder)
    seen: list[int] = []
    cursor = None
    while cursor or not seen:
        query = {"limit": "2", "action": "incident.opened"} | ({"cursor": cursor} if cursor else {})
        page = auditor.get("/api/audit", params=query).json()
        seen += [entry["number"] for entry in page["audit"]]
        cursor = page["next_cursor"]

    assert len(seen) == 5
    assert seen == sorted(seen, reverse=True)


def test_the_cursor_of_another_list_is_refused(responder: TestClient, auditor: TestClient) -> None:
    for _ in range(2):
        opened(responder)
    cursor = responder.get("/api/incidents", params={"limit": "1"}).json()["next_cursor"]

    assert auditor.get("/api/audit", params={"cursor": cursor}).status_code == 422


def test_the_export_has_all_entries_a_line_each_oldest_first(
    responder: TestClient, auditor: TestClient, unit_of_work: UnitOfWorkFactory
) -> None:
    opened(responder)
    seal_the_audit_trail(unit_of_work)
    answer = auditor.get("/api/audit", headers={"Accept": "application/x-ndjson"})
    lines = [json.loads(line) for line in answer.text.splitlines()]

    assert answer.headers["Content-Type"].startswith("application/x-ndjson")
    assert [line["number"] for line in lines] == list(range(1, len(lines) + 1))
    assert lines == entries(auditor)[::-1]
    with unit_of_work.begin() as work:
        assert lines[-1]["hash"] == verify_chain(work).head
    only = auditor.get("/api/audit?action=incident.opened", headers={"Accept": "application/x-ndjson"})
    assert len(only.text.splitlines()) == 1


def test_an_export_of_any_length_is_whole(
    auditor: TestClient, unit_of_work: UnitOfWorkFactory, admin: Person
) -> None:
    with unit_of_work.begin() as work:
        for number in range(AT_ONCE + 1):
            record(work, admin, "thing.done", f"thing {number}")
    answer = auditor.get("/api/audit?action=thing.done", headers={"Accept": "application/x-ndjson"})

    told = [json.loads(line)["subject_id"] for line in answer.text.splitlines()]
    assert told == [f"thing {number}" for number in range(AT_ONCE + 1)]


def test_every_deed_says_what_was_before_and_what_is_after(
    client_of: ClientOf,
    auditor: TestClient,
    unit_of_work: UnitOfWorkFactory,
    recorded_jobs: RecordedJobs,
    admin: Person,
) -> None:
    responder, team_admin = client_of("U0DBOPS"), client_of("U0DBADMIN")
    _library_deeds(team_admin, auditor)
    _run_deeds(responder, team_admin, auditor, unit_of_work, recorded_jobs)
    with unit_of_work.begin() as work:
        revoke_token(work, admin, list_tokens(work, admin)[0].id)

    told = {entry["action"]: entry for entry in entries(auditor, limit="200")}
    assert set(told) >= DEEDS
    assert [action for action, entry in told.items() if entry["after"] is None] == ["runbook.deleted"]
    made = {"created", "opened", "requested", "retried", "noted"}
    assert {
        action
        for action, entry in told.items()
        if entry["before"] is None and action.split(".")[1] not in made
    } <= {"team.changed"}, "the first time there was none"
    assert {told[deed]["team"] for deed in ("freeze.begun", "freeze.lifted")} == {"database"}


DEEDS = {
    *(
        f"runbook.{deed}"
        for deed in ("created", "changed", "approved", "deprecated", "rolled_back", "deleted")
    ),
    *(f"workflow.{deed}" for deed in ("created", "approved", "disabled", "enabled", "deprecated")),
    *(f"incident.{deed}" for deed in ("opened", "acknowledged", "escalated", "noted")),
    *(f"runbook_execution.{deed}" for deed in ("requested", "cancelled", "retried", "ended")),
    *("approval.approved", "verdict.ran", "workflow_execution.requested", "workflow_execution.ended"),
    *("token.created", "token.revoked", "team.changed", "freeze.begun", "freeze.lifted"),
}


def _library_deeds(team_admin: TestClient, auditor: TestClient) -> None:
    written(team_admin, runbook())
    do(auditor, "runbooks/db-vacuum/approve")
    changed(team_admin, runbook(steps=waiting(9)))
    do(team_admin, "runbooks/db-vacuum/rollback", version=1)
    do(auditor, "runbooks/db-vacuum/approve")
    do(team_admin, "runbooks/db-vacuum/deprecate")
    assert team_admin.delete("/api/runbooks/db-vacuum").status_code == 204
    written(team_admin, workflow("db-old"))
    do(auditor, "workflows/db-old/approve")
    do(team_admin, "workflows/db-old/deprecate")
    written(team_admin, workflow())
    do(auditor, "workflows/db-look/approve")
    do(team_admin, "workflows/db-look/disable")
    do(team_admin, "workflows/db-look/enable")


def _run_deeds(
    responder: TestClient,
    team_admin: TestClient,
    auditor: TestClient,
    unit_of_work: UnitOfWorkFactory,
    jobs: RecordedJobs,
) -> None:
    incident = opened(responder, slack_channel="C0DB")["id"]
    lost = lost_in_step(unit_of_work, "U0DBOPS")
    do(responder, f"runbooks/executions/{lost}/verdict", verdict="ran", step="pause", attempt=1)
    do(responder, f"incidents/{incident}/acknowledge")
    do(responder, f"incidents/{incident}/escalate", severity="critical")
    do(responder, f"incidents/{incident}/notes", text="Look")
    do(responder, "workflows/db-look/execute", incident_id=incident)
    run = do(responder, f"incidents/{incident}/runbooks/db-failover/execute")["id"]
    work_off(unit_of_work, new_executor(unit_of_work), jobs.enqueued)
    do(responder, f"runbooks/executions/{run}/cancel")
    again = do(responder, f"runbooks/executions/{run}/retry")["id"]
    work_off(unit_of_work, new_executor(unit_of_work), jobs.enqueued)
    [gate] = [
        each["id"]
        for each in responder.get("/api/approvals").json()["approvals"]
        if each["execution_id"] == again
    ]
    do(team_admin, f"approvals/{gate}/approve")
    freeze = do(auditor, "freezes", team="database", reason="Migration")["id"]
    assert auditor.delete(f"/api/freezes/{freeze}").status_code == 200
