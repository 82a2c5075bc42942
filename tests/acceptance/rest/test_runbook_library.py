"""The runbook library over REST: written, approved, changed, rolled back, deprecated, deleted."""

import json

import pytest
from starlette.testclient import TestClient
from starlette.types import ASGIApp

from bot.pages.links import RunLinks
from bot.pages.routes import PageSettings
from bot.rest.settings import RestSettings
from bot.web import create_web
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.rest.conftest import ClientOf
from tests.acceptance.rest.library import DB_ADMIN, changed, do, history, runbook, waiting, written
from tests.acceptance.rest.test_incidents import opened
from tests.acceptance.rest.test_runs import execute
from tests.conftest import ADMIN, RecordedJobs
from tests.world import LOST, new_executor, suspect, work_off


@pytest.fixture
def writer(client_of: ClientOf) -> TestClient:
    """An admin of team database."""
    return client_of(DB_ADMIN)


@pytest.fixture
def platform(client_of: ClientOf) -> TestClient:
    """A platform admin."""
    return client_of(ADMIN)


def test_a_new_runbook_is_a_draft_of_its_first_version(writer: TestClient) -> None:
    document = runbook(description="Vacuum it.")
    answer = writer.post("/api/runbooks?note=First+try", json=document)
    shown = answer.json()["runbook"]

    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/api/runbooks/{shown['id']}"
    assert (shown["status"], shown["version"], shown["approved_version"]) == ("draft", 1, None)
    assert (shown["definition"], shown["changed_by"], shown["diff"]) == (document, DB_ADMIN, None)
    assert writer.get(answer.headers["Location"]).json() == answer.json()
    [line] = writer.get(f"/api/runbooks/{shown['id']}/versions").json()["versions"]
    assert (line["change"], line["note"], line["definition"]) == ("created", "First try", document)


def test_a_runbook_under_quarantine_says_why_until_it_is_approved_again(
    unit_of_work: UnitOfWorkFactory, writer: TestClient, platform: TestClient
) -> None:
    assert written(writer, runbook())["quarantine"] is None
    suspect(unit_of_work, "db-vacuum")
    shown = writer.get("/api/runbooks/db-vacuum").json()["runbook"]
    assert (shown["quarantine"], shown["status"]) == (LOST, "draft")
    assert LOST in [each["quarantine"] for each in writer.get("/api/runbooks").json()["runbooks"]]
    assert do(platform, "runbooks/db-vacuum/approve")["quarantine"] is None


def test_a_name_is_taken_once(writer: TestClient) -> None:
    written(writer, runbook())
    again = writer.post("/api/runbooks", json=runbook())

    assert (again.status_code, again.json()["code"]) == (409, "already_exists")
    assert "db-vacuum" in again.json()["detail"]


def test_one_idempotency_key_writes_one_runbook(writer: TestClient) -> None:
    headers = {"Idempotency-Key": "one-of-a-kind"}
    first, second = (writer.post("/api/runbooks", json=runbook(), headers=headers) for _ in range(2))

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"steps": []}, "steps"),
        ({"steps": [{"id": "a", "type": "wiat", "for": "1h"}]}, "steps.0.type"),
        ({"steps": [{"id": "a", "type": "wait", "for": "soon"}]}, "steps.0.for"),
        ({"steps": [{"id": "a", "type": "message", "text": "{{ params.x }}"}]}, "steps.0.text"),
        ({"team": "databse"}, "team"),
        ({"stpes": []}, "stpes"),
        ({"kind": "workflow"}, "kind"),
        ({"name": "Db Vacuum"}, "name"),
        ({"description": "half \ud800"}, "description"),
        ({"description": "nul \0"}, "description"),
        ({"parameters": {"properties": {"x": {"default": float("inf")}}}}, "parameters.properties.x.default"),
    ],
)
def test_a_wrong_definition_is_refused_naming_the_field(
    platform: TestClient, fields: dict[str, object], field: str
) -> None:
    answer = platform.post(
        "/api/runbooks",
        content=json.dumps(runbook() | fields).encode(),
        headers={"Content-Type": "application/json"},
    )

    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.json()["errors"]]
    assert "request:" not in answer.json()["detail"]
    assert platform.get("/api/runbooks/db-vacuum").status_code == 404


