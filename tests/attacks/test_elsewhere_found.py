"""Vulnerabilities found in similar tools, tried on this product.

All of them were green from the start: they are here so that they stay so.
"""

import json
import re
from typing import Any
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from core.statuses import Status, WaitingFor
from tests.acceptance.slack.requests import SECRET, signed_headers
from tests.attacks.deployment import DATA_ADMIN, DATA_OPS, NOBODY, PLATFORM, Deployment

# Jinja's way from any value to a shell, its own marks, CEL's, and Python's format strings.
PAYLOADS = (
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{% for x in range(9) %}{{ 7 * 191 }}{% endfor %}",
    "{{ 7 * 191 }}",
    "${7*191}",
    "{0.__class__.__init__.__globals__}",
    "%(secret)s",
)
RUNBOOK = """
kind: runbook
name: ask-first
team: data
parameters: {type: object, properties: {note: {type: string, default: ""}}}
steps:
  - {id: say, type: message, text: "Note: {{ params.note }} for {{ incident.title }}"}
  - {id: gate, type: approval, approvers: {team: data}, message: "{{ params.note }}"}
"""


def _start(
    deployment: Deployment, person: str = DATA_OPS, title: str = "Down", **parameters: str
) -> dict[str, Any]:
    incident = deployment.incident("data", title=title)
    path = f"/api/incidents/{incident.id}/runbooks/ask-first/execute"
    response = deployment.rest(person).post(path, json={"parameters": parameters})
    assert response.status_code == 201, response.text
    execution: dict[str, Any] = response.json()["execution"]
    deployment.work()
    return execution


# Dispatch CVE-2024-7093: templates of notifications were run by Jinja, unsandboxed --------------------


@pytest.mark.parametrize("payload", PAYLOADS)
def test_dispatch_cve_2024_7093_a_value_is_never_a_template(deployment: Deployment, payload: str) -> None:
    """What people type (a title, a parameter) is text in every message, card and page, whatever it looks like."""
    deployment.apply(RUNBOOK)
    started = _start(deployment, title=f"Down {payload}"[:250], note=payload)
    said = str(deployment.see(started["id"]).steps[0].output)
    assert payload in said
    assert "1337" not in said
    page = deployment.rest(DATA_OPS).get(f"/runs/{started['id']}").text
    assert "1337" not in page
    assert "subprocess" not in page


@pytest.mark.parametrize("payload", PAYLOADS[:3])
def test_dispatch_cve_2024_7093_a_template_reaches_nothing_of_python(
    deployment: Deployment, payload: str
) -> None:
    """The text of a message that a team's admin writes is CEL: the code of the process is not in its reach."""
    steps = [{"id": "say", "type": "message", "text": payload}]
    document = {"kind": "runbook", "name": "evil", "team": "data", "steps": steps}
    answer = deployment.rest(DATA_ADMIN).post("/api/runbooks", json=document)
    if answer.status_code == 201:  # of {% … %} nothing is special: it is text, with a product in it
        assert "{%" in payload
        assert (
            deployment.rest(PLATFORM)
            .post("/api/runbooks/evil/approve", headers={"If-Match": '"1"'})
            .is_success
        )
        path = f"/api/incidents/{deployment.incident('data').id}/runbooks/evil/execute"
        started = deployment.rest(DATA_OPS).post(path, json={}).json()["execution"]["id"]
        deployment.work()
        assert "{% for x in range(9) %}1337{% endfor %}" in str(deployment.see(started).steps[0].output)
    else:
        assert answer.status_code == 422


# Dispatch CVE-2023-40171: the error for a bad token showed the key that tokens are signed with --------


BAD_TOKENS = (
    "x",
    "a.b.c",
    "eyJhbGciOiJub25lIn0.e30.",
    "rbx_1.step.forged",
    "%00",
    "é",
    "-" * 3_000,
    "rbt_" + "0" * 60,
)


