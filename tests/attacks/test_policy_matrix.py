"""Every route is listed in the policy and answers each role as the policy says.

Each address of the router is played by each role, on what is of their own team, of another, and of nobody.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.testclient import TestClient

from bot.entry_points import ROUTES
from bot.rest import application
from bot.rest.callers import authenticated_router
from bot.rest.settings import RestSettings
from cli.operator import OPERATOR
from core.decisions.people import Person, agent_principal, service_principal
from core.decisions.policy import AGENT_SCOPES, SERVICE_SCOPES, allows, sees
from core.decisions.policy_table import POLICY, Action
from core.services.access.people import load_person
from core.services.access.tokens import (
    ALL_SCOPES,
    Grant,
    create_agent_token,
    create_service_token,
    create_token,
)
from core.services.library.kinds import RUNBOOKS, WORKFLOWS
from core.statuses import PrincipalKind
from tests.attacks.deployment import (
    DATA_ADMIN,
    DATA_OPS,
    NOBODY,
    PLATFORM,
    WEB_ADMIN,
    WEB_OPS,
    Deployment,
)
from tests.attacks.matrix_world import NOWHERE, WORKFLOW, Things

PEOPLE = (NOBODY, WEB_OPS, WEB_ADMIN, DATA_OPS, DATA_ADMIN, PLATFORM)
SERVICES = ("data", "web")
UNLISTED_STATUSES = (401, 403, 404)
UNREAD_STATUSES = (400, 415, 422, 428)  # what was sent is wrong: then nothing was tried

ALERT = {
    "status": "firing",
    "groupKey": "{}",
    "commonLabels": {"alertname": "Down", "team": "data"},
    "alerts": [{"status": "firing", "labels": {"alertname": "Down"}, "annotations": {}}],
}


@dataclass(frozen=True)
class Play:
    """How an address is tried.

    `thing`: what it is about, as `Things` makes it; none where a body names it. `form`: what a page's form sends.
    `names`: what is filled into the address. `shown`: of a list, where in the answer the thing must be; of a page,
    anywhere in it. `can_be_global`: whether it is tried on what is global too. `is_closed`: who may not is told so
    before anything is looked for, whatever they name.
    """

    thing: str = ""
    json: Callable[[Things], dict[str, Any]] = lambda things: {}
    form: Callable[[Things, str], dict[str, str]] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    names: Callable[[Things], dict[str, str]] = lambda things: {}
    query: dict[str, str] = field(default_factory=dict)
    shown: str = ""
    can_be_global: bool = False
    is_closed: bool = False


def _of_incident(**rest: Any) -> Play:
    return Play("incident", **rest)


def _of_runbook(**rest: Any) -> Play:
    return Play("runbook", can_be_global=True, **rest)


def _of_workflow(**rest: Any) -> Play:
    return Play("workflow", can_be_global=True, **rest)


def _json_of(things: Things, name: str, text: str | None = None) -> dict[str, Any]:
    step = {"id": "pause", "type": "wait", "for": "2h"}
    body: dict[str, Any] = {"name": name, "steps": [step]}
    if text is WORKFLOW:
        action = {"id": "say", "type": "message", "text": "other"}
        body = {"name": name, "trigger": {"on": "manual"}, "actions": [action]}
    return body | ({"team": things.team} if things.team else {})


def _json_of_secret(name: str) -> dict[str, Any]:
    return {"name": name, "source": {"env": "RUNBOOK_SECRET_OTHER"}, "hosts": ["db.example"]}


FIRST = {"If-Match": '"1"'}
TITLE = {"title": "Down", "severity": "low", "team": "data"}
PLAYS: dict[str, Play] = {
    "POST /api/incidents": Play(json=lambda things: TITLE),
    "GET /api/incidents": Play("incident", shown="incidents"),
    "GET /api/incidents/{id}": _of_incident(),
    "POST /api/incidents/{id}/acknowledge": _of_incident(),
    "POST /api/incidents/{id}/resolve": _of_incident(),
    "POST /api/incidents/{id}/close": _of_incident(),
    "POST /api/incidents/{id}/escalate": _of_incident(json=lambda things: {"severity": "critical"}),
    "GET /api/incidents/{id}/timeline": _of_incident(),
    "GET /api/incidents/{id}/export": _of_incident(),
    "POST /api/incidents/{id}/notes": _of_incident(json=lambda things: {"text": "hello"}),
    "POST /api/incidents/{id}/runbooks/{runbook_id}/execute": _of_incident(
        names=lambda things: {"runbook_id": things.newest or things.runbook()}
    ),
    "GET /api/incidents/{id}/runbooks/executions": _of_incident(),
    "GET /api/executions": Play("run", shown="executions"),
    "GET /api/runs": Play("run", shown="executions"),
    "GET /api/runbooks/executions/{execution_id}": Play("run"),
    "GET /api/runbooks/executions/{execution_id}/children": Play("run"),
    "POST /api/runbooks/executions/{execution_id}/cancel": Play("run"),
    "POST /api/runbooks/executions/{execution_id}/retry": Play("run"),
    "POST /api/runbooks/executions/{execution_id}/verdict": Play(
        "run_in_doubt", json=lambda things: {"verdict": "ran", "step": "pause", "attempt": 1}
    ),
    "POST /api/runbooks/executions/{execution_id}/input": Play(
        "run_asking", json=lambda things: {"values": {"host": "db-1"}, "step": "which"}
    ),
    "GET /api/runbooks": Play("runbook", shown="runbooks", can_be_global=True),
    "POST /api/runbooks": Play(json=lambda things: _json_of(things, things.new_name()), can_be_global=True),
    "GET /api/runbooks/{id}": _of_runbook(),
    "PUT /api/runbooks/{id}": _of_runbook(headers=FIRST),
    "DELETE /api/runbooks/{id}": _of_runbook(headers=FIRST),
    "GET /api/runbooks/{id}/versions": _of_runbook(),
    "GET /api/runbooks/{id}/executions": Play("runbook"),
    "GET /api/runbooks/{id}/analytics": _of_runbook(),
    "POST /api/runbooks/{id}/approve": _of_runbook(headers=FIRST, options={"approve": False}),
    "POST /api/runbooks/{id}/deprecate": _of_runbook(headers=FIRST),
    "POST /api/runbooks/{id}/rollback": _of_runbook(headers=FIRST, json=lambda things: {"version": 1}),
    "POST /api/runbooks/{id}/execute": Play(
        "runbook", json=lambda things: {"incident_id": things.incident()}
    ),
    "GET /api/workflows": Play("workflow", shown="workflows", can_be_global=True),
    "POST /api/workflows": Play(
        json=lambda things: _json_of(things, things.new_name(), WORKFLOW), can_be_global=True
    ),
    "GET /api/workflows/{id}": _of_workflow(),
    "PUT /api/workflows/{id}": _of_workflow(headers=FIRST),
    "DELETE /api/workflows/{id}": _of_workflow(headers=FIRST),
    "GET /api/workflows/{id}/versions": _of_workflow(),
    "GET /api/workflows/{id}/executions": Play("workflow"),
    "GET /api/workflows/{id}/analytics": _of_workflow(),
    "POST /api/workflows/{id}/rollback": _of_workflow(headers=FIRST, json=lambda things: {"version": 1}),
    "POST /api/workflows/{id}/approve": _of_workflow(headers=FIRST, options={"approve": False}),
    "POST /api/workflows/{id}/deprecate": _of_workflow(headers=FIRST),
    "POST /api/workflows/{id}/enable": _of_workflow(),
    "POST /api/workflows/{id}/disable": _of_workflow(),
    "POST /api/workflows/{id}/duplicate": _of_workflow(json=lambda things: {"name": things.new_name()}),
    "POST /api/workflows/{id}/execute": Play(
        "workflow", json=lambda things: {"incident_id": things.incident()}
    ),
    "GET /api/workflows/executions/{id}": Play("workflow_run"),
    "POST /api/workflows/executions/{id}/cancel": Play("workflow_run"),
    "POST /api/freezes": Play(
        json=lambda things: {"reason": "Look"} | ({"team": things.team} if things.team else {}),
        can_be_global=True,
    ),
    "GET /api/freezes": Play("freeze", shown="freezes", can_be_global=True),
    "GET /api/freezes/{id}": Play("freeze", can_be_global=True),
    "DELETE /api/freezes/{id}": Play("freeze", can_be_global=True),
    "GET /api/approvals": Play("gate", shown="approvals"),
    "POST /api/approvals/{id}/approve": Play("gate"),
    "POST /api/approvals/{id}/reject": Play("gate"),
    "GET /api/audit": Play("incident", shown="audit"),
    "POST /api/alerts/{vendor}": Play(
        json=lambda things: ALERT, names=lambda things: {"vendor": "alertmanager"}
    ),
    "GET /api/secrets": Play("secret", shown="secrets", is_closed=True),
    "POST /api/secrets": Play(json=lambda things: _json_of_secret("NEW"), is_closed=True),
    "GET /api/secrets/{id}": Play("secret", is_closed=True),
    "PUT /api/secrets/{id}": Play("secret", is_closed=True),
    "DELETE /api/secrets/{id}": Play("secret", is_closed=True),
    "GET /": Play("run", shown="page"),
    "GET /runs": Play("run", shown="page"),
    "GET /runs/{execution_id}": Play("run"),
    "GET /runs/{execution_id}/steps/{step}/{part}": Play(
        "run", names=lambda things: {"step": "pause", "part": "request"}
    ),
    "POST /runs/{execution_id}/cancel": Play("run", form=lambda things, known: {}),
    "POST /runs/{execution_id}/retry": Play("run", form=lambda things, known: {}),
    "POST /runs/{execution_id}/verdict": Play(
        "run_in_doubt", form=lambda things, known: {"verdict": "ran", "step": "pause", "attempt": "1"}
    ),
    "GET /approvals": Play("gate", shown="page"),
    "POST /approvals/{approval_id}/approve": Play("gate", form=lambda things, known: things.seen(known)),
    "POST /approvals/{approval_id}/reject": Play(
        "gate", form=lambda things, known: {"reason": "No.", **things.seen(known)}
    ),
    "GET /incidents": Play("incident", shown="page"),
    "GET /incidents/{id}": _of_incident(),
    "GET /incidents/{id}/report": _of_incident(),
    "GET /search": Play("incident", shown="page", query={"q": "orders down"}),
    "GET /runbooks": Play("runbook", shown="page", can_be_global=True),
    "GET /runbooks/{id}": _of_runbook(),
    "GET /runbooks/{id}/tests": _of_runbook(),
    "GET /runbooks/{id}/versions": _of_runbook(),
    "POST /runbooks/{id}/approve": _of_runbook(
        options={"approve": False}, form=lambda things, known: things.read(known, RUNBOOKS)
    ),
    "GET /workflows": Play("workflow", shown="page", can_be_global=True),
    "GET /workflows/{id}": _of_workflow(),
    "GET /workflows/{id}/versions": _of_workflow(),
    "POST /workflows/{id}/approve": _of_workflow(
        options={"approve": False}, form=lambda things, known: things.read(known, WORKFLOWS)
    ),
    "GET /workflows/executions/{id}": Play("workflow_run"),
    "GET /runbooks/{id}/edit": _of_runbook(),
    "POST /runbooks/{id}/edit": _of_runbook(form=lambda things, known: things.edited(known)),
    "POST /runbooks/{id}/check": _of_runbook(form=lambda things, known: things.edited(known)),
    "POST /new/runbook": Play(form=lambda things, _: things.edited(things.new_name()), can_be_global=True),
    "GET /workflows/{id}/edit": _of_workflow(),
    "POST /workflows/{id}/edit": _of_workflow(form=lambda things, known: things.edited(known, WORKFLOW)),
    "POST /workflows/{id}/check": _of_workflow(form=lambda things, known: things.edited(known, WORKFLOW)),
    "POST /new/workflow": Play(
        form=lambda things, _: things.edited(things.new_name(), WORKFLOW), can_be_global=True
    ),
    "GET /audit": Play("incident", shown="page"),
    "GET /audit/export": Play("incident", shown="page"),
}
# For whoever may write for some team, whichever: tests/attacks/test_library_pages.py plays them.
OF_WRITERS = {"GET /new/runbook", "POST /new/runbook/check", "GET /new/workflow", "POST /new/workflow/check"}
WITHOUT_A_TOKEN = {route for route, action in ROUTES.items() if not POLICY[action].needs}
SEEING = {
    "incident": Action.INCIDENT_READ,
    "run": Action.RUN_READ,
    "run_in_doubt": Action.RUN_READ,
    "run_asking": Action.RUN_READ,
    "workflow_run": Action.RUN_READ,
    "gate": Action.APPROVAL_READ,
    "freeze": Action.FREEZE_READ,
    "runbook": Action.DEFINITION_READ,
    "workflow": Action.DEFINITION_READ,
}


def routes_of(app: Any) -> set[str]:
    """`METHOD /address` of each that there is, whatever wraps the application."""
    while not isinstance(app, FastAPI):
        app = app._app
    return {
        f"{method} {context.path}"
        for context in iter_route_contexts(app.routes)
        for method in (context.methods or ())
        if method != "HEAD"
    }


def test_every_address_is_in_the_policy_and_the_policy_has_no_other(deployment: Deployment) -> None:
    assert routes_of(deployment.web) == set(ROUTES)


def test_every_action_has_a_rule() -> None:
    assert set(POLICY) == set(Action)


def test_every_address_is_played() -> None:
    assert set(PLAYS) | OF_WRITERS | WITHOUT_A_TOKEN == set(ROUTES)


def test_an_address_that_nobody_listed_is_found_and_refused_to_everybody(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What happens to who adds an address and forgets the policy: the build is red, and the address is shut."""
    forgotten = authenticated_router("/api/forgotten", "forgotten")
    forgotten.add_api_route("/all", lambda: {"everything": True}, methods=["GET"])
    monkeypatch.setattr(application, "ROUTERS", (*application.ROUTERS, forgotten))
    app = application.create_rest(deployment.unit_of_work, RestSettings())
    platform = deployment.rest(PLATFORM).headers["Authorization"]
    answer = TestClient(app).get("/api/forgotten/all", headers={"Authorization": platform})

    assert routes_of(app) - set(ROUTES) == {"GET /api/forgotten/all"}
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")


