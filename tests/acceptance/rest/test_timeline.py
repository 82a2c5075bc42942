"""An incident's timeline, and notes, over REST."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from core.decisions.timeline import KINDS
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.rest.conftest import ClientOf
from tests.acceptance.rest.library import do
from tests.acceptance.rest.test_incidents import opened
from tests.acceptance.slack.world import lost_in_step
from tests.conftest import ADMIN, RecordedJobs
from tests.world import apply_documents, new_executor, work_off

FLOW = """
kind: workflow
name: fail-over-at-once
team: database
trigger: {on: incident.created}
actions:
  - {id: say, type: message, text: On it}
  - {id: failover, type: runbook, runbook: db-failover}
"""


def lines(client: TestClient, incident: str, **query: Any) -> list[dict[str, Any]]:
    answer = client.get(f"/api/incidents/{incident}/timeline", params=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["timeline"]
    return found


@pytest.fixture
def lived_through(
    responder: TestClient, client_of: ClientOf, unit_of_work: UnitOfWorkFactory, recorded_jobs: RecordedJobs
) -> str:
    """An incident with a workflow, a run, a gate that was decided, a note and a resolution; its id."""
    apply_documents(unit_of_work, FLOW)
    incident: str = opened(responder)["id"]
    executor = new_executor(unit_of_work)
    work_off(unit_of_work, executor, recorded_jobs.enqueued)
    responder.post(f"/api/incidents/{incident}/acknowledge")
    responder.post(f"/api/incidents/{incident}/notes", json={"text": "Replica is behind"})
    gate = responder.get("/api/approvals").json()["approvals"][0]["id"]
    client_of("U0DBADMIN").post(f"/api/approvals/{gate}/approve", json={"reason": "go"})
    work_off(unit_of_work, executor, recorded_jobs.enqueued)
    responder.post(f"/api/incidents/{incident}/resolve")
    return incident


def test_everything_that_happened_is_there_in_order_with_who_and_what(
    responder: TestClient, lived_through: str
) -> None:
    flow, system = "workflow:fail-over-at-once", "system"
    assert [(line["kind"], line["actor"], line["text"]) for line in lines(responder, lived_through)] == [
        ("incident.created", "U0DBOPS", "opened the incident"),
        ("workflow.requested", "U0DBOPS", "started workflow fail-over-at-once v1"),
        ("action.ended", flow, "action say (message) succeeded"),
        ("run.requested", flow, "requested db-failover v1"),
        ("action.ended", flow, "action failover (runbook) succeeded"),
        ("workflow.ended", system, "workflow fail-over-at-once succeeded"),
        ("step.started", system, "db-failover: step gate (approval) started"),
        ("approval.opened", system, "db-failover: step gate is waiting for approval"),
        ("incident.status_changed", "U0DBOPS", "changed the status from open to acknowledged"),
        ("incident.note", "U0DBOPS", "noted: Replica is behind"),
        ("approval.approved", "U0DBADMIN", "approved step gate of db-failover: go"),
        ("step.ended", system, "db-failover: step gate (approval) succeeded"),
        ("run.ended", system, "db-failover succeeded"),
        ("incident.status_changed", "U0DBOPS", "changed the status from acknowledged to resolved"),
    ]


def test_the_timeline_comes_page_by_page_without_a_gap(responder: TestClient, lived_through: str) -> None:
    seen: list[Any] = []
    cursor = None
    while cursor or not seen:
        query = {"limit": "3"} | ({"cursor": cursor} if cursor else {})
        page = responder.get(f"/api/incidents/{lived_through}/timeline", params=query).json()
        seen += page["timeline"]
        cursor = page["next_cursor"]

    assert seen == lines(responder, lived_through)
    assert len({line["id"] for line in seen}) == len(seen)


def test_verdicts_and_cancels_are_there(responder: TestClient, unit_of_work: UnitOfWorkFactory) -> None:
    incident = opened(responder, slack_channel="C0DB")["id"]
    for verb, body in (
        ("verdict", {"verdict": "run_again", "step": "pause", "attempt": 1}),
        ("cancel", None),
    ):
        run = lost_in_step(unit_of_work, "U0DBOPS")
        responder.post(f"/api/runbooks/executions/{run}/{verb}", json=body)

    told = {line["kind"]: line for line in lines(responder, incident)}
    assert told["verdict.run_again"]["text"] == "gave a verdict on say-hello: run the step in doubt again"
    assert told["verdict.run_again"]["actor"] == "U0DBOPS"
    assert (told["run.cancelled"]["actor"], told["run.cancelled"]["text"]) == (
        "U0DBOPS",
        "cancelled say-hello",
    )


def test_a_retry_is_told_with_the_run_that_it_goes_on_with(responder: TestClient) -> None:
    incident = opened(responder)["id"]
    run = do(responder, f"incidents/{incident}/runbooks/db-failover/execute")["id"]
    do(responder, f"runbooks/executions/{run}/cancel")
    again = do(responder, f"runbooks/executions/{run}/retry")["id"]

    [line] = [line for line in lines(responder, incident) if line["kind"] == "run.retried"]
    assert (line["actor"], line["subject_id"], line["details"]["retry_of"]) == ("U0DBOPS", again, run)
    assert line["text"] == f"requested db-failover v1 as a retry of {run}"


def test_freezes_of_its_team_and_of_everything_are_there_while_it_is_open(
    responder: TestClient, client_of: ClientOf
) -> None:
    admin = client_of(ADMIN)
    _freeze_and_lift(admin, "before it was opened")
    all_ = do(admin, "freezes", reason="Migration")["id"]
    incident = opened(responder)["id"]
    assert admin.delete(f"/api/freezes/{all_}").status_code == 200
    _freeze_and_lift(admin, "of its team", team="database")
    _freeze_and_lift(admin, "of another team", team="web")
    do(responder, f"incidents/{incident}/close")
    _freeze_and_lift(admin, "after it was closed")

    assert [(line["actor"], line["text"]) for line in lines(responder, incident)] == [
        ("U0DBOPS", "opened the incident"),
        (ADMIN, "froze everything: Migration"),
        (ADMIN, "unfroze everything, which was frozen: Migration"),
        (ADMIN, "froze team database: of its team"),
        (ADMIN, "unfroze team database, which was frozen: of its team"),
        ("U0DBOPS", "changed the status from open to closed"),
    ]


def _freeze_and_lift(admin: TestClient, reason: str, **scope: str) -> None:
    freeze = do(admin, "freezes", reason=reason, **scope)["id"]
    assert admin.delete(f"/api/freezes/{freeze}").status_code == 200


def test_another_incidents_lines_are_not_there(responder: TestClient, lived_through: str) -> None:
    kinds = [line["kind"] for line in lines(responder, opened(responder)["id"])]
    assert kinds == ["incident.created", "workflow.requested"]


def test_another_teams_timeline_is_not_there(responder: TestClient, other: TestClient) -> None:
    incident = opened(responder)["id"]

    assert other.get(f"/api/incidents/{incident}/timeline").status_code == 404
    assert other.post(f"/api/incidents/{incident}/notes", json={"text": "hi"}).status_code == 404


def test_a_note_is_answered_as_it_was_kept(responder: TestClient) -> None:
    incident = opened(responder)["id"]
    answer = responder.post(f"/api/incidents/{incident}/notes", json={"text": " {from} looks odd "})
    note = answer.json()["note"]

    assert answer.status_code == 201
    assert (note["text"], note["author"], note["incident_id"]) == ("{from} looks odd", "U0DBOPS", incident)
    assert lines(responder, incident)[-1]["details"] == {"text": "{from} looks odd"}


def test_a_note_that_is_sent_again_with_its_key_is_one_note(responder: TestClient) -> None:
    incident = opened(responder)["id"]
    for _ in range(2):
        responder.post(
            f"/api/incidents/{incident}/notes", json={"text": "once"}, headers={"Idempotency-Key": "k"}
        )

    assert [line["kind"] for line in lines(responder, incident)].count("incident.note") == 1


@pytest.mark.parametrize("body", [{}, {"text": "  "}, {"text": "x" * 3001}, {"text": "x", "author": "U0ME"}])
def test_a_note_without_a_text_of_its_own_is_refused(responder: TestClient, body: dict[str, str]) -> None:
    incident = opened(responder)["id"]

    assert responder.post(f"/api/incidents/{incident}/notes", json=body).status_code == 422


def kinds(client: TestClient, incident: str, **query: Any) -> list[str]:
    return [line["kind"] for line in lines(client, incident, **query)]


def test_the_timeline_is_asked_for_by_kind(responder: TestClient, lived_through: str) -> None:
    assert kinds(responder, lived_through, kind="incident.note") == ["incident.note"]
    assert kinds(responder, lived_through, kind=["run.ended", "approval.opened"]) == [
        "approval.opened",
        "run.ended",
    ]
    assert kinds(responder, lived_through, kind="verdict.ran") == []
    assert set(kinds(responder, lived_through)) <= set(KINDS)


def test_the_timeline_is_asked_for_by_time(responder: TestClient, lived_through: str) -> None:
    everything = lines(responder, lived_through)
    [noted] = [place for place, line in enumerate(everything) if line["kind"] == "incident.note"]
    at = everything[noted]["at"]

    assert lines(responder, lived_through, since=at) == everything[noted:]
    assert lines(responder, lived_through, until=at) == everything[:noted]
    assert lines(responder, lived_through, since=at, until=at) == []


def test_what_is_wanted_of_the_timeline_comes_page_by_page(responder: TestClient, lived_through: str) -> None:
    everything = lines(responder, lived_through)
    query = {"kind": "action.ended", "since": everything[0]["at"], "limit": "1"}
    address = f"/api/incidents/{lived_through}/timeline"
    first = responder.get(address, params=query).json()
    second = responder.get(address, params=query | {"cursor": first["next_cursor"]}).json()

    assert [first["timeline"][0]["text"], second["timeline"][0]["text"]] == [
        "action say (message) succeeded",
        "action failover (runbook) succeeded",
    ]
    assert second["next_cursor"] is None


@pytest.mark.parametrize(
    ("query", "field", "sentence"),
    [
        ({"kind": "run.end"}, "kind.0", 'kind.0 is "run.end"; it must be run.ended'),
        ({"kind": ["run.ended", "?"]}, "kind.1", "it must be a kind of line, such as incident.created."),
        ({"since": "yesterday"}, "since", "It must be a time with its zone"),
        ({"until": "2026-01-01T00:00:00"}, "until", "until: "),
    ],
)
def test_what_cannot_be_asked_of_a_timeline_is_named(
    responder: TestClient, query: dict[str, Any], field: str, sentence: str
) -> None:
    incident = opened(responder)["id"]
    answer = responder.get(f"/api/incidents/{incident}/timeline", params=query)

    assert (answer.status_code, answer.headers["Content-Type"]) == (422, "application/problem+json")
    assert answer.json()["field"] == field
    assert sentence in answer.json()["detail"]
