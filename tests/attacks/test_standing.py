"""Guests, people of other workspaces and people who left try to use what a team's document still gives them."""

from typing import Any

import pytest

from core.decisions.people import Person
from core.errors import RunbookError
from core.services.access.directory import next_people, note_standing
from core.services.access.people import find_team, members_of
from core.services.access.tokens import Grant, create_service_token
from core.statuses import Standing, TokenScope
from core.views.executions import ApprovalView
from tests.acceptance.slack.starting import hears
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


def user_change(person: str, **sent: Any) -> dict[str, Any]:
    """The body of a `user_change`: https://docs.slack.dev/reference/events/user_change."""
    user = {"id": person, "team_id": "T1", "deleted": True}
    return {
        "type": "event_callback",
        "team_id": "T1",
        "api_app_id": "A1",
        "event_id": "Ev1",
        "event": {"type": "user_change", "user": user, "event_ts": "1.1"},
        "authorizations": [{"enterprise_id": None, "team_id": "T1", "user_id": "U0BOT", "is_bot": True}],
        **sent,
    }


def test_who_is_deactivated_can_do_nothing_from_that_moment(deployment: Deployment) -> None:
    deployment.incident()
    assert set(deployment.unit_of_work.run(next_people)) >= {DATA_OPS}
    hears(deployment.slack, user_change(DATA_OPS))
    assert SAID[Standing.DEACTIVATED] in deployment.slack.types(DATA_OPS, DATA_CHANNEL, "list")


@pytest.mark.parametrize(
    "forged", [{"api_app_id": "A2"}, {"team_id": "T2", "authorizations": []}], ids=["app", "workspace"]
)
def test_another_app_or_workspace_deactivates_nobody(deployment: Deployment, forged: dict[str, Any]) -> None:
    deployment.incident()
    deployment.unit_of_work.run(next_people)
    hears(deployment.slack, user_change(DATA_OPS, **forged))
    assert SAID[Standing.DEACTIVATED] not in deployment.slack.types(DATA_OPS, DATA_CHANNEL, "list")