@dataclass(frozen=True)
class Actor:
    """Who tries, and what the policy says of them."""

    name: str
    person: Person
    client: TestClient


def actors(deployment: Deployment) -> list[Actor]:
    with deployment.unit_of_work.begin() as work:
        people = [load_person(work, who, source="rest") for who in PEOPLE]
        tokens = [
            create_service_token(work, OPERATOR, "robot", Grant(SERVICE_SCOPES, team), owner=PLATFORM)
            for team in SERVICES
        ] + [
            create_agent_token(work, OPERATOR, "triage", Grant(team=team), owner=PLATFORM)
            for team in SERVICES
        ]
    robots = [service_principal("robot", SERVICE_SCOPES, team) for team in SERVICES]
    agents = [agent_principal("triage", team, PLATFORM, AGENT_SCOPES) for team in SERVICES]
    return [
        *(Actor(person.slack_user_id, person, deployment.rest(person.slack_user_id)) for person in people),
        *(
            Actor(f"{robot.kind} of {team}", robot, deployment.carrying(token))
            for team, robot, token in zip(SERVICES * 2, robots + agents, tokens, strict=True)
        ),
    ]


@pytest.mark.parametrize("route", PLAYS)
def test_an_address_answers_each_role_as_the_policy_says(deployment: Deployment, route: str) -> None:
    """Who is refused changes nothing, and nor does who reads, so the next one finds the same thing."""
    play, wrong = PLAYS[route], []
    for team in ("data", None) if play.can_be_global else ("data",):
        things, known = Things(deployment, team), None
        for actor in actors(deployment):
            known = known or (getattr(things, play.thing)(**play.options) if play.thing else "")
            said = _try(things, route, play, actor, known)
            if said:
                wrong.append(f"{actor.name}, what is of {team}: {said}")
            if not route.startswith("GET ") and allows(actor.person, ROUTES[route], team):
                known = None
    assert wrong == []


