"""Guests, people of other workspaces and people who left try to use what a team's document still gives them."""

import pytest

from core.decisions.people import Person
from core.errors import RunbookError
from core.services.access.directory import note_standing
from core.services.access.people import find_team, members_of
from core.services.access.tokens import Grant, create_service_token
from core.statuses import Standing, TokenScope
from core.views.executions import ApprovalView
from tests.attacks.deployment import DATA_ADMIN, DATA_CHANNEL, DATA_OPS, PLATFORM, Deployment

GATED = """
kind: runbook
name: gated
team: data
steps:
  - {id: gate, type: approval}
  - {id: say, type: message, text: done}
"""
SAID = {
    Standing.GUEST: "You are a guest in this Slack workspace, and guests cannot use this service.",
    Standing.EXTERNAL: "You belong to a different Slack workspace than this service, so you cannot use it.",
    Standing.DEACTIVATED: "Your Slack account is deactivated, so you cannot use this service.",
    Standing.APP: "You are an app, and only people can do this.",
}


def slack_says(deployment: Deployment, person: str, standing: Standing) -> None:
    with deployment.unit_of_work.begin() as work:
        note_standing(work, person, standing)


@pytest.mark.parametrize("standing", SAID)
@pytest.mark.parametrize("person", [DATA_OPS, DATA_ADMIN, PLATFORM])
def test_who_is_barred_can_do_nothing_by_any_way_and_is_told_why(
    deployment: Deployment, person: str, standing: Standing
) -> None:
    deployment.apply(GATED)
    deployment.incident()
    client = deployment.rest(person)
    assert client.get("/api/runbooks").status_code == 200
    slack_says(deployment, person, standing)
    assert SAID[standing] in deployment.slack.types(person, DATA_CHANNEL, "list")
    assert SAID[standing] in deployment.slack.types(person, DATA_CHANNEL, "run gated")
    answer = client.get("/api/runbooks")
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    assert SAID[standing] in answer.json()["detail"]
    slack_says(deployment, person, Standing.MEMBER)
    assert client.get("/api/runbooks").status_code == 200


def gate_of(deployment: Deployment, run_id: str) -> ApprovalView:
    approval = deployment.see(run_id).approval
    assert approval is not None
    return approval


def test_a_gate_does_not_count_on_who_is_barred(deployment: Deployment) -> None:
    deployment.apply(GATED)
    deployment.incident()
    deployment.slack.types(DATA_OPS, DATA_CHANNEL, "run gated")
    deployment.work()
    run_id = deployment.rest(PLATFORM).get("/api/executions").json()["executions"][0]["id"]
    assert gate_of(deployment, run_id).people == [DATA_ADMIN]
    slack_says(deployment, DATA_ADMIN, Standing.DEACTIVATED)
    approval = gate_of(deployment, run_id)
    assert approval.people == []
    assert approval.nobody_left
    answer = deployment.slack.clicks(DATA_ADMIN, "approval.approve", approval.id)
    assert answer.status == 200
    assert gate_of(deployment, run_id).decisions == []


def test_who_is_barred_is_not_invited_and_owns_no_service(deployment: Deployment) -> None:
    slack_says(deployment, DATA_OPS, Standing.GUEST)
    with deployment.unit_of_work.begin() as work:
        assert members_of(work, find_team(work, "data").id) == [DATA_ADMIN]
        operator = Person(PLATFORM, is_platform_admin=True, source="test")
        grant = Grant(frozenset({TokenScope.READ, TokenScope.RUN}), "data")
        with pytest.raises(RunbookError, match="is not a responder"):
            create_service_token(work, operator, "robot", grant, owner=DATA_OPS)
