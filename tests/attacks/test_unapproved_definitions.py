"""Nobody's unseen definition acts: workflows are approved as runbooks are, and an approval is of what was shown.

data's admin writes workflows, and would like them to start without anybody having read them.
"""

import re
from typing import Any

import pytest
from sqlalchemy import select

from core.services.incidents.ages import start_what_came_of_age
from core.tables import WorkflowExecution
from tests.attacks.house import DATA_ADMIN, DATA_CHANNEL, DATA_OPS, PLATFORM, WEB_ADMIN, House
from tests.world import suspect

SAY = {"id": "say", "type": "message", "text": "as the system"}
APPROVE = "definition.approve"


def workflow(name: str = "react", **fields: Any) -> dict[str, Any]:
    document = {"kind": "workflow", "name": name, "team": "data", "trigger": {"on": "incident.created"}}
    return document | {"actions": [SAY]} | fields


def runbook(*texts: str, name: str = "tell") -> dict[str, Any]:
    steps = [{"id": f"say{place}", "type": "message", "text": text} for place, text in enumerate(texts)]
    return {"kind": "runbook", "name": name, "team": "data", "steps": steps}


def write(house: House, document: dict[str, Any], person: str = DATA_ADMIN) -> None:
    answer = house.rest(person).post(f"/api/{document['kind']}s", json=document)
    assert answer.status_code == 201, answer.text


def edit(house: House, document: dict[str, Any]) -> None:
    answer = house.rest(DATA_ADMIN).put(f"/api/{document['kind']}s/{document['name']}", json=document)
    assert answer.status_code == 200, answer.text


def approve(house: House, address: str, version: int = 1) -> None:
    headers = {"If-Match": f'"{version}"'}
    answer = house.rest(PLATFORM).post(f"/api/{address}/approve", headers=headers)
    assert answer.status_code == 200, answer.text


def started(house: House) -> list[tuple[int, Any]]:
    """Of every workflow execution: the version, and what it is to say."""
    with house.unit_of_work.begin() as work:
        rows = work.session.scalars(select(WorkflowExecution).order_by(WorkflowExecution.created_at))
        return [(row.workflow_version, row.definition["actions"][0]["text"]) for row in rows]


def standing(house: House, address: str) -> tuple[str, int, int | None]:
    [shown] = house.rest(PLATFORM).get(f"/api/{address}").json().values()
    return shown["status"], shown["version"], shown["approved_version"]


# Red before: the event started it, and it acted as the system.
@pytest.mark.parametrize("fields", [{}, {"enabled": True}])
def test_a_new_workflow_starts_nothing_until_it_is_approved(house: House, fields: dict[str, Any]) -> None:
    write(house, workflow(**fields))
    house.rest(DATA_ADMIN).post("/api/workflows/react/enable")
    house.incident()
    assert started(house) == []

    approve(house, "workflows/react")
    house.incident(slack_channel="C0OTHER")
    assert started(house) == [(1, "as the system")]


# Red before: 201 over REST, "requested" in Slack.
def test_a_draft_is_not_started_by_hand(house: House) -> None:
    write(house, workflow(trigger={"on": "manual"}))
    incident = house.incident()

    answer = house.rest(DATA_ADMIN).post("/api/workflows/react/execute", json={"incident_id": incident.id})
    assert answer.status_code == 409
    assert "react is draft: only an approved version starts." in answer.json()["detail"]
    said = house.slack.types(DATA_ADMIN, DATA_CHANNEL, "workflow run react")
    assert "only an approved version starts" in said
    assert started(house) == []


# Red before: version 2 ran, which nobody had read.
@pytest.mark.parametrize("way", ["put", "rollback", "enable"])
def test_an_edit_leaves_the_approved_version_in_force(house: House, way: str) -> None:
    write(house, workflow(actions=[SAY | {"text": "zero"}]))
    edit(house, workflow())
    approve(house, "workflows/react", 2)
    client = house.rest(DATA_ADMIN)
    if way == "rollback":
        assert client.post("/api/workflows/react/rollback", json={"version": 1}).status_code == 200
    else:
        edit(house, workflow(when="true", enabled=True, actions=[SAY | {"text": "unseen"}]))
    if way == "enable":
        client.post("/api/workflows/react/disable")
        client.post("/api/workflows/react/enable")
    house.incident()

    assert started(house) == [(2, "as the system")]
    assert standing(house, "workflows/react") == ("draft", 3, 2)


