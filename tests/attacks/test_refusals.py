"""A member of team web asks for team data's objects in every way, and learns nothing from the refusals."""

from typing import Any

import pytest
from sqlalchemy import select

from core.services.library.quarantine import put_under_quarantine
from core.tables import ActionExecution, Incident, RunbookExecution
from tests.attacks.deployment import (
    DATA_ADMIN,
    DATA_CHANNEL,
    DATA_OPS,
    NOBODY,
    PLATFORM,
    WEB_ADMIN,
    WEB_CHANNEL,
    WEB_OPS,
    Deployment,
)

LIBRARY = """
kind: runbook
name: data-secret
team: data
lock: db/orders
steps: [{id: gate, type: approval, approvers: {team: data}}]
---
kind: runbook
name: shared
steps: [{id: gate, type: approval}]
---
kind: workflow
name: data-flow
team: data
trigger: {on: manual}
actions: [{id: say, type: message, text: hello}]
"""
ASKS = """
kind: workflow
name: web-asks
team: web
trigger: {{on: incident.created}}
actions: [{{id: go, type: runbook, runbook: {runbook}}}]
"""
MISSING = "missing-thing"


@pytest.fixture
def data(deployment: Deployment) -> dict[str, str]:
    """What there is of data, by kind."""
    deployment.apply(LIBRARY)
    incident = deployment.incident("data", title="Ledger lost", opened_by=DATA_OPS)
    path = f"/api/incidents/{incident.id}/runbooks/data-secret/execute"
    run = deployment.rest(DATA_OPS).post(path, json={}).json()["execution"]["id"]
    deployment.work()
    flow = deployment.rest(DATA_OPS).post(
        "/api/workflows/data-flow/execute", json={"incident_id": incident.id}
    )
    gate = deployment.rest(DATA_ADMIN).get("/api/approvals").json()["approvals"][0]["id"]
    freeze = deployment.rest(DATA_ADMIN).post("/api/freezes", json={"team": "data", "reason": "secret plans"})
    return {
        "incident": incident.id,
        "number": f"inc-{incident.number}",
        "runbook": "data-secret",
        "workflow": "data-flow",
        "run": run,
        "flow": flow.json()["execution"]["id"],
        "gate": gate,
        "freeze": freeze.json()["freeze"]["id"],
        "mine": deployment.incident("web", title="Cart slow").id,
    }


# Kind of what is asked for, method, address, body.
REQUESTS: list[tuple[str, str, str, Any]] = [
    ("incident", "GET", "/api/incidents/{}", None),
    ("incident", "POST", "/api/incidents/{}/acknowledge", {}),
    ("incident", "POST", "/api/incidents/{}/escalate", {"severity": "critical"}),
    ("incident", "POST", "/api/incidents/{}/notes", {"text": "x"}),
    ("incident", "GET", "/api/incidents/{}/timeline", None),
    ("incident", "GET", "/api/incidents/{}/export", None),
    ("incident", "GET", "/api/incidents/{}/runbooks/executions", None),
    ("incident", "POST", "/api/incidents/{}/runbooks/shared/execute", {}),
    ("number", "GET", "/api/incidents/{}", None),
    ("runbook", "GET", "/api/runbooks/{}", None),
    ("runbook", "DELETE", "/api/runbooks/{}", None),
    ("runbook", "GET", "/api/runbooks/{}/versions", None),
    ("runbook", "GET", "/api/runbooks/{}/executions", None),
    ("runbook", "GET", "/api/runbooks/{}/analytics", None),
    ("runbook", "POST", "/api/runbooks/{}/deprecate", {}),
    ("workflow", "GET", "/api/workflows/{}", None),
    ("workflow", "POST", "/api/workflows/{}/disable", {}),
    ("workflow", "GET", "/api/workflows/{}/analytics", None),
    ("run", "GET", "/api/runbooks/executions/{}", None),
    ("run", "POST", "/api/runbooks/executions/{}/cancel", {}),
    ("run", "POST", "/api/runbooks/executions/{}/retry", {}),
    ("run", "POST", "/api/runbooks/executions/{}/verdict", {"verdict": "ran"}),
    ("run", "POST", "/api/runbooks/executions/{}/input", {"values": {}}),
    ("flow", "GET", "/api/workflows/executions/{}", None),
    ("gate", "POST", "/api/approvals/{}/approve", {}),
    ("gate", "POST", "/api/approvals/{}/reject", {}),
    ("runbook", "POST", "/api/incidents/{mine}/runbooks/{}/execute", {}),
]


@pytest.mark.parametrize(("kind", "method", "path", "body"), REQUESTS)
def test_what_is_datas_is_refused_as_what_is_not_there(
    deployment: Deployment, data: dict[str, str], kind: str, method: str, path: str, body: Any
) -> None:
    def ask(what: str) -> tuple[int, str]:
        address = path.format(what, mine=data["mine"]) if "{mine}" not in path else path.replace(
            "{mine}", data["mine"]
        ).format(what)  # fmt: skip
        answer = deployment.rest(WEB_ADMIN).request(method, address, json=body)
        return answer.status_code, answer.json()["detail"].replace(what, "WHAT")

    missing = "inc-9999" if kind == "number" else MISSING

    assert ask(data[kind]) == ask(missing)


