"""No unreviewed definition acts: workflows are approved like runbooks, and an approval covers what was shown.

data's admin writes workflows, and would like them to start without anybody having read them.
"""

import re
from typing import Any

import pytest
from sqlalchemy import select

from core.services.incidents.ages import start_workflows_by_age
from core.tables import WorkflowExecution
from tests.attacks.deployment import DATA_ADMIN, DATA_CHANNEL, DATA_OPS, PLATFORM, WEB_ADMIN, Deployment
from tests.world import suspect

SAY = {"id": "say", "type": "message", "text": "as the system"}
APPROVE = "definition.approve"


def workflow(name: str = "react", **fields: Any) -> dict[str, Any]:
    document = {"kind": "workflow", "name": name, "team": "data", "trigger": {"on": "incident.created"}}
    return document | {"actions": [SAY]} | fields


def runbook(*texts: str, name: str = "tell") -> dict[str, Any]:
    steps = [{"id": f"say{place}", "type": "message", "text": text} for place, text in enumerate(texts)]
    return {"kind": "runbook", "name": name, "team": "data", "steps": steps}


def write(deployment: Deployment, document: dict[str, Any], person: str = DATA_ADMIN) -> None:
    answer = deployment.rest(person).post(f"/api/{document['kind']}s", json=document)
    assert answer.status_code == 201, answer.text


def edit(deployment: Deployment, document: dict[str, Any]) -> None:
    answer = deployment.rest(DATA_ADMIN).put(f"/api/{document['kind']}s/{document['name']}", json=document)
    assert answer.status_code == 200, answer.text


def approve(deployment: Deployment, address: str, version: int = 1) -> None:
    headers = {"If-Match": f'"{version}"'}
    answer = deployment.rest(PLATFORM).post(f"/api/{address}/approve", headers=headers)
    assert answer.status_code == 200, answer.text


def started(deployment: Deployment) -> list[tuple[int, Any]]:
    """Of every workflow execution: the version, and what it is to say."""
    with deployment.unit_of_work.begin() as work:
        rows = work.session.scalars(select(WorkflowExecution).order_by(WorkflowExecution.created_at))
        return [(row.workflow_version, row.definition["actions"][0]["text"]) for row in rows]


def standing(deployment: Deployment, address: str) -> tuple[str, int, int | None]:
    [shown] = deployment.rest(PLATFORM).get(f"/api/{address}").json().values()
    return shown["status"], shown["version"], shown["approved_version"]


# Red before: the event started it, and it acted as the system.
@pytest.mark.parametrize("fields", [{}, {"enabled": True}])
def test_a_new_workflow_starts_nothing_until_it_is_approved(
    deployment: Deployment, fields: dict[str, Any]
) -> None:
    write(deployment, workflow(**fields))
    deployment.rest(DATA_ADMIN).post("/api/workflows/react/enable")
    deployment.incident()
    assert started(deployment) == []

    approve(deployment, "workflows/react")
    deployment.incident(slack_channel="C0OTHER")
    assert started(deployment) == [(1, "as the system")]


# Red before: 201 over REST, "requested" in Slack.
def test_a_draft_is_not_started_by_hand(deployment: Deployment) -> None:
    write(deployment, workflow(trigger={"on": "manual"}))
    incident = deployment.incident()

    answer = deployment.rest(DATA_ADMIN).post(
        "/api/workflows/react/execute", json={"incident_id": incident.id}
    )
    assert answer.status_code == 409
    assert "react is draft: only an approved version starts." in answer.json()["detail"]
    said = deployment.slack.types(DATA_ADMIN, DATA_CHANNEL, "workflow run react")
    assert "only an approved version starts" in said
    assert started(deployment) == []


# Red before: version 2 ran, which nobody had read.
@pytest.mark.parametrize("way", ["put", "rollback", "enable"])
def test_an_edit_leaves_the_approved_version_in_force(deployment: Deployment, way: str) -> None:
    write(deployment, workflow(actions=[SAY | {"text": "zero"}]))
    edit(deployment, workflow())
    approve(deployment, "workflows/react", 2)
    client = deployment.rest(DATA_ADMIN)
    if way == "rollback":
        assert client.post("/api/workflows/react/rollback", json={"version": 1}).status_code == 200
    else:
        edit(deployment, workflow(when="true", enabled=True, actions=[SAY | {"text": "unseen"}]))
    if way == "enable":
        client.post("/api/workflows/react/disable")
        client.post("/api/workflows/react/enable")
    deployment.incident()

    assert started(deployment) == [(2, "as the system")]
    assert standing(deployment, "workflows/react") == ("draft", 3, 2)


