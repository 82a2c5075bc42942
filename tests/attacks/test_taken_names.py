"""Writing reveals nothing about other teams' objects: neither a taken name nor a team's name does."""

from typing import Any

import pytest

from tests.attacks.deployment import DATA_ADMIN, DATA_CHANNEL, DATA_OPS, PLATFORM, WEB_ADMIN, Deployment

SAY = {"id": "say", "type": "message", "text": "x"}
GHOST = "ghost"


def runbook(name: str, team: str | None) -> dict[str, Any]:
    owner = {"team": team} if team else {}
    return {"kind": "runbook", "name": name, **owner, "steps": [SAY]}


def workflow(name: str, team: str | None) -> dict[str, Any]:
    owner = {"team": team} if team else {}
    return {"kind": "workflow", "name": name, **owner, "trigger": {"on": "manual"}, "actions": [SAY]}


OWNERS = {"db-own": ("data", DATA_ADMIN), "web-own": ("web", WEB_ADMIN), "of-all": (None, PLATFORM)}


# Red before: the sentence said "Change it", of what the writer may not even see.
@pytest.mark.parametrize(
    ("document", "way"), [(runbook, "post"), (workflow, "post"), (workflow, "duplicate")]
)
def test_a_taken_name_is_refused_alike_whoever_has_it(
    deployment: Deployment, document: Any, way: str
) -> None:
    kind = document("x", None)["kind"]
    answers = []
    client = deployment.rest(DATA_ADMIN)
    client.post(f"/api/{kind}s", json=document("source", "data"))
    for name, (team, owner) in OWNERS.items():
        assert deployment.rest(owner).post(f"/api/{kind}s", json=document(name, team)).status_code == 201
        if way == "post":
            answer = client.post(f"/api/{kind}s", json=document(name, "data"))
        else:
            answer = client.post(f"/api/{kind}s/source/duplicate", json={"name": name})
        answers.append((answer.status_code, answer.text.replace(name, "NAME")))
    assert len(set(answers)) == 1
    assert answers[0][0] == 409
    assert "web" not in answers[0][1]
    assert "Change it" not in answers[0][1]


def alike(answers: list[Any], *names: str) -> None:
    """The answers differ in nothing but the name that was sent."""
    said = []
    for answer, name in zip(answers, names, strict=True):
        said.append((answer.status_code, answer.text.replace(name, "NAME")))
    assert len(set(said)) == 1, said


@pytest.mark.parametrize("document", [runbook, workflow])
def test_a_definition_for_a_foreign_team_and_for_none_are_refused_alike(
    deployment: Deployment, document: Any
) -> None:
    client = deployment.rest(DATA_ADMIN)
    kind = document("x", None)["kind"]
    client.post(f"/api/{kind}s", json=document("mine", "data"))
    teams = ("web", GHOST)
    alike([client.post(f"/api/{kind}s", json=document("new", team)) for team in teams], *teams)
    alike([client.put(f"/api/{kind}s/mine", json=document("mine", team)) for team in teams], *teams)


# Red before: 403 for a team that there is, 422 for one that there is not.
@pytest.mark.parametrize("person", [DATA_ADMIN, DATA_OPS])
def test_an_incident_of_a_foreign_team_and_of_none_are_refused_alike(
    deployment: Deployment, person: str
) -> None:
    client, teams = deployment.rest(person), ("web", GHOST)
    alike([client.post("/api/incidents", json={"title": "x", "team": team}) for team in teams], *teams)
    said = [
        deployment.slack.types(person, DATA_CHANNEL, f"incident open x team={team}").replace(team, "NAME")
        for team in teams
    ]
    assert len(set(said)) == 1
    alike([client.get("/api/incidents", params={"team": team}) for team in teams], *teams)
    alike([client.get("/api/runbooks", params={"team": team}) for team in teams], *teams)


# Red before: 403 for a team that there is, 422 for one that there is not; a resolved one was ignored for the former.
@pytest.mark.parametrize("status", ["firing", "resolved"])
def test_an_alert_for_a_foreign_team_and_for_none_are_refused_alike(
    deployment: Deployment, status: str
) -> None:
    client, teams = deployment.rest(DATA_OPS), ("web", GHOST)
    alert = {"status": status, "labels": {"alertname": "Down"}, "fingerprint": "f1"}
    body = {"status": status, "groupKey": "g", "alerts": [alert], "commonLabels": {"alertname": "Down"}}
    answers = [client.post("/api/alerts/alertmanager", params={"team": team}, json=body) for team in teams]
    alike(answers, *teams)
    assert answers[0].status_code == 403


# Red before: Slack froze "team web" for a team's name, and everything for a word that is none.
def test_a_freeze_does_not_tell_which_word_is_a_team(deployment: Deployment) -> None:
    said = {
        deployment.slack.types(DATA_ADMIN, DATA_CHANNEL, f"freeze {word} because") for word in ("web", GHOST)
    }
    assert len(said) == 1
    answers = [
        deployment.rest(DATA_ADMIN).post("/api/freezes", json={"team": team, "reason": "x"})
        for team in ("web", GHOST)
    ]
    alike(answers, "web", GHOST)


def test_the_nearest_names_are_ones_that_the_person_may_see(deployment: Deployment) -> None:
    for name, (team, owner) in OWNERS.items():
        deployment.rest(owner).post("/api/runbooks", json=runbook(name, team))
        deployment.rest(owner).post("/api/workflows", json=workflow(name, team))
    for kind in ("runbooks", "workflows"):
        alike(
            [deployment.rest(DATA_ADMIN).get(f"/api/{kind}/{name}") for name in ("web-own", "web-owm")],
            "web-own", "web-owm",
        )  # fmt: skip
    for typed in ("show", "run", "workflow show", "approve", "history"):
        said = deployment.slack.types(DATA_ADMIN, DATA_CHANNEL, f"{typed} web-owm")
        assert "web-own" not in said
    assert "web-own" not in deployment.slack.types(DATA_ADMIN, DATA_CHANNEL, "web-owm")
