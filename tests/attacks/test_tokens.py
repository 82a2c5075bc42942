"""What a found or borrowed token cannot do: tokens have scopes, a team and an expiry."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from starlette.testclient import TestClient

from cli.operator import OPERATOR
from core.errors import InvalidInput
from core.services.access.tokens import ALL_SCOPES, Grant, create_service_token, create_token, list_tokens
from core.statuses import TokenScope
from core.tables import ApiToken, AuditEntry
from core.unit_of_work import UnitOfWorkFactory
from tests.attacks.deployment import (
    DATA_ADMIN,
    DATA_OPS,
    NOBODY,
    PLATFORM,
    TEAMS,
    WEB_ADMIN,
    WEB_OPS,
    Deployment,
)
from tests.world import start_run

READ_RUN = frozenset({TokenScope.READ, TokenScope.RUN})
ALERTS = frozenset({TokenScope.ALERTS})

GATED = """
kind: runbook
name: failover
team: data
steps:
  - {id: gate, type: approval, approvers: {team: data, role: responder}}
  - {id: done, type: message, text: done}
---
kind: runbook
name: hello
team: data
steps:
  - {id: hello, type: message, text: hello}
"""
ALERT = {
    "status": "firing",
    "groupKey": "{}:{alertname=OrdersDown}",
    "commonLabels": {"alertname": "OrdersDown", "severity": "critical", "team": "data"},
    "alerts": [{"status": "firing", "labels": {"alertname": "OrdersDown"}, "annotations": {}}],
}


def of_person(
    deployment: Deployment, person: str, scopes: frozenset[TokenScope] = READ_RUN, team: str | None = None
) -> TestClient:
    with deployment.unit_of_work.begin() as work:
        return deployment.carrying(create_token(work, OPERATOR, person, "found", Grant(scopes, team)))


def of_service(
    deployment: Deployment, scopes: frozenset[TokenScope], team: str | None = "data", owner: str | None = None
) -> TestClient:
    with deployment.unit_of_work.begin() as work:
        token = create_service_token(work, OPERATOR, "robot", Grant(scopes, team), owner=owner)
        return deployment.carrying(token)


def open_gate(deployment: Deployment) -> tuple[str, str]:
    """The ids of a run that waits at its gate, and of the gate."""
    deployment.apply(GATED)
    run = start_run(deployment.unit_of_work, deployment.incident("data"), "failover", DATA_ADMIN)
    deployment.work()
    [gate] = deployment.rest(PLATFORM).get("/api/approvals").json()["approvals"]
    return run, gate["id"]


def refusal(answer_of: Callable[[], object]) -> str:
    with pytest.raises(InvalidInput) as refused:
        answer_of()
    return str(refused.value)


def test_the_monitorings_token_does_not_approve(deployment: Deployment) -> None:
    """Red before: Alertmanager's token was a responder's, and approved the gate."""
    _, gate = open_gate(deployment)
    alertmanager = of_service(deployment, ALERTS)
    assert alertmanager.post("/api/alerts/alertmanager", json=ALERT).json()["outcome"] == "opened"

    for verb in ("approve", "reject"):
        answer = alertmanager.post(f"/api/approvals/{gate}/{verb}")
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    assert deployment.rest(PLATFORM).get("/api/approvals").json()["approvals"][0]["status"] == "open"


def test_a_persons_token_approves_only_where_that_was_asked_for(deployment: Deployment) -> None:
    """Red before: any token of a responder approved."""
    _, gate = open_gate(deployment)
    answer = of_person(deployment, DATA_OPS).post(f"/api/approvals/{gate}/approve")

    assert answer.status_code == 403
    assert answer.json()["code"] == "insufficient_scope"
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="insufficient_scope", scope="approve"'
    assert "does not have the scope `approve`" in answer.json()["detail"]
    assert "--scope read,run,approve" in answer.json()["detail"]
    assert (
        of_person(deployment, DATA_OPS, ALL_SCOPES).post(f"/api/approvals/{gate}/approve").status_code == 200
    )


@pytest.mark.parametrize(
    ("method", "address", "scope"),
    [
        ("POST", "/api/runbooks", "write"),
        ("PUT", "/api/runbooks/hello", "write"),
        ("DELETE", "/api/runbooks/hello", "write"),
        ("POST", "/api/runbooks/hello/approve", "approve"),
        ("POST", "/api/runbooks/hello/deprecate", "write"),
        ("POST", "/api/workflows", "write"),
        ("POST", "/api/freezes", "admin"),
        ("POST", "/api/runbooks/executions/rbx_0/verdict", "approve"),
    ],
)
def test_a_default_token_of_the_highest_neither_writes_nor_approves_nor_freezes(
    deployment: Deployment, method: str, address: str, scope: str
) -> None:
    """Red before: a platform admin's token for a script was the platform admin. The body is not even read."""
    deployment.apply(GATED)
    answer = of_person(deployment, PLATFORM).request(method, address, content=b"{no json")

    assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope")
    assert f'scope="{scope}"' in answer.headers["WWW-Authenticate"]