def _try(things: Things, route: str, play: Play, actor: Actor, known: str) -> str:
    """What is wrong with the answer; nothing if it is right."""
    action = ROUTES[route]
    answer = _ask(things, route, play, actor, known)
    is_allowed = allows(actor.person, action, things.team)
    if play.is_closed and not is_allowed:
        return _opened(things, route, play, actor, known, answer)
    if play.shown:
        may_be_shut = "audit" in route or actor.person.kind is PrincipalKind.AGENT
        return _list_is_wrong(answer, play, known, is_allowed=is_allowed, may_be_shut=may_be_shut)
    if is_allowed:
        return (
            f"refused: {answer.text}" if answer.status_code in (*UNLISTED_STATUSES, *UNREAD_STATUSES) else ""
        )
    if not play.thing:
        return "" if answer.status_code in (403, 404, 422) else f"let in: {answer.status_code} {answer.text}"
    if sees(actor.person, SEEING[play.thing], things.team):
        return "" if answer.status_code == 403 else f"{answer.status_code}, not 403: {answer.text}"
    missing = NOWHERE[play.thing]
    alike = _ask(things, route, play, actor, missing)
    same = alike.text.replace(missing, known) == answer.text and alike.status_code == answer.status_code
    if actor.person.kind != "person" and answer.status_code == alike.status_code == 403:
        return ""  # what no service ever does is refused before anything is looked for
    return "" if answer.status_code == 404 and same else f"not 404 alike: {answer.text} / {alike.text}"