def test_all_that_is_wrong_is_told_at_once(writer: TestClient) -> None:
    wrong = runbook(steps=[{"id": "a", "type": "wait", "for": "soon"}, {"id": "b", "type": "wait"}])
    errors = writer.post("/api/runbooks", json=wrong).json()["errors"]

    assert [error["field"] for error in errors] == ["steps.0.for", "steps.1"]


def test_a_team_admin_writes_for_the_team_and_a_platform_admin_what_is_global(
    writer: TestClient, platform: TestClient, responder: TestClient
) -> None:
    everywhere = {key: value for key, value in runbook("everywhere").items() if key != "team"}
    by_responder = responder.post("/api/runbooks", json=runbook())
    for_another, for_all = (
        writer.post("/api/runbooks", json=document) for document in (runbook(team="web"), everywhere)
    )

    assert [answer.status_code for answer in (by_responder, for_another, for_all)] == [403] * 3
    assert "Only a platform admin or an admin of a team may write" in by_responder.json()["detail"]
    assert "Only an admin of team web" in for_another.json()["detail"]
    assert "Only a platform admin" in for_all.json()["detail"]
    assert written(platform, everywhere)["team"] is None


def test_what_a_responder_may_see_they_may_not_change(writer: TestClient, responder: TestClient) -> None:
    written(writer, runbook())
    address = "/api/runbooks/db-vacuum"
    answers = [
        responder.put(address, json=runbook(steps=waiting(1))),
        responder.delete(address),
        responder.post(f"{address}/rollback", json={"version": 1}),
        responder.post(f"{address}/approve"),
        responder.post(f"{address}/deprecate"),
    ]

    assert [answer.status_code for answer in answers] == [403] * 5
    assert len(history(responder, "runbooks/db-vacuum")) == 1


def test_what_another_team_owns_is_not_there(writer: TestClient, other: TestClient) -> None:
    written(writer, runbook())
    address = "/api/runbooks/db-vacuum"
    answers = [
        other.get(address),
        other.get(f"{address}?format=yaml"),
        other.put(address, json=runbook()),
        other.delete(address),
        other.get(f"{address}/versions"),
        *(other.post(f"{address}/{verb}") for verb in ("approve", "deprecate")),
        other.post(f"{address}/rollback", json={"version": 1}),
    ]

    assert [answer.status_code for answer in answers] == [404] * 8


def test_the_next_version_is_a_draft_and_the_same_definition_is_no_version(
    writer: TestClient, platform: TestClient
) -> None:
    written(writer, runbook())
    do(platform, "runbooks/db-vacuum/approve")

    same = changed(writer, dict(reversed(runbook().items())))
    assert (same["version"], same["status"]) == (1, "approved")
    edited = changed(writer, runbook(steps=waiting(5)))
    assert (edited["version"], edited["status"], edited["approved_version"]) == (2, "draft", 1)


def test_an_edited_runbook_cannot_run_until_it_is_approved_again(
    writer: TestClient, platform: TestClient, responder: TestClient
) -> None:
    incident = opened(responder)["id"]
    written(writer, runbook())
    do(platform, "runbooks/db-vacuum/approve")
    assert execute(responder, incident, "db-vacuum").json()["execution"]["runbook_version"] == 1

    changed(writer, runbook(steps=waiting(5)))
    refused = execute(responder, incident, "db-vacuum")
    assert (refused.status_code, "only an approved version runs" in refused.text) == (409, True)
    do(platform, "runbooks/db-vacuum/approve")
    assert execute(responder, incident, "db-vacuum").json()["execution"]["runbook_version"] == 2