def test_a_token_that_sends_alerts_does_nothing_else(deployment: Deployment) -> None:
    """Red before: it read every run, started and cancelled. An alert-only token opens no incident by hand either."""
    run, _ = open_gate(deployment)
    robot = of_service(deployment, ALERTS)
    for method, address in (
        ("GET", "/api/incidents"),
        ("GET", f"/api/runbooks/executions/{run}"),
        ("GET", f"/runs/{run}"),
        ("GET", "/api/runbooks"),
        ("GET", "/api/approvals"),
        ("GET", "/api/audit"),
        ("POST", "/api/incidents"),
        ("POST", "/api/incidents/inc-1/resolve"),
        ("POST", "/api/incidents/inc-1/runbooks/hello/execute"),
        ("POST", f"/api/runbooks/executions/{run}/cancel"),
    ):
        answer = robot.request(method, address, json={} if method == "POST" else None)
        assert answer.status_code == 403, (method, address, answer.text)
    assert deployment.see(run).status == "waiting"


def test_a_service_of_one_team_sends_no_alert_for_another(deployment: Deployment) -> None:
    """And it does not learn which teams there are from it: another team's is refused."""
    answer = of_service(deployment, ALERTS, "web").post("/api/alerts/alertmanager", json=ALERT)

    assert answer.status_code in (403, 422)
    assert deployment.rest(PLATFORM).get("/api/incidents").json()["incidents"] == []


@pytest.mark.parametrize("scope", ["approve", "write", "admin"])
def test_a_service_is_never_given_what_is_for_people(deployment: Deployment, scope: str) -> None:
    with deployment.unit_of_work.begin() as work:
        grant = Grant(frozenset({TokenScope.READ, TokenScope(scope)}), "data")
        said = refusal(lambda: create_service_token(work, OPERATOR, "ci", grant, owner=DATA_ADMIN))

    assert f"A service cannot have the scope {scope}" in said


def test_a_service_with_every_scope_in_its_row_decides_nothing(deployment: Deployment) -> None:
    """As if somebody had written them into the table: what a service is does not hang on its scopes."""
    run, gate = open_gate(deployment)
    robot = of_service(deployment, READ_RUN, owner=DATA_OPS)
    with deployment.unit_of_work.begin() as work:
        work.session.execute(update(ApiToken).values(scopes=sorted(ALL_SCOPES)))

    for address in (
        f"/api/approvals/{gate}/approve",
        "/api/runbooks/hello/approve",
        "/api/runbooks/hello/deprecate",
        f"/api/runbooks/executions/{run}/verdict",
        "/api/freezes",
        "/api/runbooks",
    ):
        answer = robot.post(address, json={"verdict": "ran"})
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed"), address
        assert "only people may" in answer.json()["detail"]


def test_a_service_that_runs_needs_somebody_who_answers_for_it(deployment: Deployment) -> None:
    with deployment.unit_of_work.begin() as work:
        grant = Grant(READ_RUN, "data")
        assert "needs an owner" in refusal(lambda: create_service_token(work, OPERATOR, "ci", grant))
        said = refusal(lambda: create_service_token(work, OPERATOR, "ci", grant, owner=WEB_ADMIN))
    assert "is not a responder of team data" in said


