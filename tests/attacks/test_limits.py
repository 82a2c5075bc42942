"""Denial of service by somebody with a valid token or Slack account."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from slack_bolt import App
from sqlalchemy import event, func, select
from starlette.testclient import TestClient

from bot.app import create_bolt_app
from bot.limits import RestLimits, bucket
from bot.pages.links import RunLinks
from bot.pages.routes import PageSettings
from bot.rest.settings import RestSettings
from bot.web import create_web
from core.limits import Limits, Rate
from core.tables import IncidentEvent, Notice, WorkflowExecution
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.slack.conftest import NOBODY_LISTENS, ResponseUrl
from tests.acceptance.slack.requests import Slack, ours
from tests.attacks.deployment import (
    DATA_CHANNEL,
    DATA_OPS,
    PLATFORM,
    WEB_ADMIN,
    WEB_CHANNEL,
    WEB_OPS,
    Deployment,
)
from tests.unit.core.alerts.test_parsers import sample

NEVER = 0.001  # a second: none comes back while a test runs
FEW = Limits(
    requests_of_token=Rate(5, NEVER),
    requests_of_person=Rate(8, NEVER),
    bad_tokens_of_address=Rate(4, NEVER),
    commands_of_person=Rate(3, NEVER),
    clicks_of_person=Rate(3, NEVER),
    alerts_of_source=Rate(2, NEVER),
)
FLOOD = "\n---\n".join(
    f"""