def _opened(things: Things, route: str, play: Play, actor: Actor, known: str, answer: Any) -> str:
    """What is wrong with a refusal that must be the same whether there is such a thing or not."""
    alike = _ask(things, route, play, actor, NOWHERE[play.thing]) if play.thing else answer
    same = (alike.status_code, alike.text) == (answer.status_code, answer.text)
    is_told = known and known in answer.text
    return "" if answer.status_code == 403 and same and not is_told else f"{answer.text} / {alike.text}"


def _ask(things: Things, route: str, play: Play, actor: Actor, known: str) -> Any:
    method, address = route.split(" ", 1)
    names = {**dict.fromkeys(("id", "execution_id", "approval_id"), known), **play.names(things)}
    options: dict[str, Any] = {"headers": play.headers} if play.headers else {}
    options |= {"params": play.query} if play.query else {}
    if method == "PUT" and play.thing == "secret":
        options["json"] = _json_of_secret(known)
    elif method == "PUT":
        options["json"] = _json_of(things, known, WORKFLOW if play.thing == "workflow" else None)
    elif play.form is not None:
        options |= {"data": play.form(things, known), "follow_redirects": False}
    elif method == "POST":
        options["json"] = play.json(things)
    return actor.client.request(method, address.format(**names), **options)


def _list_is_wrong(answer: Any, play: Play, known: str, *, is_allowed: bool, may_be_shut: bool) -> str:
    """What is wrong with a list. `may_be_shut`: who sees nothing of it may be refused, too."""
    if answer.status_code == 403 and may_be_shut:
        return "refused" if is_allowed else ""
    if answer.status_code != 200:
        return f"{answer.status_code}: {answer.text}"
    rows = [answer.text] if play.shown == "page" else answer.json()[play.shown]
    is_there = any(known in str(row) for row in rows)
    return "" if is_there == is_allowed else f"{known} {'is' if is_there else 'is not'} in the list"