def test_a_run_that_was_claimed_ends_on_its_version_and_one_that_was_not_is_refused(
    unit_of_work: UnitOfWorkFactory,
    writer: TestClient,
    platform: TestClient,
    responder: TestClient,
    recorded_jobs: RecordedJobs,
) -> None:
    incident = opened(responder)["id"]
    gate = {"id": "gate", "type": "approval", "approvers": {"team": "database", "role": "admin", "count": 1}}
    old = [gate, {"id": "said", "type": "message", "text": "old"}]
    written(writer, runbook(steps=old))
    do(platform, "runbooks/db-vacuum/approve")
    claimed = execute(responder, incident, "db-vacuum").json()["execution"]["id"]
    work_off(unit_of_work, new_executor(unit_of_work), recorded_jobs.enqueued)
    asked = execute(responder, incident, "db-vacuum").json()["execution"]["id"]

    changed(writer, runbook(steps=[gate, {"id": "said", "type": "message", "text": "new"}]))
    do(platform, "runbooks/db-vacuum/approve")
    [waiting_gate] = writer.get("/api/approvals").json()["approvals"]
    do(writer, f"approvals/{waiting_gate['id']}/approve")
    work_off(unit_of_work, new_executor(unit_of_work), recorded_jobs.enqueued)

    ended = responder.get(f"/api/runbooks/executions/{claimed}").json()["execution"]
    assert (ended["status"], ended["runbook_version"]) == ("succeeded", 1)
    refused = responder.get(f"/api/runbooks/executions/{asked}").json()["execution"]
    assert refused["status"] == "failed"
    assert "db-vacuum was changed after version 1 was requested" in refused["error"]


def test_the_version_of_a_run_names_the_definition_that_ran(
    writer: TestClient, platform: TestClient, responder: TestClient
) -> None:
    written(writer, runbook(steps=waiting(1)))
    changed(writer, runbook(steps=waiting(2)))
    do(platform, "runbooks/db-vacuum/approve")
    changed(writer, runbook(steps=waiting(3)))
    do(platform, "runbooks/db-vacuum/approve")
    run = execute(responder, opened(responder)["id"], "db-vacuum").json()["execution"]
    lines = responder.get("/api/runbooks/db-vacuum/versions").json()["versions"]
    of_version = [line["definition"]["steps"] for line in lines if line["version"] == run["runbook_version"]]

    assert of_version == [waiting(3), waiting(3)]


def test_only_a_platform_admin_approves_and_never_their_own_version(
    writer: TestClient, platform: TestClient, responder: TestClient
) -> None:
    written(platform, runbook())
    for client, sentence in ((writer, "Only a platform admin"), (platform, "You wrote version 1")):
        answer = client.post("/api/runbooks/db-vacuum/approve", headers={"If-Match": '"1"'})
        assert (answer.status_code, sentence in answer.json()["detail"]) == (403, True)

    changed(writer, runbook(steps=waiting(1)))
    approved = do(platform, "runbooks/db-vacuum/approve", note="Read it.")
    assert (approved["status"], approved["approved_version"], approved["diff"]) == ("approved", 2, "")
    [line, *_] = platform.get("/api/runbooks/db-vacuum/versions").json()["versions"]
    assert (line["version"], line["change"], line["changed_by"], line["note"]) == (
        2,
        "approved",
        ADMIN,
        "Read it.",
    )


def test_who_rolled_back_wrote_that_version(writer: TestClient, platform: TestClient) -> None:
    written(writer, runbook())
    changed(writer, runbook(steps=waiting(1)))
    do(platform, "runbooks/db-vacuum/rollback", version=1)

    assert platform.post("/api/runbooks/db-vacuum/approve", headers={"If-Match": '"3"'}).status_code == 403


def test_the_admin_of_a_workspace_with_a_single_one_approves_their_own(
    unit_of_work: UnitOfWorkFactory, web: ASGIApp, platform: TestClient, links: RunLinks
) -> None:
    written(platform, runbook())
    rest = RestSettings(single_admin=True)
    alone = TestClient(
        create_web(unit_of_work, slack=None, rest=rest, pages=PageSettings(links), newest_revision=None),
        headers=dict(platform.headers),
    )

    assert do(alone, "runbooks/db-vacuum/approve")["status"] == "approved"