# Red before: the edited trigger and condition were asked.
def test_an_edit_of_trigger_and_condition_starts_nothing_else(house: House) -> None:
    write(house, workflow(when="incident.severity == 'critical'"))
    approve(house, "workflows/react")
    edit(house, workflow(when="true"))
    house.incident(severity="low")
    edit(house, workflow(trigger={"on": "incident.age", "minutes": 1}))
    edit(house, workflow(trigger={"on": "incident.status_changed"}))
    incident = house.incident(severity="low", slack_channel="C0OTHER")
    house.rest(DATA_OPS).post(f"/api/incidents/{incident.id}/acknowledge")
    assert start_what_came_of_age(house.unit_of_work) == 0
    assert started(house) == []

    house.incident(severity="critical", slack_channel="C0THIRD")
    assert started(house) == [(1, "as the system")]


# Red before: a duplicate was enabled by its author, and started.
def test_a_duplicate_is_a_draft(house: House) -> None:
    write(house, workflow())
    approve(house, "workflows/react")
    client = house.rest(DATA_ADMIN)
    assert client.post("/api/workflows/react/duplicate", json={"name": "again"}).status_code == 201
    client.post("/api/workflows/again/enable")
    house.incident()

    assert standing(house, "workflows/again") == ("draft", 1, None)
    assert started(house) == [(1, "as the system")]


# Red before: there was no approving of workflows, so its author alone put it in force.
def test_nobody_approves_a_workflow_of_their_own(house: House) -> None:
    write(house, workflow())
    write(house, workflow("mine"), PLATFORM)
    named = {"If-Match": '"1"'}
    for person, name in ((DATA_ADMIN, "react"), (DATA_OPS, "react"), (PLATFORM, "mine")):
        assert house.rest(person).post(f"/api/workflows/{name}/approve", headers=named).status_code == 403
        said = house.slack.types(person, DATA_CHANNEL, f"workflow approve {name}")
        assert "⛔" in said
        assert APPROVE not in said
    assert house.rest(WEB_ADMIN).post("/api/workflows/react/approve", headers=named).status_code == 404
    house.incident()
    assert started(house) == []


# Red before: it went on starting for the team that it was approved for, and that team's admin could not stop it.
def test_a_workflow_that_goes_to_another_team_is_in_force_no_more(house: House) -> None:
    house.apply(TWO_TEAMS)
    write(house, workflow())
    approve(house, "workflows/react")
    edit(house, workflow(team="web"))
    house.incident("data")
    house.incident("web")
    assert started(house) == []


TWO_TEAMS = f"""
kind: team
name: web
members:
  - {{slack: {DATA_ADMIN}, role: admin}}
"""


# Red before: there was no such thing for workflows; now also with a draft behind what is in force.
@pytest.mark.parametrize("way", ["rest", "slack"])
def test_what_is_deprecated_starts_no_more_and_an_edit_does_not_bring_it_back(house: House, way: str) -> None:
    write(house, workflow())
    approve(house, "workflows/react")
    edit(house, workflow(description="Harmless."))
    if way == "rest":
        assert house.rest(DATA_ADMIN).post("/api/workflows/react/deprecate").status_code == 200
    else:
        assert "is deprecated" in house.slack.types(DATA_ADMIN, DATA_CHANNEL, "workflow deprecate react")
    house.incident()
    edit(house, workflow(description="Back again.", enabled=True))
    house.incident(slack_channel="C0OTHER")
    assert started(house) == []