TYPED = [
    ("runbook", "run {}"),
    ("runbook", "show {}"),
    ("runbook", "stats {}"),
    ("run", "status {}"),
    ("run", "cancel {}"),
    ("run", "retry {}"),
    ("workflow", "workflow run {}"),
    ("workflow", "workflow show {}"),
]


@pytest.mark.parametrize(("kind", "typed"), TYPED)
def test_in_slack_alike(deployment: Deployment, data: dict[str, str], kind: str, typed: str) -> None:
    def ask(what: str) -> str:
        return deployment.slack.types(WEB_ADMIN, WEB_CHANNEL, typed.format(what)).replace(what, "WHAT")

    assert ask(data[kind]) == ask(MISSING)


@pytest.mark.parametrize("runbook", ["data-secret", MISSING])
def test_a_workflow_learns_of_no_runbook_of_data(
    deployment: Deployment, data: dict[str, str], runbook: str
) -> None:
    # red before: "data-secret belongs to team data, but this incident belongs to team web."
    deployment.apply(ASKS.format(runbook=runbook))
    deployment.incident("web", slack_channel=None)
    deployment.work()

    with deployment.unit_of_work.begin() as work:
        error = work.session.scalars(
            select(ActionExecution.error).where(ActionExecution.step_id == "go")
        ).one()
    sentence = (
        f"There is no runbook {runbook} for incidents of team web. It must be global or owned by that team."
    )
    assert error == sentence


def test_team_names_do_not_tell_whether_they_are_there(deployment: Deployment, data: dict[str, str]) -> None:
    # red before: 403 for a team that is there, 422 for one that is not
    alert = {"title": "x", "id": "1", "alert_type": "error"}

    def over_rest(team: str) -> list[tuple[int, str]]:
        client = deployment.rest(WEB_ADMIN)
        answers = [
            client.post("/api/incidents", json={"title": "x", "severity": "low", "team": team}),
            client.post("/api/alerts/datadog", params={"team": team}, json=alert),
            client.get("/api/incidents", params={"team": team}),
            client.post("/api/freezes", json={"team": team, "reason": "x"}),
        ]
        return [(answer.status_code, answer.json()["detail"].replace(team, "TEAM")) for answer in answers]

    def in_slack(team: str) -> list[str]:
        typed = (f"incident open x team={team}", f"freeze {team} x", f"unfreeze {team}")
        return [deployment.slack.types(WEB_ADMIN, WEB_CHANNEL, each).replace(team, "TEAM") for each in typed]

    assert over_rest("data") == over_rest("nosuchteam")
    assert in_slack("data") == in_slack("nosuchteam")


def test_what_killed_a_worker_of_data_is_not_told_to_web(
    deployment: Deployment, data: dict[str, str]
) -> None:
    # red before: "shared is under quarantine. Its worker was lost 3 times at step gate (rbx_…)."
    path = f"/api/incidents/{data['mine']}/runbooks/shared/execute"
    deployment.rest(DATA_ADMIN).delete(f"/api/freezes/{data['freeze']}")
    with deployment.unit_of_work.begin() as work:
        run = work.session.get_one(RunbookExecution, data["run"])
        run.runbook_id = _id_of(deployment, "shared")
        work.session.flush()
        put_under_quarantine(work, run, f"Its worker was lost 3 times at step gate ({run.id}).")

    said = deployment.rest(WEB_OPS).post(path, json={}).json()["detail"]

    assert "under quarantine" in said
    assert "rbx_" not in said


def _id_of(deployment: Deployment, runbook: str) -> str:
    return str(deployment.rest(PLATFORM).get(f"/api/runbooks/{runbook}").json()["runbook"]["id"])


LISTS = ("/api/incidents", "/api/runbooks", "/api/workflows", "/api/approvals", "/api/freezes")
PAGES = ("/", "/?team=data", "/runs", "/approvals", "/incidents", "/audit", "/audit/export")
LIBRARY_PAGES = ("/runbooks", "/workflows", "/search?q=led", "/search?q=d", "/search?q=U0DATA")


def test_no_list_names_anything_of_data(deployment: Deployment, data: dict[str, str]) -> None:
    said = [
        deployment.rest(person).get(path).text
        for person in (WEB_ADMIN, WEB_OPS, NOBODY)
        for path in (*LISTS, *PAGES, *LIBRARY_PAGES)
    ]
    said += [
        deployment.slack.types(person, channel, typed)
        for person in (WEB_ADMIN, NOBODY)
        for channel in (WEB_CHANNEL, DATA_CHANNEL)
        for typed in ("list", "approvals", "history", "cancel", "status", "data-secrt", "workflow list")
    ]

    secrets = ("data-secret", "data-flow", "Ledger lost", "secret plans", data["run"], data["gate"], DATA_OPS)
    assert not [(secret, each) for each in said for secret in secrets if secret in each]


def test_the_incident_of_data_was_never_touched(deployment: Deployment, data: dict[str, str]) -> None:
    for kind, method, path, body in REQUESTS:
        deployment.rest(WEB_ADMIN).request(
            method, path.replace("{mine}", data["mine"]).format(data[kind]), json=body
        )

    with deployment.unit_of_work.begin() as work:
        incident = work.session.get_one(Incident, data["incident"])
        assert (incident.status, incident.severity) == ("open", "medium")