def test_a_service_runs_only_while_its_owner_answers_for_it(deployment: Deployment) -> None:
    """The owner went to another team: what runs on their behalf stops with it, and reading goes on."""
    deployment.apply(GATED)
    incident = deployment.incident("data")
    robot = of_service(deployment, READ_RUN, owner=DATA_OPS)
    address = f"/api/incidents/{incident.id}/runbooks/hello/execute"
    assert robot.post(address).status_code == 201
    moved = TEAMS.replace(f"  - {{slack: {DATA_OPS}, role: responder}}\n", "", 1).replace(
        f"  - {{slack: {WEB_OPS}, role: responder}}",
        f"  - {{slack: {WEB_OPS}, role: responder}}\n  - {{slack: {DATA_OPS}, role: responder}}",
    )
    deployment.apply(moved)

    assert robot.post(address).json()["code"] == "insufficient_scope"
    assert robot.get(f"/api/incidents/{incident.id}").status_code == 200


def test_a_token_for_one_team_is_blind_to_the_others(deployment: Deployment) -> None:
    """Red before: a token was all teams of its person, and all of a platform admin's power."""
    deployment.apply(GATED)
    mine, others = deployment.incident("data"), deployment.incident("web")
    limited = of_person(deployment, PLATFORM, ALL_SCOPES, "data")

    assert limited.get(f"/api/incidents/{mine.id}").status_code == 200
    assert limited.get(f"/api/incidents/{others.id}").status_code == 404
    assert [row["id"] for row in limited.get("/api/incidents").json()["incidents"]] == [mine.id]
    assert limited.post("/api/runbooks/hello/approve").status_code == 403
    assert limited.post("/api/freezes", json={"reason": "all"}).status_code == 403
    assert of_person(deployment, WEB_OPS, ALL_SCOPES, "data").get("/api/incidents").json()["incidents"] == []


def test_an_expired_token_is_no_token(deployment: Deployment) -> None:
    """Red before: a token was for ever."""
    carrier = of_person(deployment, DATA_OPS)
    assert carrier.get("/api/incidents").status_code == 200
    with deployment.unit_of_work.begin() as work:
        work.session.execute(update(ApiToken).values(expires_at=work.now))

    assert carrier.get("/api/incidents").status_code == 401
    assert carrier.get("/runs/rbx_0").status_code == 401


def test_a_new_token_ends_by_itself(deployment: Deployment) -> None:
    of_person(deployment, DATA_OPS)
    with deployment.unit_of_work.begin() as work:
        [row] = list_tokens(work, OPERATOR)
        assert row.expires_at is not None
        assert row.expires_at - row.created_at == timedelta(days=90)
        assert (row.created_by, row.scopes) == ("operator", ["read", "run"])


def test_who_leaves_their_last_team_leaves_their_tokens(deployment: Deployment) -> None:
    """Red before: the token of somebody who had left was good, for whatever is global, for ever."""
    leaver, robot = of_person(deployment, DATA_OPS), of_service(deployment, READ_RUN, owner=DATA_OPS)
    alerts, stays = of_service(deployment, ALERTS, owner=DATA_OPS), of_person(deployment, DATA_ADMIN)
    deployment.apply(TEAMS.replace(f"  - {{slack: {DATA_OPS}, role: responder}}\n", "", 1))

    assert leaver.get("/api/runbooks").status_code == 401
    assert robot.get("/api/runbooks").status_code == 401
    assert stays.get("/api/runbooks").status_code == 200
    assert alerts.post("/api/alerts/alertmanager", json=ALERT).status_code == 200
    with deployment.unit_of_work.begin() as work:
        rows = work.session.scalars(select(AuditEntry).where(AuditEntry.action == "token.revoked")).all()
    assert sorted(row.details["why"] for row in rows) == [
        f"Its owner {DATA_OPS} is no longer in any team.",
        f"{DATA_OPS} is no longer in any team.",
    ]