@pytest.mark.parametrize("token", BAD_TOKENS)
def test_dispatch_cve_2023_40171_no_answer_shows_what_we_sign_with(
    deployment: Deployment, token: str
) -> None:
    client = TestClient(deployment.web, raise_server_exceptions=False)
    bearer = {"Authorization": f"Bearer {token}".encode()}
    answers = [
        client.get("/api/incidents", headers=bearer),  # type: ignore[arg-type]  # bytes, as a socket brings them
        client.post(f"/api/callbacks/{quote(token, safe='')}", json={}),
        client.get("/runs/rbx_1", params={"token": token}),
        client.post("/slack/events", content="a=1", headers=signed_headers("a=1", secret=token)),
        client.post("/slack/events", content="a=1", headers={"x-slack-signature": "v0=x"} | _now()),
    ]
    for answer in answers:
        assert answer.status_code in {400, 401, 404, 422}, answer.text
        seen = answer.text + json.dumps(dict(answer.headers))
        assert SECRET not in seen
        assert "Traceback" not in seen
        assert "the signing secret" not in seen  # of the links to pages


def _now() -> dict[str, str]:
    return {"x-slack-request-timestamp": signed_headers("")["x-slack-request-timestamp"]}


# windmill#7886 and #10262: of two ways to resume, one let whoever owned the flow approve it alone -----


def _gate_of(deployment: Deployment, started: dict[str, Any]) -> str:
    assert deployment.see(started["id"]).waiting_for == WaitingFor.APPROVAL
    [gate] = deployment.rest(PLATFORM).get("/api/approvals").json()["approvals"]
    return str(gate["id"])


@pytest.mark.parametrize("owner", [DATA_ADMIN, PLATFORM])
def test_windmill_7886_and_10262_owning_it_is_no_way_past_the_gate(
    deployment: Deployment, owner: str
) -> None:
    """An admin of the team that owns the runbook, and a platform admin: over REST, by the button, by the card of
    another day, by the verdict, by a retry. Whoever asked does not decide."""
    deployment.apply(RUNBOOK)
    started = _start(deployment, owner)
    gate, client = _gate_of(deployment, started), deployment.rest(owner)
    assert client.post(f"/api/approvals/{gate}/approve").status_code == 403
    for value in (gate, started["id"]):
        deployment.slack.clicks(owner, "approval.approve", value)
    executions = f"/api/runbooks/executions/{started['id']}"
    assert client.post(f"{executions}/verdict", json={"verdict": "ran"}).status_code in {409, 422}
    assert client.post(f"{executions}/retry").status_code == 409
    deployment.work()
    seen = deployment.see(started["id"])
    assert (seen.status, seen.waiting_for) == (Status.WAITING, WaitingFor.APPROVAL)


@pytest.mark.parametrize("stranger", [NOBODY])
def test_windmill_7886_and_10262_no_way_is_more_lenient_than_the_other(
    deployment: Deployment, stranger: str
) -> None:
    """What one entrance refuses the other refuses: both ask one policy."""
    deployment.apply(RUNBOOK)
    started = _start(deployment)
    gate = _gate_of(deployment, started)
    for person in (stranger, DATA_OPS):
        assert deployment.rest(person).post(f"/api/approvals/{gate}/approve").status_code in {403, 404}
        deployment.slack.clicks(person, "approval.approve", gate)
    deployment.work()
    assert deployment.see(started["id"]).waiting_for == WaitingFor.APPROVAL


def test_every_way_to_decide_is_known(deployment: Deployment) -> None:
    """A new address that approves is a new way past the gate: this list says who must be attacked above."""
    paths = deployment.rest(NOBODY).get("/api/openapi.json").json()["paths"]
    deciding = [path for path in paths if re.search(r"approv|resume|verdict|retry", path)]
    known = {
        "/api/approvals",
        "/api/approvals/{id}/approve",
        "/api/approvals/{id}/reject",
        "/api/runbooks/{id}/approve",
        "/api/workflows/{id}/approve",
        "/api/runbooks/executions/{execution_id}/retry",
        "/api/runbooks/executions/{execution_id}/verdict",
    }
    assert set(deciding) <= known
