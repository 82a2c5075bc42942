"""The workflow library over REST: written, approved, changed, switched, duplicated, rolled back, deleted."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from core.definitions.yaml_format import to_yaml
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.rest.conftest import ClientOf
from tests.acceptance.rest.library import DB_ADMIN, changed, do, history, workflow, written
from tests.acceptance.rest.test_incidents import opened
from tests.conftest import ADMIN, RecordedJobs
from tests.world import LOST, apply_documents, new_executor, suspect, work_off

SWITCHES = ("enable", "disable", "approve", "deprecate")
ON_CREATION: dict[str, Any] = {"trigger": {"on": "incident.created"}}


@pytest.fixture
def writer(client_of: ClientOf) -> TestClient:
    return client_of(DB_ADMIN)


@pytest.fixture
def platform(client_of: ClientOf) -> TestClient:
    return client_of(ADMIN)


def in_force(writer: TestClient, platform: TestClient, document: dict[str, object]) -> dict[str, Any]:
    """A new workflow, approved, as the answer shows it."""
    return do(platform, f"workflows/{written(writer, document)['id']}/approve")


def test_an_approved_version_stays_in_force_until_the_next_one_is_approved(
    writer: TestClient, platform: TestClient
) -> None:
    shown = in_force(writer, platform, workflow(actions=saying("first")))
    assert (shown["status"], shown["in_force_version"], shown["approved_by"]) == ("approved", 1, ADMIN)

    changed(writer, workflow(actions=saying("second"), **ON_CREATION))
    shown = writer.get("/api/workflows/db-look").json()["workflow"]
    assert (shown["status"], shown["version"], shown["in_force_version"]) == ("draft", 2, 1)
    assert shown["trigger_on"] == "manual"
    assert "-    text: first\n+    text: second\n" in shown["diff"]

    shown = do(platform, "workflows/db-look/approve")
    assert (shown["in_force_version"], shown["trigger_on"], shown["diff"]) == (2, "incident.created", "")
    assert do(writer, "workflows/db-look/deprecate")["in_force_version"] is None
    stopped = platform.get("/api/workflows", params={"status": "deprecated"}).json()["workflows"]
    assert [each["name"] for each in stopped] == ["db-look"]
    headers = {"If-Match": '"2"'}
    assert platform.post("/api/workflows/db-look/approve", headers=headers).status_code == 409


def test_a_draft_of_which_nothing_is_in_force_is_not_deprecated(writer: TestClient) -> None:
    written(writer, workflow())
    answer = writer.post("/api/workflows/db-look/deprecate")
    assert (answer.status_code, "does not run anyway" in answer.json()["detail"]) == (409, True)


def saying(*texts: str) -> list[dict[str, object]]:
    return [{"id": f"say{place}", "type": "message", "text": text} for place, text in enumerate(texts)]


def test_a_new_workflow_is_a_draft_and_found_by_id_and_by_name(writer: TestClient) -> None:
    answer = writer.post("/api/workflows", json=workflow())
    shown = answer.json()["workflow"]

    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/api/workflows/{shown['id']}"
    assert (shown["enabled"], shown["version"], shown["definition"]) == (True, 1, workflow())
    assert (shown["status"], shown["approved_version"], shown["in_force_version"]) == ("draft", None, None)
    assert (shown["trigger_on"], shown["diff"]) == ("manual", None)
    for reference in (shown["id"], "db-look"):
        assert writer.get(f"/api/workflows/{reference}").json() == {"workflow": shown}


def test_a_workflow_under_quarantine_says_why_until_it_is_approved_again(
    unit_of_work: UnitOfWorkFactory, writer: TestClient, platform: TestClient
) -> None:
    assert in_force(writer, platform, workflow())["quarantine"] is None
    suspect(unit_of_work, "db-look")
    shown = writer.get("/api/workflows/db-look").json()["workflow"]
    assert (shown["quarantine"], shown["status"], shown["in_force_version"]) == (LOST, "draft", None)
    assert LOST in [each["quarantine"] for each in writer.get("/api/workflows").json()["workflows"]]
    assert do(writer, "workflows/db-look/enable")["quarantine"] == LOST
    again = do(platform, "workflows/db-look/approve")
    assert (again["quarantine"], again["in_force_version"]) == (None, 1)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"actions": []}, "actions"),
        ({"when": "incident.sevrity == 'high'"}, "when"),
        ({"trigger": {"on": "incident.creatd"}}, "trigger.on"),
        ({"actions": [{"id": "a", "type": "runbook", "runbook": "db-chek"}]}, "actions.0.runbook"),
        ({"actions": [{"id": "a", "type": "runbook", "runbook": "web-restart"}]}, "actions.0.runbook"),
        ({"enabled": "maybe"}, "enabled"),
    ],
)
def test_a_wrong_workflow_is_refused_naming_the_field(
    writer: TestClient, fields: dict[str, object], field: str
) -> None:
    answer = writer.post("/api/workflows", json=workflow() | fields)

    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert writer.get("/api/workflows/db-look").status_code == 404


def test_a_workflow_is_written_by_its_teams_admins_alone(
    writer: TestClient, responder: TestClient, other: TestClient
) -> None:
    assert responder.post("/api/workflows", json=workflow()).status_code == 403
    assert writer.post("/api/workflows", json=workflow(team="web")).status_code == 403
    written(writer, workflow())
    for client, status in ((responder, 403), (other, 404)):
        answers = [
            client.put("/api/workflows/db-look", json=workflow(actions=saying("x"))),
            client.delete("/api/workflows/db-look"),
            client.post("/api/workflows/db-look/rollback", json={"version": 1}),
            client.post("/api/workflows/db-look/duplicate", json={"name": "mine"}),
            *(client.post(f"/api/workflows/db-look/{verb}") for verb in SWITCHES),
        ]
        assert [answer.status_code for answer in answers] == [status] * 8
    assert other.get("/api/workflows/db-look").status_code == 404
    assert len(history(writer, "workflows/db-look")) == 1


def test_a_disabled_workflow_starts_nothing_until_it_is_enabled(
    writer: TestClient, platform: TestClient, responder: TestClient, recorded_jobs: RecordedJobs
) -> None:
    in_force(writer, platform, workflow(**ON_CREATION))
    assert do(writer, "workflows/db-look/disable", note="Too loud.")["enabled"] is False
    opened(responder)
    assert recorded_jobs.enqueued == []

    assert do(writer, "workflows/db-look/enable")["enabled"] is True
    opened(responder)
    assert [kind for kind, _ in recorded_jobs.enqueued] == ["workflow"]
    assert history(writer, "workflows/db-look") == [
        (1, "created", "draft", DB_ADMIN),
        (1, "approved", "approved", ADMIN),
        (1, "disabled", "approved", DB_ADMIN),
        (1, "enabled", "approved", DB_ADMIN),
    ]
    notes = [line["note"] for line in writer.get("/api/workflows/db-look/versions").json()["versions"]]
    assert notes == ["", "Too loud.", "", ""]
    do(writer, "workflows/db-look/enable")
    assert len(history(writer, "workflows/db-look")) == 4


def test_a_change_that_does_not_say_it_leaves_a_disabled_workflow_disabled(writer: TestClient) -> None:
    written(writer, workflow())
    do(writer, "workflows/db-look/disable")

    assert changed(writer, workflow(actions=saying("x")))["enabled"] is False
    assert changed(writer, workflow(actions=saying("x"), enabled=True))["enabled"] is True
    assert [line[:2] for line in history(writer, "workflows/db-look")][2:] == [(2, "changed"), (2, "enabled")]


def test_what_runs_ends_on_the_version_it_began_with(
    unit_of_work: UnitOfWorkFactory,
    writer: TestClient,
    platform: TestClient,
    responder: TestClient,
    recorded_jobs: RecordedJobs,
) -> None:
    in_force(writer, platform, workflow(actions=saying("old", "old"), **ON_CREATION))
    opened(responder)
    [(_, execution)] = recorded_jobs.enqueued
    changed(writer, workflow(actions=saying("new"), **ON_CREATION))
    do(platform, "workflows/db-look/approve")
    do(writer, "workflows/db-look/disable")
    work_off(unit_of_work, new_executor(unit_of_work), recorded_jobs.enqueued)
    ended = responder.get(f"/api/workflows/executions/{execution}").json()["execution"]

    assert (ended["status"], ended["workflow_version"]) == ("succeeded", 1)
    assert [action["id"] for action in ended["actions"]] == ["say0", "say1"]
    said = [action["output"] or action["request"] for action in ended["actions"]]
    assert "new" not in str(said)


def test_a_rollback_is_a_new_version_and_leaves_it_as_enabled_as_it_was(writer: TestClient) -> None:
    written(writer, workflow(actions=saying("first"), enabled=True))
    changed(writer, workflow(actions=saying("second")))
    do(writer, "workflows/db-look/disable")
    back = do(writer, "workflows/db-look/rollback", version=1)

    assert (back["version"], back["enabled"]) == (3, False)
    assert back["definition"]["actions"] == saying("first")
    assert history(writer, "workflows/db-look")[-1] == (3, "rolled_back", "draft", DB_ADMIN)
    same = writer.post("/api/workflows/db-look/rollback", json={"version": 1})
    assert same.status_code == 409


def test_a_duplicate_says_the_same_under_another_name_and_is_a_draft_and_disabled(writer: TestClient) -> None:
    written(writer, workflow())
    answer = writer.post("/api/workflows/db-look/duplicate", json={"name": "db-look-twice"})
    copy = answer.json()["workflow"]

    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/api/workflows/{copy['id']}"
    assert (copy["enabled"], copy["version"], copy["team"]) == (False, 1, "database")
    assert (copy["status"], copy["in_force_version"]) == ("draft", None)
    assert copy["definition"] == workflow("db-look-twice") | {"enabled": False}
    [line] = writer.get("/api/workflows/db-look-twice/versions").json()["versions"]
    assert line["note"] == "Duplicate of db-look, version 1."
    again = writer.post("/api/workflows/db-look/duplicate", json={"name": "db-look-twice"})
    assert again.status_code == 409
    wrong = writer.post("/api/workflows/db-look/duplicate", json={"name": "No Name"})
    assert (wrong.status_code, wrong.json()["field"]) == (422, "name")


def test_a_workflow_that_runs_is_not_deleted(
    unit_of_work: UnitOfWorkFactory,
    writer: TestClient,
    platform: TestClient,
    responder: TestClient,
    recorded_jobs: RecordedJobs,
) -> None:
    gone = in_force(writer, platform, workflow(actions=saying("x"), **ON_CREATION))["id"]
    opened(responder)
    [(_, execution)] = recorded_jobs.enqueued
    assert writer.delete("/api/workflows/db-look").status_code == 409

    work_off(unit_of_work, new_executor(unit_of_work), recorded_jobs.enqueued)
    assert writer.delete("/api/workflows/db-look").status_code == 204
    opened(responder)
    assert recorded_jobs.enqueued == []
    assert responder.get("/api/workflows/db-look").status_code == 404
    assert responder.get(f"/api/workflows/{gone}").json()["workflow"]["deleted_at"]
    assert responder.get(f"/api/workflows/executions/{execution}").status_code == 200
    assert [line[1] for line in history(responder, f"workflows/{gone}")] == [
        "created",
        "approved",
        "deleted",
    ]
    assert written(writer, workflow())["id"] != gone


def test_a_stale_change_of_a_workflow_is_refused(writer: TestClient) -> None:
    written(writer, workflow())
    read = writer.get("/api/workflows/db-look").headers["ETag"]
    changed(writer, workflow(actions=saying("x")))
    answer = writer.put(
        "/api/workflows/db-look", json=workflow(actions=saying("y")), headers={"If-Match": read}
    )

    assert answer.status_code == 412
    assert writer.get("/api/workflows/db-look").json()["workflow"]["definition"]["actions"] == saying("x")


def test_a_move_of_a_workflow_needs_both_teams(writer: TestClient, platform: TestClient) -> None:
    written(writer, workflow(actions=saying("x")))
    moved = workflow(team="web", actions=saying("x"))

    assert writer.put("/api/workflows/db-look", json=moved).status_code == 403
    assert changed(platform, moved)["team"] == "web"
    assert writer.get("/api/workflows/db-look").status_code == 404


def test_an_operators_file_that_says_nothing_of_it_enables_nothing(
    unit_of_work: UnitOfWorkFactory, writer: TestClient
) -> None:
    written(writer, workflow())
    do(writer, "workflows/db-look/disable")
    apply_documents(unit_of_work, to_yaml(workflow(actions=saying("x"))))

    shown = writer.get("/api/workflows/db-look").json()["workflow"]
    assert (shown["version"], shown["enabled"]) == (2, False)