def test_who_is_still_in_a_team_keeps_their_tokens_and_so_does_a_platform_admin(
    deployment: Deployment,
) -> None:
    both = f"""
kind: team
name: web
members:
  - {{slack: {WEB_ADMIN}, role: admin}}
  - {{slack: {DATA_OPS}, role: responder}}
  - {{slack: {PLATFORM}, role: responder}}
"""
    deployment.apply(both)
    kept = [of_person(deployment, who) for who in (DATA_OPS, PLATFORM)]
    deployment.apply(TEAMS)

    assert [each.get("/api/runbooks").status_code for each in kept] == [200, 200]


def test_a_token_of_nobody_speaks_for_nobody(deployment: Deployment) -> None:
    incident = deployment.incident("data")
    nobody = of_person(deployment, NOBODY, ALL_SCOPES)

    assert nobody.get(f"/api/incidents/{incident.id}").status_code == 404
    assert nobody.get("/api/incidents").json()["incidents"] == []


def test_an_answer_is_replayed_to_the_token_that_got_it_and_to_no_other(deployment: Deployment) -> None:
    """Somebody else's `Idempotency-Key`, under another token of the same person too, is a new request."""
    deployment.apply(GATED)
    address = f"/api/incidents/{deployment.incident('data').id}/runbooks/hello/execute"
    key = {"Idempotency-Key": "once"}
    first = of_person(deployment, DATA_OPS).post(address, headers=key).json()["execution"]["id"]
    read_only = of_person(deployment, DATA_OPS, frozenset({TokenScope.READ}))
    second = of_person(deployment, DATA_ADMIN).post(address, headers=key)

    assert read_only.post(address, headers=key).json()["code"] == "insufficient_scope"
    assert second.json()["execution"]["id"] != first
    assert "Idempotent-Replayed" not in second.headers
    assert of_person(deployment, WEB_OPS).post(address, headers=key).status_code == 404


def test_a_key_is_no_way_around_a_scope_that_was_taken_back(deployment: Deployment) -> None:
    """The scope is asked for before the kept answer is looked up."""
    deployment.apply(GATED)
    address = f"/api/incidents/{deployment.incident('data').id}/runbooks/hello/execute"
    key = {"Idempotency-Key": "once"}
    carrier = of_person(deployment, DATA_OPS)
    assert carrier.post(address, headers=key).status_code == 201
    with deployment.unit_of_work.begin() as work:
        work.session.execute(update(ApiToken).values(scopes=["read"]))

    again = carrier.post(address, headers=key)
    assert (again.status_code, again.json()["code"]) == (403, "insufficient_scope")


def test_a_scope_that_this_version_does_not_know_grants_nothing(deployment: Deployment) -> None:
    carrier = of_person(deployment, DATA_OPS)
    with deployment.unit_of_work.begin() as work:
        work.session.execute(update(ApiToken).values(scopes=["everything", "*"]))

    assert carrier.get("/api/incidents").status_code == 403


def test_the_use_of_a_token_is_noted_at_most_once_a_minute(
    deployment: Deployment, unit_of_work: UnitOfWorkFactory
) -> None:
    carrier = of_person(deployment, DATA_OPS)

    def used() -> object:
        with unit_of_work.begin() as work:
            return work.session.scalars(select(ApiToken.last_used_at)).one()

    assert used() is None
    carrier.get("/api/incidents")
    first = used()
    carrier.get("/api/incidents")
    assert first is not None
    assert used() == first
    with unit_of_work.begin() as work:
        work.session.execute(update(ApiToken).values(last_used_at=work.now - timedelta(minutes=2)))
    carrier.get("/api/incidents")
    assert used() != first


def test_the_terminal_refuses_a_token_without_a_person_or_for_unknown_scopes(deployment: Deployment) -> None:
    with deployment.unit_of_work.begin() as work:
        nothing = Grant(frozenset())
        assert "needs a scope" in refusal(lambda: create_token(work, OPERATOR, DATA_OPS, "x", nothing))
