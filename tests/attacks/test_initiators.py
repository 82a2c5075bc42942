"""Nobody approves a run that they initiated, by any route: a gate knows all initiators of its run.

Dispatch CVE-2024-7093 and windmill#7886 in this product's terms: who may write a definition that acts as the system
passes by what would be asked of themselves.
"""

from typing import Any

import pytest
from starlette.testclient import TestClient

from core.origins import Origin, Origins
from tests.acceptance.slack.requests import SECRET
from tests.attacks.deployment import DATA_ADMIN, DATA_OPS, PLATFORM, TEAMS, WEB_ADMIN, Deployment
from tests.attacks.gates import (
    GATED,
    approve,
    comes_of_age,
    decided_in_slack,
    execute,
    gate_of,
    manual,
    open_gate,
    runs_of,
    wanted,
)

ON_EVENT = """
kind: workflow
name: launder
team: data
trigger: {on: %s}
actions:
  - {id: go, type: runbook, runbook: gated}
"""
CALLING = """
kind: runbook
name: calling
team: data
steps: [{id: said, type: message, text: hello}]
"""
CHAIN = """
kind: workflow
name: raise
team: data
trigger: {on: manual}
actions:
  - {id: raise, type: set, severity: critical}
---
kind: workflow
name: launder
team: data
trigger: {on: incident.escalated}
actions:
  - {id: go, type: runbook, runbook: gated}
"""


@pytest.fixture(autouse=True)
def _gated(deployment: Deployment) -> None:
    deployment.apply(GATED)


def refused(deployment: Deployment, gate: dict[str, Any], person: str, reason: str) -> None:
    """By REST and by Slack, with the reason."""
    answer = approve(deployment, person, gate)
    assert answer.status_code == 403, answer.text
    assert reason in answer.json()["detail"]
    assert reason in decided_in_slack(deployment, person, gate)
    assert gate_of(deployment, gate["execution_id"])["status"] == "open"


def test_a_workflow_by_hand_does_not_launder_who_starts_it(deployment: Deployment) -> None:
    """Red before: 200, the gate believed that its requester was workflow:launder."""
    deployment.apply(ON_EVENT % "manual")
    incident = deployment.incident("data").id
    manual(deployment, DATA_ADMIN, "launder", incident)
    gate = open_gate(deployment, incident)

    refused(deployment, gate, DATA_ADMIN, "You started the workflow that led to this run")
    assert approve(deployment, PLATFORM, gate).status_code == 200


def test_a_workflow_on_an_incident_does_not_launder_who_opens_it(deployment: Deployment) -> None:
    """Red before: 200."""
    deployment.apply(ON_EVENT % "incident.created")
    body = {"title": "Orders down", "team": "data", "severity": "high"}
    incident = deployment.rest(DATA_ADMIN).post("/api/incidents", json=body).json()["incident"]["id"]
    deployment.work()

    refused(
        deployment,
        open_gate(deployment, incident),
        DATA_ADMIN,
        "You opened the incident that led to this run",
    )


def test_an_alert_is_opened_by_the_person_behind_the_token(deployment: Deployment) -> None:
    """Red before: 200."""
    deployment.apply(ON_EVENT % "incident.created")
    alert = {"status": "firing", "labels": {"alertname": "Down", "team": "data"}, "annotations": {}}
    body = {"version": "4", "groupKey": "{}:{}", "status": "firing", "alerts": [alert], "groupLabels": {}}
    body |= {"commonLabels": alert["labels"], "commonAnnotations": {}, "externalURL": "", "receiver": "x"}
    answer = deployment.rest(DATA_ADMIN).post("/api/alerts/alertmanager", json=body)
    assert answer.is_success, answer.text
    deployment.work()

    gate = open_gate(deployment, answer.json()["incident"]["id"])
    refused(deployment, gate, DATA_ADMIN, "You opened the incident that led to this run")


@pytest.mark.parametrize(
    ("trigger", "path", "body", "reason"),
    [
        ("incident.escalated", "escalate", {"severity": "critical"}, "You escalated the incident"),
        ("incident.status_changed", "acknowledge", None, "You acknowledged the incident"),
        ("incident.status_changed", "resolve", None, "You resolved the incident"),
        ("incident.status_changed", "close", None, "You closed the incident"),
    ],
)
def test_no_change_of_an_incident_launders_who_makes_it(
    deployment: Deployment, trigger: str, path: str, body: dict[str, str] | None, reason: str
) -> None:
    """Red before: 200 each."""
    deployment.apply(ON_EVENT % trigger)
    incident = deployment.incident("data").id
    assert deployment.rest(DATA_ADMIN).post(f"/api/incidents/{incident}/{path}", json=body).is_success
    deployment.work()

    refused(deployment, open_gate(deployment, incident), DATA_ADMIN, reason)