def test_an_approver_who_read_another_version_is_refused(writer: TestClient, platform: TestClient) -> None:
    written(writer, runbook())
    read = platform.get("/api/runbooks/db-vacuum").headers["ETag"]
    changed(writer, runbook(steps=waiting(1)))
    stale = platform.post("/api/runbooks/db-vacuum/approve", headers={"If-Match": read})

    assert (read, stale.status_code, stale.json()["code"]) == ('"1"', 412, "stale")
    assert "version 2" in stale.json()["detail"]
    assert platform.get("/api/runbooks/db-vacuum").json()["runbook"]["status"] == "draft"


def test_the_history_has_every_change_and_every_decision(writer: TestClient, platform: TestClient) -> None:
    written(writer, runbook())
    do(platform, "runbooks/db-vacuum/approve")
    changed(writer, runbook(steps=waiting(1)))
    do(platform, "runbooks/db-vacuum/approve")
    do(writer, "runbooks/db-vacuum/deprecate", note="Nobody needs it.")
    do(writer, "runbooks/db-vacuum/rollback", version=1)

    assert history(writer, "runbooks/db-vacuum") == [
        (1, "created", "draft", DB_ADMIN),
        (1, "approved", "approved", ADMIN),
        (2, "changed", "draft", DB_ADMIN),
        (2, "approved", "approved", ADMIN),
        (2, "deprecated", "deprecated", DB_ADMIN),
        (3, "rolled_back", "draft", DB_ADMIN),
    ]
    lines = writer.get("/api/runbooks/db-vacuum/versions").json()["versions"]
    assert [line["note"] for line in lines[:2]] == ["Rolled back to version 1.", "Nobody needs it."]


def test_the_history_says_when(writer: TestClient, platform: TestClient) -> None:
    moments = [
        written(writer, runbook())["updated_at"],
        changed(writer, runbook(steps=waiting(1)))["updated_at"],
        do(platform, "runbooks/db-vacuum/approve")["updated_at"],
        do(writer, "runbooks/db-vacuum/deprecate")["updated_at"],
    ]

    lines = writer.get("/api/runbooks/db-vacuum/versions").json()["versions"]
    assert [line["created_at"] for line in lines[::-1]] == moments
    assert moments == sorted(set(moments))


def test_a_rollback_is_a_draft_that_wants_approval(
    writer: TestClient, platform: TestClient, responder: TestClient
) -> None:
    written(writer, runbook(steps=waiting(1)))
    do(platform, "runbooks/db-vacuum/approve")
    changed(writer, runbook(steps=waiting(2)))
    do(platform, "runbooks/db-vacuum/approve")
    back = do(writer, "runbooks/db-vacuum/rollback", version=1, note="2 s is too long.")

    assert (back["version"], back["status"], back["approved_version"]) == (3, "draft", 2)
    assert back["definition"]["steps"] == waiting(1)
    assert execute(responder, opened(responder)["id"], "db-vacuum").status_code == 409
    assert do(platform, "runbooks/db-vacuum/approve")["approved_version"] == 3


def test_a_rollback_to_what_it_says_already_or_to_no_version_is_refused(writer: TestClient) -> None:
    written(writer, runbook())
    same = writer.post("/api/runbooks/db-vacuum/rollback", json={"version": 1})
    missing = writer.post("/api/runbooks/db-vacuum/rollback", json={"version": 7})

    assert (same.status_code, same.json()["code"]) == (409, "already_done")
    assert (missing.status_code, missing.json()["field"]) == (422, "version")
    assert "db-vacuum has no version 7. Its newest version is 1." in missing.json()["detail"]


