"""A parameter that is a password, over REST: in no answer, plan, list, page or audit entry."""

import pytest
from starlette.testclient import TestClient

from core.definitions.validate import validate_text
from core.simulation.differences import play_all
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.rest.conftest import ClientOf
from tests.acceptance.rest.test_incidents import opened
from tests.acceptance.rest.test_runs import execute
from tests.conftest import ADMIN
from tests.world import apply_documents

FORM = """
kind: runbook
name: form
parameters: {type: object, properties: {token: {type: string, format: password, writeOnly: true, default: ""}}}
steps:
  - {id: say, type: message, text: "done with {{ params.token }}"}
  - {id: call, type: http, method: POST, url: "https://x.example", json: {token: "{{ params.token }}"}}
"""
GIVEN = {"parameters": {"token": "hunter2-S3CRET"}}


@pytest.mark.parametrize("dry_run", [False, True])
def test_no_answer_has_it(
    unit_of_work: UnitOfWorkFactory, responder: TestClient, client_of: ClientOf, *, dry_run: bool
) -> None:
    apply_documents(unit_of_work, FORM)
    incident = opened(responder)["id"]
    answers = [
        execute(responder, incident, "form", **GIVEN, dry_run=dry_run),
        execute(responder, incident, "form", parameters={"token": ["hunter2-S3CRET"]}),
        responder.get(f"/api/incidents/{incident}/runbooks/executions"),
        responder.get(f"/api/incidents/{incident}/timeline"),
        client_of(ADMIN).get("/api/audit"),
    ]
    assert answers[0].is_success
    assert answers[1].status_code == 422
    assert all("S3CRET" not in answer.text for answer in answers)
    assert "***" in answers[0].text


def test_a_rehearsal_shows_what_a_run_shows() -> None:
    definitions, problems = validate_text(
        FORM
        + """
tests:
  - name: hidden
    parameters: {token: hunter2-S3CRET}
    steps: {call: {json: {said: hunter2-S3CRET}}}
    expect: {status: succeeded, requests: {say: {text: "done with ***"}, call: {json: {token: "***"}}}}
""",
        "f.yaml",
    )
    assert problems == []
    [played] = play_all(definitions)
    assert played.differences == []