# Red before: the edited trigger and condition were asked.
def test_an_edit_of_trigger_and_condition_starts_nothing_else(deployment: Deployment) -> None:
    write(deployment, workflow(when="incident.severity == 'critical'"))
    approve(deployment, "workflows/react")
    edit(deployment, workflow(when="true"))
    deployment.incident(severity="low")
    edit(deployment, workflow(trigger={"on": "incident.age", "minutes": 1}))
    edit(deployment, workflow(trigger={"on": "incident.status_changed"}))
    incident = deployment.incident(severity="low", slack_channel="C0OTHER")
    deployment.rest(DATA_OPS).post(f"/api/incidents/{incident.id}/acknowledge")
    assert start_workflows_by_age(deployment.unit_of_work) == 0
    assert started(deployment) == []

    deployment.incident(severity="critical", slack_channel="C0THIRD")
    assert started(deployment) == [(1, "as the system")]


# Red before: a duplicate was enabled by its author, and started.
def test_a_duplicate_is_a_draft(deployment: Deployment) -> None:
    write(deployment, workflow())
    approve(deployment, "workflows/react")
    client = deployment.rest(DATA_ADMIN)
    assert client.post("/api/workflows/react/duplicate", json={"name": "again"}).status_code == 201
    client.post("/api/workflows/again/enable")
    deployment.incident()

    assert standing(deployment, "workflows/again") == ("draft", 1, None)
    assert started(deployment) == [(1, "as the system")]


# Red before: there was no approving of workflows, so its author alone put it in force.
def test_nobody_approves_a_workflow_of_their_own(deployment: Deployment) -> None:
    write(deployment, workflow())
    write(deployment, workflow("mine"), PLATFORM)
    named = {"If-Match": '"1"'}
    for person, name in ((DATA_ADMIN, "react"), (DATA_OPS, "react"), (PLATFORM, "mine")):
        assert (
            deployment.rest(person).post(f"/api/workflows/{name}/approve", headers=named).status_code == 403
        )
        said = deployment.slack.types(person, DATA_CHANNEL, f"workflow approve {name}")
        assert "⛔" in said
        assert APPROVE not in said
    assert deployment.rest(WEB_ADMIN).post("/api/workflows/react/approve", headers=named).status_code == 404
    deployment.incident()
    assert started(deployment) == []


# Red before: it went on starting for the team that it was approved for, and that team's admin could not stop it.
def test_a_workflow_that_goes_to_another_team_is_in_force_no_more(deployment: Deployment) -> None:
    deployment.apply(TWO_TEAMS)
    write(deployment, workflow())
    approve(deployment, "workflows/react")
    edit(deployment, workflow(team="web"))
    deployment.incident("data")
    deployment.incident("web")
    assert started(deployment) == []


TWO_TEAMS = f"""
kind: team
name: web
members:
  - {{slack: {DATA_ADMIN}, role: admin}}
"""


# Red before: there was no such thing for workflows; now also with a draft behind what is in force.
@pytest.mark.parametrize("way", ["rest", "slack"])
def test_what_is_deprecated_starts_no_more_and_an_edit_does_not_bring_it_back(
    deployment: Deployment, way: str
) -> None:
    write(deployment, workflow())
    approve(deployment, "workflows/react")
    edit(deployment, workflow(description="Harmless."))
    if way == "rest":
        assert deployment.rest(DATA_ADMIN).post("/api/workflows/react/deprecate").status_code == 200
    else:
        assert "is deprecated" in deployment.slack.types(DATA_ADMIN, DATA_CHANNEL, "workflow deprecate react")
    deployment.incident()
    edit(deployment, workflow(description="Back again.", enabled=True))
    deployment.incident(slack_channel="C0OTHER")
    assert started(deployment) == []


# Red before: what had been asked for a moment before ran.
def test_what_was_asked_for_and_deprecated_before_it_began_does_not_begin(deployment: Deployment) -> None:
    write(deployment, workflow())
    approve(deployment, "workflows/react")
    deployment.incident()
    deployment.rest(DATA_ADMIN).post("/api/workflows/react/deprecate")
    deployment.work()
    with deployment.unit_of_work.begin() as work:
        [row] = work.session.scalars(select(WorkflowExecution))
    assert row.status == "failed"
    assert "only an approved version starts" in str(row.error)