def test_a_deprecated_runbook_does_not_run_and_is_not_simply_approved(
    writer: TestClient, platform: TestClient, responder: TestClient
) -> None:
    written(writer, runbook())
    do(platform, "runbooks/db-vacuum/approve")
    assert do(platform, "runbooks/db-vacuum/deprecate")["status"] == "deprecated"

    refused = execute(responder, opened(responder)["id"], "db-vacuum")
    assert (refused.status_code, "db-vacuum is deprecated" in refused.text) == (409, True)
    assert platform.post("/api/runbooks/db-vacuum/approve", headers={"If-Match": '"1"'}).status_code == 409
    revived = do(writer, "runbooks/db-vacuum/rollback", version=1)
    assert (revived["version"], revived["status"]) == (2, "draft")
    assert do(platform, "runbooks/db-vacuum/approve")["status"] == "approved"


def test_a_draft_is_not_deprecated(writer: TestClient, platform: TestClient) -> None:
    written(writer, runbook())

    assert platform.post("/api/runbooks/db-vacuum/deprecate").status_code == 409


def test_a_team_admin_deprecates_the_teams_own_and_not_what_is_global(writer: TestClient) -> None:
    assert do(writer, "runbooks/db-check/deprecate")["status"] == "deprecated"
    answer = writer.post("/api/runbooks/say-hello/deprecate")
    assert (answer.status_code, "Only a platform admin" in answer.json()["detail"]) == (403, True)


def test_a_runbook_that_runs_is_not_deleted(platform: TestClient, responder: TestClient) -> None:
    run = execute(responder, opened(responder)["id"], "say-hello").json()["execution"]["id"]
    refused = platform.delete("/api/runbooks/say-hello")

    assert refused.status_code == 409
    assert "1 execution is active" in refused.json()["detail"]
    do(responder, f"runbooks/executions/{run}/cancel")
    assert platform.delete("/api/runbooks/say-hello").status_code == 204


def test_a_deleted_runbook_keeps_its_history_and_frees_its_name(
    writer: TestClient, platform: TestClient, responder: TestClient
) -> None:
    incident = opened(responder)["id"]
    gone = written(writer, runbook())["id"]
    do(platform, "runbooks/db-vacuum/approve")
    run = execute(responder, incident, "db-vacuum").json()["execution"]["id"]
    do(responder, f"runbooks/executions/{run}/cancel")
    assert writer.delete("/api/runbooks/db-vacuum?note=Enough").status_code == 204

    assert responder.get("/api/runbooks/db-vacuum").status_code == 404
    assert "db-vacuum" not in responder.get("/api/runbooks").text
    assert execute(responder, incident, "db-vacuum").status_code == 404
    assert responder.get(f"/api/runbooks/executions/{run}").json()["execution"]["runbook_id"] == gone
    assert responder.get(f"/api/runbooks/{gone}").json()["runbook"]["deleted_at"]
    assert [line[1] for line in history(responder, f"runbooks/{gone}")] == ["created", "approved", "deleted"]
    for answer in (
        writer.delete(f"/api/runbooks/{gone}"),
        writer.put(f"/api/runbooks/{gone}", json=runbook(steps=waiting(1))),
        platform.post(f"/api/runbooks/{gone}/approve"),
    ):
        assert answer.status_code == 404

    new = written(writer, runbook())
    assert (new["id"] != gone, new["version"], new["status"]) == (True, 1, "draft")


def test_a_move_to_another_team_needs_both(writer: TestClient, platform: TestClient) -> None:
    written(platform, runbook("shared", team="web"))
    into_web = writer.put("/api/runbooks/db-check", json=runbook("db-check", team="web"))
    assert (into_web.status_code, "team web" in into_web.json()["detail"]) == (403, True)

    to_all = {key: value for key, value in runbook("db-check").items() if key != "team"}
    assert writer.put("/api/runbooks/db-check", json=to_all).status_code == 403
    from_all = writer.put("/api/runbooks/say-hello", json=runbook("say-hello"))
    assert (from_all.status_code, "Only a platform admin" in from_all.json()["detail"]) == (403, True)
    moved = changed(platform, runbook("shared", team="database"))
    assert (moved["team"], moved["status"]) == ("database", "draft")