def test_an_incident_that_comes_of_age_is_brought_about_by_who_opened_it(deployment: Deployment) -> None:
    """Red before: 200, the event was the system's."""
    deployment.apply(ON_EVENT % "incident.age, minutes: 1")
    incident = deployment.incident("data", opened_by=DATA_ADMIN).id
    comes_of_age(deployment, incident)

    refused(
        deployment,
        open_gate(deployment, incident),
        DATA_ADMIN,
        "You opened the incident that led to this run",
    )


def test_a_chain_of_workflows_does_not_launder_who_started_the_first(deployment: Deployment) -> None:
    """Red before: 200, the second workflow was started by the first."""
    deployment.apply(CHAIN)
    incident = deployment.incident("data").id
    manual(deployment, DATA_ADMIN, "raise", incident)

    refused(
        deployment,
        open_gate(deployment, incident),
        DATA_ADMIN,
        "You started the workflow that led to this run",
    )


def test_another_admin_still_decides(deployment: Deployment) -> None:
    deployment.apply(ON_EVENT % "manual")
    deployment.apply(TEAMS.replace("role: responder", "role: admin"))
    incident = deployment.incident("data").id
    manual(deployment, DATA_OPS, "launder", incident)

    gate = open_gate(deployment, incident)
    assert [each["who"] for each in gate["initiators"]] == [DATA_OPS]
    assert approve(deployment, DATA_ADMIN, gate).status_code == 200


def test_the_run_and_its_gate_show_who_brought_it_about(deployment: Deployment) -> None:
    deployment.apply(ON_EVENT % "manual")
    incident = deployment.incident("data").id
    manual(deployment, DATA_ADMIN, "launder", incident)
    [run] = runs_of(deployment, incident)

    assert run["initiators"] == [{"who": DATA_ADMIN, "as": "started"}]
    assert run["approval"]["initiators"] == run["initiators"]


def test_a_gate_that_nobody_may_decide_says_so_and_names_who_can_help(deployment: Deployment) -> None:
    """Red before: `May decide: an admin of team data`, who had asked for it."""
    incident = deployment.incident("data").id
    run(deployment.rest(DATA_ADMIN), incident)
    deployment.work()
    gate = open_gate(deployment, incident)

    assert gate["people"] == []
    assert f"<@{PLATFORM}>" in gate["nobody_left"]
    assert "Nobody can still decide" in gate["nobody_left"]
    assert gate["nobody_left"].split(":")[0] in deployment.slack.types(DATA_OPS, "C0DATA", "approvals")
    refused(deployment, gate, DATA_ADMIN, "Nobody can still decide")


def test_a_gate_is_told_anew_when_the_last_who_may_decide_leaves(deployment: Deployment) -> None:
    """Red before: the card went on naming who had left."""
    incident = deployment.incident("data").id
    run(deployment.rest(DATA_OPS), incident)
    deployment.work()
    gate = open_gate(deployment, incident)
    assert gate["nobody_left"] is None
    before = wanted(deployment, gate["id"])
    deployment.apply(TEAMS.replace(f"  - {{slack: {DATA_ADMIN}, role: admin}}\n", ""))

    assert open_gate(deployment, incident)["nobody_left"] is not None
    assert wanted(deployment, gate["id"]) > before


def test_who_is_named_and_brought_it_about_does_not_decide_either(deployment: Deployment) -> None:
    deployment.apply(GATED.replace("{team: data, role: admin}", f"{{people: [{WEB_ADMIN}, {DATA_ADMIN}]}}"))
    incident = deployment.incident("data").id
    run(deployment.rest(DATA_ADMIN), incident)
    deployment.work()
    gate = open_gate(deployment, incident)

    refused(deployment, gate, DATA_ADMIN, "You requested this run")
    assert approve(deployment, WEB_ADMIN, gate).status_code == 200


def run(client: TestClient, incident: str) -> None:
    assert client.post(f"/api/incidents/{incident}/runbooks/gated/execute").status_code == 201


@pytest.mark.parametrize("through", ["runbook", "workflow"])
def test_a_call_of_ones_own_run_does_not_launder_who_wanted_that_run(
    deployment: Deployment, through: str
) -> None:
    """Red before: 200. The run called our own REST with somebody else's token, and only its owner had asked."""
    incident = deployment.incident("data").id
    if through == "runbook":
        deployment.apply(CALLING)
        caller = execute(deployment, DATA_ADMIN, "calling", incident)
    else:
        deployment.apply(ON_EVENT % "manual")
        manual(deployment, DATA_ADMIN, "launder", incident)
        caller = str(runs_of(deployment, incident)[0]["workflow_execution_id"])
    says = Origins(SECRET).headers(Origin(caller, 1))
    another = deployment.incident("data").id
    address = f"/api/incidents/{another}/runbooks/gated/execute"
    answer = deployment.rest(DATA_OPS).post(address, json={}, headers=says)
    assert answer.status_code == 201, answer.text
    deployment.work()
    gate = open_gate(deployment, another)

    refused(deployment, gate, DATA_ADMIN, "You requested this run")
    assert approve(deployment, PLATFORM, gate).status_code == 200
