"""Correctly signed requests from another workspace: a signature proves only that Slack sent them.

The attacker has the app in a workspace of their own, or is a guest in a channel that two workspaces share.
"""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
from starlette.testclient import TestClient

from bot.app import create_bolt_app
from core.decisions.installation import Workspace
from core.tables import Incident
from tests.acceptance.slack.conftest import NOBODY_LISTENS, ResponseUrl
from tests.acceptance.slack.requests import Slack, click_form, command_form, ours, signed_headers
from tests.attacks.deployment import DATA_CHANNEL, DATA_OPS, Deployment

Send = Callable[[str], Any]

GATED = """
kind: runbook
name: gated
steps:
  - {id: gate, type: approval}
"""
FOREIGN_COMMANDS: list[dict[str, str]] = [
    {"team_id": "T0EVIL"},
    {"team_id": ""},
    {"api_app_id": "A0EVIL"},
    {"api_app_id": ""},
    {"enterprise_id": "E0EVIL"},
]
FOREIGN_CLICKS: list[dict[str, Any]] = [
    {"team": {"id": "T0EVIL"}},
    {"team": {"id": "T0EVIL"}, "user": {"id": DATA_OPS, "team_id": "T0EVIL"}},
    {"team": None, "user": {"id": DATA_OPS, "team_id": "T0EVIL"}},
    {"team": None, "user": {"id": DATA_OPS}},
    {"user": {"id": DATA_OPS, "team_id": "T0EVIL"}},
    {"api_app_id": "A0EVIL"},
    {"api_app_id": None},
    {"enterprise": {"id": "E0EVIL"}},
]


@pytest.fixture(params=["http", "socket"])
def send(request: pytest.FixtureRequest, deployment: Deployment) -> Send:
    """Both ways in: `/slack/events`, and an envelope of Socket Mode, which is dispatched as it is."""

    def over_http(body: str) -> Any:
        return TestClient(deployment.web).post("/slack/events", content=body, headers=signed_headers(body))

    return over_http if request.param == "http" else deployment.slack.deliver


def changed_command(text: str, changes: dict[str, str]) -> str:
    form = parse_qs(command_form(DATA_OPS, DATA_CHANNEL, text, "trigger.1"))
    return urlencode({name: values[0] for name, values in form.items()} | changes)


def changed_click(deployment: Deployment, action_id: str, value: str, changes: dict[str, Any]) -> str:
    form = parse_qs(click_form(DATA_OPS, action_id, value, deployment.response_url))
    return urlencode({"payload": json.dumps(json.loads(form["payload"][0]) | changes)})


def status_of(deployment: Deployment, incident_id: str) -> str:
    with deployment.unit_of_work.begin() as work:
        return work.session.get_one(Incident, incident_id).status


@pytest.mark.parametrize("changes", FOREIGN_COMMANDS, ids=str)
def test_a_command_of_another_workspace_acknowledges_nothing(
    deployment: Deployment, send: Send, changes: dict[str, str]
) -> None:
    """Red before: the incident was acknowledged."""
    incident = deployment.incident("data")

    answer = send(changed_command("incident ack", changes))

    assert status_of(deployment, incident.id) == "open"
    said = answer.text if hasattr(answer, "text") else answer.body
    assert "different Slack" in said
    assert "inc-" not in said
    send(changed_command("incident ack", {}))
    assert status_of(deployment, incident.id) == "acknowledged"


@pytest.mark.parametrize("changes", FOREIGN_CLICKS, ids=str)
def test_a_click_of_another_workspace_cancels_nothing(
    deployment: Deployment, send: Send, response_url: ResponseUrl, changes: dict[str, Any]
) -> None:
    """Red before: the run was cancelled."""
    deployment.apply(GATED)
    incident = deployment.incident("data")
    run = (
        deployment.rest(DATA_OPS)
        .post(f"/api/incidents/{incident.id}/runbooks/gated/execute")
        .json()["execution"]["id"]
    )
    deployment.work()

    send(changed_click(deployment, "run.cancel", run, changes))

    assert "different Slack" in response_url.next_text()
    assert deployment.see(run).status == "waiting"
    send(changed_click(deployment, "run.cancel", run, {}))
    deployment.work()
    assert deployment.see(run).status == "cancelled"


def test_a_form_of_another_workspace_starts_nothing(deployment: Deployment, send: Send) -> None:
    """Red before: the form was read and taken for one of our own."""
    view = {
        "type": "modal",
        "callback_id": "run.form",
        "title": {"type": "plain_text", "text": "Run"},
        "private_metadata": "{}",
    }
    payload = {
        "type": "view_submission",
        "team": {"id": "T0EVIL"},
        "user": {"id": DATA_OPS, "team_id": "T0EVIL"},
        "api_app_id": "A1",
        "view": {**view, "state": {"values": {}}, "app_installed_team_id": "T0EVIL"},
    }

    answer = send(urlencode({"payload": json.dumps(payload)}))

    said = answer.text if hasattr(answer, "text") else answer.body
    assert json.loads(said)["response_action"] == "update"
    assert "different Slack" in said


def test_while_nobody_knows_the_workspace_nobody_is_heard(deployment: Deployment) -> None:
    """Red before: everybody was."""
    incident = deployment.incident("data")
    app = create_bolt_app(
        deployment.unit_of_work, workspace=Workspace, token="xoxb-1", api_url=NOBODY_LISTENS
    )

    said = Slack(app).types(DATA_OPS, DATA_CHANNEL, "incident ack")

    assert "does not know yet which Slack workspace" in said
    assert "SLACK_TEAM_ID" in said
    assert status_of(deployment, incident.id) == "open"


@pytest.mark.parametrize("api_url", ["https://slack.com/api/", "http://slack.example/api/"])
def test_what_a_person_is_told_goes_to_slack_alone(
    deployment: Deployment, response_url: ResponseUrl, api_url: str
) -> None:
    """Red before: we posted to whatever address the payload named."""
    app = create_bolt_app(deployment.unit_of_work, workspace=ours, token="xoxb-1", api_url=api_url)

    Slack(app, response_url.url).clicks(DATA_OPS, "run.cancel", "rbx_nowhere")
    deployment.slack.clicks(DATA_OPS, "run.retry", "rbx_elsewhere")

    assert "rbx_elsewhere" in response_url.next_text()
    assert response_url.said.empty()