# Red before: 200, version 2 was approved, which the platform admin had not read.
@pytest.mark.parametrize("kind", ["runbook", "workflow"])
def test_an_approval_over_rest_names_the_version(deployment: Deployment, kind: str) -> None:
    first, second = (runbook("a"), runbook("b")) if kind == "runbook" else (workflow(), workflow(when="true"))
    address = f"/api/{kind}s/{first['name']}"
    write(deployment, first)
    platform = deployment.rest(PLATFORM)
    assert platform.get(address).headers["ETag"] == '"1"'
    edit(deployment, second)

    for headers in ({}, {"If-Match": "*"}):
        answer = platform.post(f"{address}/approve", headers=headers)
        assert answer.status_code == 428
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert 'If-Match: "2"' in answer.json()["detail"]
    assert platform.post(f"{address}/approve", headers={"If-Match": '"1"'}).status_code == 412
    assert standing(deployment, address.removeprefix("/api/")) == ("draft", 2, None)
    assert platform.post(f"{address}/approve", headers={"If-Match": '"2"'}).status_code == 200


def card(deployment: Deployment, typed: str) -> tuple[str, str]:
    """What the platform admin is shown, and the value of the button under it."""
    said = deployment.slack.types(PLATFORM, DATA_CHANNEL, typed)
    [value] = re.findall(r'"value": "([^"]+)"', said)
    return said, value


# Red before: "is approved and may run", of whatever was the newest version just then.
@pytest.mark.parametrize(
    ("first", "second", "typed"),
    [
        (runbook("calm"), runbook("calm", "rm -rf /"), "approve tell"),
        (workflow(), workflow(actions=[SAY | {"text": "rm -rf /"}]), "workflow approve react"),
    ],
    ids=["runbook", "workflow"],
)
def test_in_slack_the_button_under_what_was_shown_approves_just_that(
    deployment: Deployment, first: dict[str, Any], second: dict[str, Any], typed: str
) -> None:
    address = f"{first['kind']}s/{first['name']}"
    write(deployment, first)
    shown, old = card(deployment, typed)
    assert f"was written by <@{DATA_ADMIN}>" in shown
    assert standing(deployment, address) == ("draft", 1, None)

    edit(deployment, second)
    deployment.slack.clicks(PLATFORM, APPROVE, old)
    assert standing(deployment, address) == ("draft", 2, None)

    shown, new = card(deployment, typed)
    assert "rm -rf /" in shown
    deployment.slack.clicks(DATA_ADMIN, APPROVE, new)
    deployment.slack.clicks(WEB_ADMIN, APPROVE, new)
    assert standing(deployment, address) == ("draft", 2, None)
    deployment.slack.clicks(PLATFORM, APPROVE, new)
    assert standing(deployment, address) == ("approved", 2, 2)


# Red before: there was no such button.
def test_a_button_whose_definition_says_something_else_approves_nothing(deployment: Deployment) -> None:
    write(deployment, runbook("calm"))
    _, value = card(deployment, "approve tell")
    kind, id_, version, digest = value.split(":")
    for forged in (
        f"{kind}:{id_}:{version}:{'0' * len(digest)}",
        f"{kind}:{id_}:{version}",
        f"workflow:{id_}:{version}:{digest}",
        f"team:{id_}:{version}:{digest}",
        f"{kind}:{id_}::{digest}",
        "",
    ):
        assert deployment.slack.clicks(PLATFORM, APPROVE, forged).status == 200
    assert standing(deployment, "runbooks/tell") == ("draft", 1, None)


# Red before: `show` cut long lines at 400 characters, and the approval did not show anything.
def test_what_is_behind_a_long_line_is_seen_and_what_does_not_fit_is_told(deployment: Deployment) -> None:
    write(deployment, runbook("x" * 900 + "; rm -rf /"))
    shown, _ = card(deployment, "approve tell")
    assert "rm -rf /" in shown

    edit(deployment, runbook("y" * 30_000))
    shown, _ = card(deployment, "approve tell")
    assert "this is truncated, the full text has" in shown
    assert "`runbook show tell` in a terminal" in shown
    assert "What is shown here is truncated" in shown


# Red before: the version that killed its workers was enabled again by its author.
def test_a_workflow_under_quarantine_is_let_go_by_a_platform_admin_alone(deployment: Deployment) -> None:
    write(deployment, workflow())
    approve(deployment, "workflows/react")
    suspect(deployment.unit_of_work, "react")
    deployment.rest(DATA_ADMIN).post("/api/workflows/react/enable")
    deployment.incident()
    assert started(deployment) == []
