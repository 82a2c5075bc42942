"""A member of team web tries to act through the incident channel of team data."""

import threading
from typing import Any

import pytest
from starlette.testclient import TestClient

from core.services.incidents.opening import bind_channel
from core.tables import Incident
from tests.attacks.deployment import (
    DATA_ADMIN,
    DATA_CHANNEL,
    DATA_OPS,
    PLATFORM,
    TEAMS,
    WEB_ADMIN,
    WEB_OPS,
    Deployment,
)

DECLARED = TEAMS.replace("name: data\n", "name: data\nchannels: [C0DATA, C0DATAGENERAL]\n")


def opens(client: TestClient, team: str, channel: str) -> Any:
    body = {"title": "Mine", "severity": "low", "team": team, "slack_channel": channel}
    return client.post("/api/incidents", json=body)


def test_an_incident_of_web_does_not_take_over_datas_incident_channel(deployment: Deployment) -> None:
    # red before: 201, and `incident show` in data's channel showed web's incident
    incident = deployment.incident("data")

    answer = opens(deployment.rest(WEB_OPS), "web", DATA_CHANNEL)

    assert answer.status_code == 403
    assert "data" not in answer.json()["detail"].replace(DATA_CHANNEL, "")
    assert f"inc-{incident.number}" not in answer.text
    assert f"inc-{incident.number}" in deployment.slack.types(DATA_OPS, DATA_CHANNEL, "incident show")


def test_in_slack_nobody_names_a_channel_to_take(deployment: Deployment) -> None:
    deployment.incident("data", title="Orders down")

    deployment.slack.types(WEB_OPS, DATA_CHANNEL, f"incident open Mine slack_channel={DATA_CHANNEL}")
    deployment.slack.types(WEB_OPS, "C0ELSE", f"incident open Mine slack_channel=<#{DATA_CHANNEL}|data>")

    assert "Orders down" in deployment.slack.types(DATA_OPS, DATA_CHANNEL, "incident show")
    assert "Mine" not in deployment.slack.types(WEB_OPS, DATA_CHANNEL, "incident show")


def test_ones_own_team_hears_which_incident_has_the_channel(deployment: Deployment) -> None:
    # red before: 201; commands went to the newer one
    incident = deployment.incident("data")

    answer = opens(deployment.rest(DATA_OPS), "data", DATA_CHANNEL)

    assert answer.status_code == 409
    assert f"inc-{incident.number}" in answer.json()["detail"]


def test_two_at_the_same_moment_do_not_both_get_it(deployment: Deployment) -> None:
    # red before: two incidents in one channel
    clients = [deployment.rest(DATA_OPS), deployment.rest(DATA_ADMIN)]
    codes: list[int] = []
    both = [
        threading.Thread(target=lambda c=client: codes.append(opens(c, "data", "C0NEW").status_code))
        for client in clients
    ]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()

    assert sorted(codes) == [201, 409]


def test_the_same_request_again_is_no_second_incident(deployment: Deployment) -> None:
    body = {"title": "Mine", "severity": "low", "team": "data", "slack_channel": DATA_CHANNEL}
    key = {"Idempotency-Key": "once"}

    codes = [
        deployment.rest(DATA_OPS).post("/api/incidents", json=body, headers=key).status_code for _ in "ab"
    ]

    assert codes == [201, 201]


def test_a_closed_incident_leaves_its_channel_to_its_team_alone(deployment: Deployment) -> None:
    # red before: 201 for web
    incident = deployment.incident("data")
    deployment.rest(DATA_OPS).post(f"/api/incidents/{incident.id}/close")

    assert opens(deployment.rest(WEB_OPS), "web", DATA_CHANNEL).status_code == 403
    assert opens(deployment.rest(DATA_OPS), "data", DATA_CHANNEL).status_code == 201


def test_a_declared_channel_is_its_teams(deployment: Deployment) -> None:
    # red before: 201 for web
    deployment.apply(DECLARED)

    taken = opens(deployment.rest(WEB_ADMIN), "web", "C0DATAGENERAL")

    assert taken.status_code == 403
    assert taken.json()["field"] == "slack_channel"
    assert opens(deployment.rest(PLATFORM), "web", "C0DATAGENERAL").status_code == 403
    assert opens(deployment.rest(DATA_OPS), "data", "C0DATAGENERAL").status_code == 201


def test_a_refusal_is_alike_whyever_it_is_not_webs(deployment: Deployment) -> None:
    """Whether somebody declares it, had it, or has it now is not to be learned."""
    deployment.apply(DECLARED)
    deployment.incident("data")
    closed = deployment.incident("data", slack_channel="C0PAST")
    deployment.rest(DATA_OPS).post(f"/api/incidents/{closed.id}/close")

    channels = ("C0DATA", "C0PAST", "C0DATAGENERAL")
    answers = {channel: opens(deployment.rest(WEB_OPS), "web", channel) for channel in channels}

    assert len({(a.status_code, a.text.replace(c, "CHANNEL")) for c, a in answers.items()}) == 1


def test_the_channel_that_we_made_is_not_snatched_before_it_is_bound(deployment: Deployment) -> None:
    """Its id is to be seen in Slack a second before it is bound."""
    # red before: web's incident kept data's new channel, and commands there were for it
    incident = deployment.incident("data", slack_channel=None)
    stolen = opens(deployment.rest(WEB_OPS), "web", "C0MADE").json()["incident"]

    with deployment.unit_of_work.begin() as work:
        bind_channel(work, incident.id, "C0MADE", work.now)
        bind_channel(work, incident.id, "C0MADE", work.now)

    with deployment.unit_of_work.begin() as work:
        assert work.session.get_one(Incident, incident.id).slack_channel == "C0MADE"
        assert work.session.get_one(Incident, stolen["id"]).slack_channel is None


@pytest.mark.parametrize(
    "typed", ["cancel", "status", "incident ack", "incident show", "note x", "run hello"]
)
def test_in_datas_channel_web_learns_nothing_of_what_runs_there(deployment: Deployment, typed: str) -> None:
    """Whose channel it is stands on the incident's card there, and no more than that is said."""
    # red before: `cancel` listed data's runs by id and runbook
    deployment.apply("""
        kind: runbook
        name: hello
        steps: [{id: gate, type: approval}]
        ---
        kind: runbook
        name: data-secret
        team: data
        steps: [{id: gate, type: approval}]
        """)
    deployment.incident("data", title="Orders down")
    for runbook in ("data-secret", "hello"):
        deployment.slack.types(DATA_OPS, DATA_CHANNEL, f"run {runbook}")

    said = deployment.slack.types(WEB_OPS, DATA_CHANNEL, typed)

    assert "⛔" in said or "⚠️" in said
    assert not [word for word in ("data-secret", "rbx_", "Orders", DATA_OPS) if word in said]