kind: workflow
name: web-{number:03}
team: web
trigger: {{on: incident.escalated}}
actions: [{{id: say, type: message, text: hello}}]
"""
    for number in range(107)
)
FIRST = """
kind: workflow
name: zz-global
trigger: {on: incident.escalated}
actions: [{id: say, type: message, text: hello}]
"""
BY_HAND = """
kind: workflow
name: by-hand
team: web
trigger: {on: manual}
actions: [{id: say, type: message, text: hello}]
"""


@pytest.fixture
def slack(deployment: Deployment, response_url: ResponseUrl) -> Slack:
    app: App = create_bolt_app(
        deployment.unit_of_work,
        workspace=ours,
        token="xoxb-1",
        api_url=NOBODY_LISTENS,
        limits=FEW,
    )
    return Slack(app, response_url.url)


@pytest.fixture
def few(deployment: Deployment) -> Deployment:
    """The deployment behind REST of a few requests."""
    rest = RestSettings(limit=bucket(FEW.requests_of_token), limits=RestLimits(FEW))
    deployment.web = create_web(
        deployment.unit_of_work,
        slack=None,
        rest=rest,
        pages=PageSettings(RunLinks("", "")),
        newest_revision=None,
    )
    return deployment


@pytest.fixture
def statements(unit_of_work: UnitOfWorkFactory) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(unit_of_work.engine, "before_cursor_execute", note)
    yield seen
    event.remove(unit_of_work.engine, "before_cursor_execute", note)


def test_commands_in_slack(deployment: Deployment, slack: Slack) -> None:
    # red before: as many as one likes
    deployment.incident("web")
    said = [slack.types(WEB_OPS, WEB_CHANNEL, "status") for _ in range(4)]

    assert "You sent too many commands. Try again in" in said[3]
    assert not any("too many" in each for each in said[:3])
    assert "too many" not in slack.types(DATA_OPS, WEB_CHANNEL, "status")  # a limit is one person's
    for stop in ("cancel", "freeze web x"):
        assert "too many" not in slack.types(WEB_OPS, WEB_CHANNEL, stop)


def test_a_delivery_that_slack_repeats_counts_once(deployment: Deployment, slack: Slack) -> None:
    for _ in range(20):
        slack.types(WEB_OPS, WEB_CHANNEL, "status", trigger_id="the-same")

    assert "too many" not in slack.types(WEB_OPS, WEB_CHANNEL, "status")


def test_buttons_and_never_the_one_that_stops(
    deployment: Deployment, slack: Slack, response_url: ResponseUrl
) -> None:
    # red before: as many as one likes
    for number in range(4):
        slack.clicks(WEB_OPS, "approval.approve", f"apr_{number}")
    said = [response_url.next_text() for _ in range(4)]
    assert sum("You clicked too often. Try again in" in each for each in said) == 1

    for number in range(4):
        slack.clicks(WEB_OPS, "run.cancel", f"rbx_{number}")
    assert all("There is no execution" in response_url.next_text() for _ in range(4))


def test_forms_are_counted_with_commands_and_refused_in_their_place(
    deployment: Deployment, slack: Slack
) -> None:
    # red before: as many as one likes
    for number in range(3):
        slack.types(WEB_OPS, WEB_CHANNEL, "status", trigger_id=f"t{number}")
    view = {
        "id": "V1", "type": "modal", "callback_id": "run.form", "private_metadata": "{}",
        "title": {"type": "plain_text", "text": "hello"}, "state": {"values": {}},
    }  # fmt: skip
    payload = {"type": "view_submission", "user": {"id": WEB_OPS}, "team": {"id": "T1"}, "view": view}
    form = urlencode({"payload": json.dumps(payload | {"api_app_id": "A1", "trigger_id": "form"})})

    answer = slack.deliver(form)

    assert answer.status == 200
    body = json.loads(answer.body)
    assert body["response_action"] == "update"
    assert "too many commands" in json.dumps(body)


def test_the_requests_of_a_token_and_never_a_cancel(few: Deployment) -> None:
    client = few.rest(WEB_OPS)
    codes = [client.get("/api/runbooks").status_code for _ in range(6)]

    assert codes == [200] * 5 + [429]
    refused = client.get("/api/runbooks")
    assert "This token made too many requests. Try again in" in refused.json()["detail"]
    assert int(refused.headers["Retry-After"]) > 0
    for kind in ("runbooks", "workflows"):
        assert client.post(f"/api/{kind}/executions/rbx_1/cancel").status_code != 429


def test_a_person_of_many_tokens_is_one_person(few: Deployment) -> None:
    # red before: each token had its own
    codes = []
    for _ in range(3):
        few._clients.clear()
        codes += [few.rest(WEB_OPS).get("/api/runbooks").status_code for _ in range(4)]

    assert codes == [200] * 8 + [429] * 4


def test_bad_tokens_do_not_reach_the_database(few: Deployment, statements: list[str]) -> None:
    # red before: each was looked for, as fast as they came
    good = few.rest(WEB_OPS)
    assert good.get("/api/runbooks").status_code == 200
    bad = TestClient(few.web, headers={"Authorization": "Bearer rbt_guess"})
    codes = [bad.get("/api/runbooks").status_code for _ in range(4)]
    statements.clear()

    refused = bad.get("/api/runbooks")
    page = bad.get("/runs/rbx_1")

    assert codes == [401] * 4
    assert refused.status_code == page.status_code == 429
    assert "Too many bad tokens came from this address" in refused.json()["detail"]
    assert statements == []
    assert good.get("/api/runbooks").status_code == 200  # many may be behind one address


def test_the_alerts_of_a_source(few: Deployment) -> None:
    # red before: no limit of their own
    client = few.rest(WEB_OPS)
    answers = [client.post("/api/alerts/datadog?team=web", json=sample("datadog")) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert "This source sent too many alerts. Try again in" in answers[2].json()["detail"]


def test_the_incidents_that_people_open_for_a_team(deployment: Deployment) -> None:
    # red before: as many as one likes, each with a channel in Slack
    client = deployment.rest(WEB_OPS)
    body = {"title": "x", "severity": "low", "team": "web"}
    codes = [client.post("/api/incidents", json=body).status_code for _ in range(60)]
    refused = client.post("/api/incidents", json=body)

    assert set(codes) == {201}
    assert refused.status_code == 429
    assert "Team web opened 60 incidents in the last minute. Try again in" in refused.json()["detail"]
    assert "Try again in" in deployment.slack.types(WEB_OPS, WEB_CHANNEL, "incident open one more")
    assert "is open" in deployment.slack.types(DATA_OPS, DATA_CHANNEL, "incident open theirs")


def test_one_event_does_not_start_a_hundred_workflows(deployment: Deployment) -> None:
    # red before: 108 workflow executions
    deployment.apply(f"{FLOOD}\n---\n{FIRST}")
    incident = deployment.incident("web", severity="low")

    deployment.rest(WEB_ADMIN).post(f"/api/incidents/{incident.id}/escalate", json={"severity": "high"})

    with deployment.unit_of_work.begin() as work:
        names = list(work.session.scalars(select(WorkflowExecution.workflow_name)))
        notice = work.session.scalars(select(Notice).where(Notice.subject_id == incident.id)).all()
        told = [row.content["text"] for row in notice if row.kind == "message"]
        left = work.session.scalars(
            select(IncidentEvent).where(IncidentEvent.type == "workflow.not_started")
        ).one()
    assert len(names) == 25
    assert "zz-global" in names  # no team crowds out what is global
    assert len(told) == 1
    assert "83 workflows were not started: web-024," in told[0]
    assert left.details["count"] == 83


def test_many_events_of_one_incident_neither(deployment: Deployment) -> None:
    # red before: 25 for each event
    deployment.apply(FLOOD)
    incident = deployment.incident("web", severity="info")
    for severity in ("low", "medium", "high", "critical"):
        deployment.rest(WEB_ADMIN).post(f"/api/incidents/{incident.id}/escalate", json={"severity": severity})

    with deployment.unit_of_work.begin() as work:
        assert work.session.scalar(select(func.count()).select_from(WorkflowExecution)) == 60
        told = select(func.count()).where(Notice.subject_id == incident.id, Notice.kind == "message")
        assert work.session.scalar(told) in (1, 2)  # two, where a minute ends in between


def test_by_hand_it_is_refused(deployment: Deployment) -> None:
    # red before: as many as one likes
    deployment.apply(f"{FLOOD}\n---\n{BY_HAND}")
    incident = deployment.incident("web", severity="info")
    for severity in ("low", "medium", "high"):
        deployment.rest(WEB_ADMIN).post(f"/api/incidents/{incident.id}/escalate", json={"severity": severity})

    refused = deployment.rest(PLATFORM).post(
        "/api/workflows/by-hand/execute", json={"incident_id": incident.id}
    )

    assert refused.status_code == 429
    assert "workflows" in refused.json()["detail"]
    assert "Try again in" in deployment.slack.types(WEB_OPS, WEB_CHANNEL, "workflow run by-hand")