def test_a_rollback_to_another_team_needs_both(writer: TestClient, platform: TestClient) -> None:
    written(platform, runbook("shared", team="web"))
    changed(platform, runbook("shared", team="database"))
    refused = writer.post("/api/runbooks/shared/rollback", json={"version": 1})

    assert (refused.status_code, "team web" in refused.json()["detail"]) == (403, True)
    assert do(platform, "runbooks/shared/rollback", version=1)["team"] == "web"


def test_a_runbook_keeps_its_name(writer: TestClient) -> None:
    written(writer, runbook())
    answer = writer.put("/api/runbooks/db-vacuum", json=runbook("db-sweep"))

    assert (answer.status_code, answer.json()["field"]) == (422, "name")


@pytest.mark.parametrize("tag", ['"1"', "1", ' "1" ', "*"])
def test_a_change_of_the_version_that_was_read_is_taken(writer: TestClient, tag: str) -> None:
    written(writer, runbook())
    answer = writer.put("/api/runbooks/db-vacuum", json=runbook(steps=waiting(1)), headers={"If-Match": tag})

    assert (answer.status_code, answer.headers["ETag"]) == (200, '"2"')


def test_a_change_of_another_version_than_was_read_is_refused(writer: TestClient) -> None:
    written(writer, runbook())
    changed(writer, runbook(steps=waiting(1)))
    stale = {"If-Match": '"1"'}
    answers = [
        writer.put("/api/runbooks/db-vacuum", json=runbook(steps=waiting(2)), headers=stale),
        writer.delete("/api/runbooks/db-vacuum", headers=stale),
        writer.post("/api/runbooks/db-vacuum/rollback", json={"version": 1}, headers=stale),
        writer.post("/api/runbooks/db-vacuum/deprecate", headers=stale),
    ]

    assert [answer.status_code for answer in answers] == [412] * 4
    assert len(history(writer, "runbooks/db-vacuum")) == 2


@pytest.mark.parametrize("tag", ["yesterday", 'W/"1"', '"1", "2"', '"1', "-1", "9" * 30])
def test_a_tag_that_is_no_version_is_refused(writer: TestClient, tag: str) -> None:
    written(writer, runbook())
    answer = writer.put("/api/runbooks/db-vacuum", json=runbook(), headers={"If-Match": tag})

    assert (answer.status_code, answer.json()["field"]) == (422, "If-Match")


def test_the_diff_tells_what_changed_since_the_approved_version(
    writer: TestClient, platform: TestClient
) -> None:
    written(writer, runbook(steps=waiting(1)))
    do(platform, "runbooks/db-vacuum/approve")
    changed(writer, runbook(steps=waiting(2)))
    diff = changed(writer, runbook(steps=waiting(3)))["diff"]

    assert diff.startswith("--- db-vacuum v1 (approved)\n+++ db-vacuum v3 (draft)\n")
    assert [line for line in diff.split("\n")[2:] if line[:1] in ("+", "-")] == [
        "-    for: 1s",
        "+    for: 3s",
    ]
    assert platform.get("/api/runbooks/db-vacuum").json()["runbook"]["diff"] == diff
    assert do(writer, "runbooks/db-vacuum/rollback", version=1)["diff"] == ""


def test_the_history_is_paged(writer: TestClient) -> None:
    written(writer, runbook())
    for seconds in range(1, 5):
        changed(writer, runbook(steps=waiting(seconds)))
    address = "/api/runbooks/db-vacuum/versions"
    pages = [writer.get(address, params={"limit": 2}).json()]
    while cursor := pages[-1]["next_cursor"]:
        pages.append(writer.get(address, params={"limit": 2, "cursor": cursor}).json())

    assert [[line["version"] for line in page["versions"]] for page in pages] == [[5, 4], [3, 2], [1]]
    foreign = writer.get("/api/runbooks?limit=1").json()["next_cursor"]
    wrong = writer.get(f"/api/runbooks/db-vacuum/versions?cursor={foreign}")
    assert (wrong.status_code, wrong.json()["field"]) == (422, "cursor")
