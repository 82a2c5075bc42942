"""Definitions as YAML: what is exported is imported again, and changes nothing."""

import pytest
from starlette.testclient import TestClient

from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.rest.conftest import ClientOf
from tests.acceptance.rest.library import DB_ADMIN, do, history, runbook, workflow, written
from tests.world import apply_documents, declare

YAML = {"Content-Type": "application/yaml"}
VACUUM = """\
kind: runbook
name: db-vacuum
team: database
description: |
  Vacuum a cluster.
  It takes a while.
parameters:
  type: object
  required:
    - cluster
  properties:
    zone:
      type: string
    cluster:
      type: string
      enum:
        - 'yes'
        - '1e5'
        - orders
steps:
  - id: call
    type: http
    url: '{{ secrets.DB_API }}/vacuum/{{ params.cluster }}'
    timeout: 5m
    if: params.cluster == "orders"
"""
LOOK = """\
kind: workflow
name: db-look
team: database
trigger:
  on: incident.created
actions:
  - id: look
    type: runbook
    runbook: db-check
    parameters:
      cluster: orders
"""


@pytest.fixture
def writer(client_of: ClientOf) -> TestClient:
    return client_of(DB_ADMIN)


@pytest.mark.parametrize(
    ("kind", "text", "name"), [("runbook", VACUUM, "db-vacuum"), ("workflow", LOOK, "db-look")]
)
@pytest.mark.parametrize(
    "asked", [("?format=yaml", "*/*"), ("", "application/yaml"), ("", "text/yaml;q=0.9, */*")]
)
def test_what_was_written_is_exported_as_it_was_written(
    unit_of_work: UnitOfWorkFactory,
    writer: TestClient,
    kind: str,
    text: str,
    name: str,
    asked: tuple[str, str],
) -> None:
    declare(unit_of_work, "DB_API")
    answer = writer.post(f"/api/{kind}s", content=text, headers=YAML)
    assert answer.status_code == 201, answer.text
    query, accept = asked
    exported = writer.get(f"/api/{kind}s/{name}{query}", headers={"Accept": accept})

    assert exported.headers["Content-Type"] == "application/yaml"
    assert exported.headers["ETag"] == '"1"'
    assert exported.text == text
    again = writer.put(f"/api/{kind}s/{name}", content=exported.content, headers=YAML)
    assert (again.status_code, again.headers["ETag"]) == (200, '"1"')
    apply_documents(unit_of_work, exported.text, approve=False)
    assert len(history(writer, f"{kind}s/{name}")) == 1


def test_json_is_answered_where_it_is_asked_for(writer: TestClient) -> None:
    for query, accept in (
        ("", "*/*"),
        ("", "application/json, application/yaml"),
        ("?format=json", "text/yaml"),
    ):
        answer = writer.get(f"/api/runbooks/db-check{query}", headers={"Accept": accept})
        assert answer.json()["runbook"]["name"] == "db-check"
    assert writer.get("/api/runbooks/db-check?format=xml").status_code == 422


def test_a_disabled_workflow_is_exported_as_such(unit_of_work: UnitOfWorkFactory, writer: TestClient) -> None:
    writer.post("/api/workflows", content=LOOK, headers=YAML)
    do(writer, "workflows/db-look/disable")
    exported = writer.get("/api/workflows/db-look?format=yaml").text

    assert exported == LOOK.replace("trigger:", "enabled: false\ntrigger:")
    apply_documents(unit_of_work, exported, approve=False)
    assert len(history(writer, "workflows/db-look")) == 2
    assert writer.delete("/api/workflows/db-look").status_code == 204
    writer.post("/api/workflows", content=exported, headers=YAML)
    assert writer.get("/api/workflows/db-look").json()["workflow"]["enabled"] is False


def test_json_need_not_say_its_kind(writer: TestClient) -> None:
    document = {key: value for key, value in runbook().items() if key != "kind"}
    answer = writer.post("/api/runbooks", json=document)

    assert (answer.status_code, answer.json()["runbook"]["definition"]["kind"]) == (201, "runbook")


def test_what_is_wrong_with_yaml_is_told_by_line(writer: TestClient) -> None:
    answer = writer.post("/api/runbooks", content=VACUUM.replace("type: http", "type: htpt"), headers=YAML)
    error = answer.json()["errors"][0]

    assert (answer.status_code, error["field"]) == (422, "steps.0.type")
    assert error["detail"] == "body:22:11: There is no step type htpt. Did you mean http?"


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"", YAML, 422),
        (b"\xff", YAML, 422),
        (b"a: [", YAML, 422),
        (b"- a", YAML, 422),
        ((VACUUM + "---\n" + VACUUM.replace("db-vacuum", "db-other")).encode(), YAML, 422),
        (LOOK.encode(), YAML, 422),
        (b"kind: team\nname: x\n", YAML, 403),
        (b"", {"Content-Type": "application/json"}, 422),
        (b"[]", {"Content-Type": "application/json"}, 422),
        (b'{"name": NaN}', {"Content-Type": "application/json"}, 422),
        (b"[" * 100_000, {"Content-Type": "application/json"}, 422),
        (b"\xff", {"Content-Type": "application/json"}, 422),
        (VACUUM.encode(), {"Content-Type": "text/plain"}, 415),
    ],
)
def test_a_body_that_is_no_runbook_is_a_problem(
    writer: TestClient, content: bytes, headers: dict[str, str], status: int
) -> None:
    answer = writer.post("/api/runbooks", content=content, headers=headers)

    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"]
    assert "db-vacuum" not in writer.get("/api/runbooks").text


@pytest.mark.parametrize("document", [runbook(), workflow()], ids=["runbook", "workflow"])
def test_why_something_was_written_changed_or_deleted_stands_in_its_history(
    writer: TestClient, document: dict[str, object]
) -> None:
    kind = f"/api/{document['kind']}s"
    id_ = writer.post(f"{kind}?note=New", json=document).json()[document["kind"]]["id"]
    assert writer.put(f"{kind}/{id_}?note=Better", json=document | {"description": "x"}).status_code == 200
    assert writer.delete(f"{kind}/{id_}?note=Enough").status_code == 204

    lines = writer.get(f"{kind}/{id_}/versions").json()["versions"]
    assert [(line["change"], line["note"]) for line in lines[::-1]] == [
        ("created", "New"),
        ("changed", "Better"),
        ("deleted", "Enough"),
    ]


def test_a_note_that_cannot_be_kept_is_refused(writer: TestClient) -> None:
    answer = writer.post("/api/runbooks?note=%00", json=runbook())

    assert (answer.status_code, answer.json()["field"]) == (422, "note")


def test_a_workflow_is_no_runbook(writer: TestClient) -> None:
    answer = writer.post("/api/runbooks", json=workflow())

    assert (answer.status_code, answer.json()["field"]) == (422, "kind")
    assert written(writer, workflow())["name"] == "db-look"
