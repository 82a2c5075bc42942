"""A member of team web tries to block team data with a lock, or to learn from one what data does."""

from typing import Any

import pytest

from core.services.executions.locks import release_lock
from core.tables import Incident, RunbookExecution
from tests.attacks.deployment import (
    DATA_CHANNEL,
    DATA_OPS,
    PLATFORM,
    WEB_ADMIN,
    WEB_CHANNEL,
    WEB_OPS,
    Deployment,
)

LONG = "steps: [{id: long, type: wait, for: 300d}]"
DATAS = f"""
kind: runbook
name: data-secret
team: data
lock: db/orders
{LONG}
"""
WEBS = f"""
kind: runbook
name: web-hostile
team: web
lock: db/orders
{LONG}
"""
SHARED = f"""
kind: runbook
name: shared
lock: db/orders
{LONG}
---
kind: runbook
name: move-dns
lock: global/dns
{LONG}
---
kind: runbook
name: named-by-values
parameters: {{type: object, properties: {{lock: {{type: string}}}}, required: [lock]}}
lock: "{{{{ params.lock }}}}"
{LONG}
"""


def runs(
    deployment: Deployment, person: str, incident: Incident, runbook: str, *, dry: bool = False, **values: Any
) -> Any:
    path = f"/api/incidents/{incident.id}/runbooks/{runbook}/execute"
    return deployment.rest(person).post(path, json={"parameters": values, "dry_run": dry})


@pytest.fixture
def incidents(deployment: Deployment) -> tuple[Incident, Incident]:
    """Data's, and web's."""
    deployment.apply(f"{DATAS}---{WEBS}---{SHARED}")
    return deployment.incident("data"), deployment.incident("web")


def test_webs_lock_does_not_stop_data(deployment: Deployment, incidents: tuple[Incident, Incident]) -> None:
    # red before: 409 for data, for 300 days
    data, web = incidents
    assert runs(deployment, WEB_OPS, web, "web-hostile").status_code == 201

    assert runs(deployment, DATA_OPS, data, "data-secret").status_code == 201
    said = deployment.slack.types(DATA_OPS, DATA_CHANNEL, "run shared")
    assert (
        "is locked by data-secret" in said
    )  # a global runbook's lock is the team's, and excludes the team's


@pytest.mark.parametrize("lock", ["global/dns", "team:data/db/orders"])
def test_a_value_names_no_lock_of_others(
    deployment: Deployment, incidents: tuple[Incident, Incident], lock: str
) -> None:
    # red before: what the value named was stopped
    data, web = incidents

    assert runs(deployment, WEB_OPS, web, "named-by-values", lock=lock).status_code == 201

    assert runs(deployment, DATA_OPS, data, "move-dns").status_code == 201
    assert runs(deployment, DATA_OPS, data, "data-secret").status_code == 201


def test_a_team_writes_no_runbook_that_takes_everybodys_lock(
    deployment: Deployment, incidents: tuple[Incident, Incident]
) -> None:
    # red before: 201, and it could hold what all wait for
    body = {"name": "mine", "team": "web", "lock": "global/dns", "steps": [{"id": "a", "type": "approval"}]}

    answer = deployment.rest(WEB_ADMIN).post("/api/runbooks", json=body)

    assert answer.status_code == 422
    assert answer.json()["field"] == "lock"


def test_nor_does_a_value_make_one_of_it(
    deployment: Deployment, incidents: tuple[Incident, Incident]
) -> None:
    # red before: 201
    deployment.apply(
        SHARED.partition("---")[2].partition("---")[2].replace("name: n", "team: web\nname: mine-n")
    )

    answer = runs(deployment, WEB_OPS, incidents[1], "mine-named-by-values", lock="global/dns")

    assert answer.status_code == 422
    assert "only a global runbook" in answer.json()["detail"]


def test_a_refusal_tells_nothing_of_another_teams_run(
    deployment: Deployment, incidents: tuple[Incident, Incident]
) -> None:
    # red before: "global/dns is locked by move-dns (rbx_…), which is pending; <@U0DATAOPS> asked for it."
    data, web = incidents
    holder = runs(deployment, DATA_OPS, data, "move-dns").json()["execution"]["id"]

    refused = runs(deployment, WEB_OPS, web, "move-dns")
    in_slack = deployment.slack.types(WEB_OPS, WEB_CHANNEL, "run move-dns")
    planned = runs(deployment, WEB_OPS, web, "move-dns", dry=True)
    planned_in_slack = deployment.slack.types(WEB_OPS, WEB_CHANNEL, "run move-dns --dry-run")

    assert refused.status_code == 409
    assert "locked by another run" in refused.json()["detail"]
    assert "locked by another run" in in_slack
    assert planned.json()["plan"]["lock"]["held_by"] == {"id": None, "runbook": None, "status": "pending"}
    assert "held by another run" in planned_in_slack
    for said in (refused.text, in_slack, planned.text, planned_in_slack):
        assert holder not in said
        assert DATA_OPS not in said
    assert holder in runs(deployment, PLATFORM, web, "move-dns").json()["detail"]
    assert holder in runs(deployment, DATA_OPS, data, "move-dns").json()["detail"]


def test_a_released_lock_goes_on_to_ones_own_team(
    deployment: Deployment, incidents: tuple[Incident, Incident]
) -> None:
    """What is kept as the lock's name is the one that the queue is looked for by."""
    data, _ = incidents
    deployment.apply(f"{DATAS}on_conflict: queue")
    first = runs(deployment, DATA_OPS, data, "data-secret").json()["execution"]["id"]
    second = runs(deployment, DATA_OPS, data, "data-secret").json()["execution"]
    assert second["waiting_for"] == "lock"

    with deployment.unit_of_work.begin() as work:
        release_lock(work, work.session.get_one(RunbookExecution, first))

    assert deployment.see(second["id"]).waiting_for is None