# Red before: what had been asked for a moment before ran.
def test_what_was_asked_for_and_deprecated_before_it_began_does_not_begin(house: House) -> None:
    write(house, workflow())
    approve(house, "workflows/react")
    house.incident()
    house.rest(DATA_ADMIN).post("/api/workflows/react/deprecate")
    house.work()
    with house.unit_of_work.begin() as work:
        [row] = work.session.scalars(select(WorkflowExecution))
    assert row.status == "failed"
    assert "only an approved version starts" in str(row.error)


# Red before: 200, version 2 was approved, which the platform admin had not read.
@pytest.mark.parametrize("kind", ["runbook", "workflow"])
def test_an_approval_over_rest_names_the_version(house: House, kind: str) -> None:
    first, second = (runbook("a"), runbook("b")) if kind == "runbook" else (workflow(), workflow(when="true"))
    address = f"/api/{kind}s/{first['name']}"
    write(house, first)
    platform = house.rest(PLATFORM)
    assert platform.get(address).headers["ETag"] == '"1"'
    edit(house, second)

    for headers in ({}, {"If-Match": "*"}):
        answer = platform.post(f"{address}/approve", headers=headers)
        assert answer.status_code == 428
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert 'If-Match: "2"' in answer.json()["detail"]
    assert platform.post(f"{address}/approve", headers={"If-Match": '"1"'}).status_code == 412
    assert standing(house, address.removeprefix("/api/")) == ("draft", 2, None)
    assert platform.post(f"{address}/approve", headers={"If-Match": '"2"'}).status_code == 200


def card(house: House, typed: str) -> tuple[str, str]:
    """What the platform admin is shown, and the value of the button under it."""
    said = house.slack.types(PLATFORM, DATA_CHANNEL, typed)
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
    house: House, first: dict[str, Any], second: dict[str, Any], typed: str
) -> None:
    address = f"{first['kind']}s/{first['name']}"
    write(house, first)
    shown, old = card(house, typed)
    assert f"was written by <@{DATA_ADMIN}>" in shown
    assert standing(house, address) == ("draft", 1, None)

    edit(house, second)
    house.slack.clicks(PLATFORM, APPROVE, old)
    assert standing(house, address) == ("draft", 2, None)

    shown, new = card(house, typed)
    assert "rm -rf /" in shown
    house.slack.clicks(DATA_ADMIN, APPROVE, new)
    house.slack.clicks(WEB_ADMIN, APPROVE, new)
    assert standing(house, address) == ("draft", 2, None)
    house.slack.clicks(PLATFORM, APPROVE, new)
    assert standing(house, address) == ("approved", 2, 2)


# Red before: there was no such button.
def test_a_button_whose_definition_says_something_else_approves_nothing(house: House) -> None:
    write(house, runbook("calm"))
    _, value = card(house, "approve tell")
    kind, id_, version, digest = value.split(":")
    for forged in (
        f"{kind}:{id_}:{version}:{'0' * len(digest)}",
        f"{kind}:{id_}:{version}",
        f"workflow:{id_}:{version}:{digest}",
        f"team:{id_}:{version}:{digest}",
        f"{kind}:{id_}::{digest}",
        "",
    ):
        assert house.slack.clicks(PLATFORM, APPROVE, forged).status == 200
    assert standing(house, "runbooks/tell") == ("draft", 1, None)


# Red before: `show` cut long lines at 400 characters, and the approval did not show anything.
def test_what_is_behind_a_long_line_is_seen_and_what_does_not_fit_is_told(house: House) -> None:
    write(house, runbook("x" * 900 + "; rm -rf /"))
    shown, _ = card(house, "approve tell")
    assert "rm -rf /" in shown

    edit(house, runbook("y" * 30_000))
    shown, _ = card(house, "approve tell")
    assert "this is truncated, the full text has" in shown
    assert "`runbook show tell` in a terminal" in shown
    assert "What is shown here is truncated" in shown


# Red before: the version that killed its workers was enabled again by its author.
def test_a_workflow_under_quarantine_is_let_go_by_a_platform_admin_alone(house: House) -> None:
    write(house, workflow())
    approve(house, "workflows/react")
    suspect(house.unit_of_work, "react")
    house.rest(DATA_ADMIN).post("/api/workflows/react/enable")
    house.incident()
    assert started(house) == []