@pytest.mark.parametrize("route", [*PLAYS, *sorted(OF_WRITERS)])
def test_an_address_takes_a_token_and_one_of_the_right_scope(deployment: Deployment, route: str) -> None:
    """The highest of all, with every scope but those; the body is not read, nor anything looked for."""
    needs = POLICY[ROUTES[route]].needs
    method, address = route.split(" ", 1)
    url = re.sub(r"\{\w+\}", "x", address.replace("{vendor}", "grafana"))
    with deployment.unit_of_work.begin() as work:
        token = create_token(work, OPERATOR, PLATFORM, "few", scopes=ALL_SCOPES - set(needs))
    stranger = TestClient(deployment.web, raise_server_exceptions=False)

    assert stranger.request(method, url).status_code == 401
    answer = deployment.carrying(token).request(method, url, content=b"{no json" if method != "GET" else None)
    assert answer.status_code == 403
    if route.split(" ")[1].startswith("/api"):
        assert answer.json()["code"] == "insufficient_scope"
        assert f'scope="{needs[0]}"' in answer.headers["WWW-Authenticate"]


def test_what_needs_no_token_tells_nothing_of_anybody(deployment: Deployment) -> None:
    stranger, secret = TestClient(deployment.web, raise_server_exceptions=False), "thing-of-data"
    deployment.incident("data", title=secret)

    for address in ("/healthz", "/readyz", "/metrics", "/api/openapi.json", "/problems/not_found"):
        answer = stranger.get(address)
        assert answer.status_code == 200
        assert secret not in answer.text
    assert stranger.post("/api/callbacks/rbx_0.step.c2lnbmVk").status_code == 404
    assert stranger.post("/slack/events", content=b"{}").status_code == 401
