"""Workflows and runbooks that start themselves through our REST API, where each call looked like a new request."""

import threading
from dataclasses import dataclass
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from core.execution.executor import Executor
from core.execution.preparation import Ports
from core.io.http import HttpRequest
from core.io.response import HttpResponse
from core.origins import HEADER, Origin, Origins
from core.services.executions.kinds import KINDS
from core.services.starts.workflow_starts import TOO_DEEP
from core.tables import Incident, RunbookExecution, WorkflowExecution
from tests.acceptance.slack.requests import SECRET
from tests.attacks.deployment import DATA_ADMIN, DATA_OPS, PLATFORM, Deployment
from tests.world import secrets_of

PATIENCE = 30  # runs: a loop has no end
MOST = 7  # of a chain: depths 0 to 5, and the one that says that it is too deep


@dataclass
class OurOwnRest:
    """The way outside, which leads back to ourselves."""

    web: TestClient

    def call(self, request: HttpRequest, limit: timedelta, stop: threading.Event) -> HttpResponse:
        answer = self.web.request(
            request.method, request.url, headers=dict(request.headers), content=request.content
        )
        return HttpResponse(answer.status_code, {}, answer.text, answer.json(), truncated=False)

    def close(self) -> None:
        """Nothing is kept."""


def work(deployment: Deployment) -> int:
    """Run enqueued jobs until none is left, or until nobody would wait any longer. Returns how many there were."""
    http = OurOwnRest(TestClient(deployment.web, raise_server_exceptions=False))
    ports = Ports(http, None, secrets_of(deployment.unit_of_work, {}), origins=Origins(SECRET))
    executor, done = Executor(deployment.unit_of_work, ports, "worker-1"), 0
    while deployment.jobs.enqueued and done < PATIENCE:
        kind, execution_id = deployment.jobs.enqueued.pop(0)
        executor.run(KINDS[kind], execution_id)
        done += 1
    return done


def workflow(
    deployment: Deployment, url: str, body: str, *, on: str = "incident.created", header: str = ""
) -> None:
    token = deployment.rest(DATA_OPS).headers["Authorization"]
    deployment.apply(f"""
        kind: workflow
        name: again
        team: data
        trigger: {{on: {on}}}
        actions:
          - id: again
            type: webhook
            url: {url}
            headers: {{Authorization: "{token}"{header}}}
            json: {body}
        """)


OPEN_ANOTHER = "{title: Again, team: data, severity: high}"


@pytest.mark.parametrize("header", ["", ', runbook-origin: ""', ', RUNBOOK-ORIGIN: "wfx_1;depth=0;by=x"'])
def test_a_workflow_that_opens_the_incident_that_starts_it_comes_to_an_end(
    deployment: Deployment, header: str
) -> None:
    """Red before: an incident a run, for ever; also where the definition writes the header itself."""
    workflow(deployment, "http://ours.example/api/incidents", OPEN_ANOTHER, header=header)
    deployment.rest(DATA_ADMIN).post(
        "/api/incidents", json={"title": "First", "team": "data", "severity": "high"}
    )

    assert work(deployment) < PATIENCE

    with deployment.unit_of_work.begin() as found:
        assert found.session.query(Incident).count() == MOST
        errors = [
            row.error for row in found.session.query(WorkflowExecution).order_by(WorkflowExecution.created_at)
        ]
    assert errors == [None] * (MOST - 1) + [TOO_DEEP]


def test_an_alert_that_a_webhook_sends_does_not_begin_anew(deployment: Deployment) -> None:
    """Red before: the alert's incident was of depth 0."""
    alert = '{cycle_key: "{{ incident.id }}", transition: Triggered, title: Again, tags: "team:data"}'
    workflow(deployment, "http://ours.example/api/alerts/datadog", alert)
    deployment.incident("data")

    assert work(deployment) < PATIENCE
    with deployment.unit_of_work.begin() as found:
        assert found.session.query(Incident).count() == MOST


def test_a_runbook_that_runs_itself_comes_to_an_end(deployment: Deployment) -> None:
    """Red before: a run a run, for ever."""
    incident = deployment.incident("data")
    token = deployment.rest(DATA_OPS).headers["Authorization"]
    deployment.apply(f"""
        kind: runbook
        name: again
        team: data
        steps:
          - id: again
            type: http
            method: POST
            url: http://ours.example/api/incidents/{incident.id}/runbooks/again/execute
            headers: {{Authorization: "{token}"}}
            json: {{}}
        """)
    deployment.rest(DATA_OPS).post(f"/api/incidents/{incident.id}/runbooks/again/execute", json={})

    assert work(deployment) < PATIENCE

    with deployment.unit_of_work.begin() as found:
        runs = found.session.query(RunbookExecution).order_by(RunbookExecution.created_at).all()
        assert [(run.depth, run.status) for run in runs] == [
            *((depth, "succeeded") for depth in range(5)),
            (5, "failed"),
        ]


def test_a_run_that_a_workflow_started_is_as_deep_as_its_workflow(deployment: Deployment) -> None:
    """Red before: a runbook between the workflow and the call hid the workflow."""
    token = deployment.rest(DATA_OPS).headers["Authorization"]
    deployment.apply(f"""
        kind: runbook
        name: opens
        team: data
        steps:
          - id: again
            type: http
            method: POST
            url: http://ours.example/api/incidents
            headers: {{Authorization: "{token}"}}
            json: {OPEN_ANOTHER}
        ---
        kind: workflow
        name: again
        team: data
        trigger: {{on: incident.created}}
        actions:
          - {{id: open, type: runbook, runbook: opens}}
        """)
    deployment.incident("data")

    assert work(deployment) < PATIENCE
    with deployment.unit_of_work.begin() as found:
        assert found.session.query(Incident).count() == MOST


def test_nobody_makes_an_origin_up(deployment: Deployment) -> None:
    """A stranger's header stops nothing, and hides nothing."""
    made_up = Origins("another secret").headers(Origin("wfx_1", 99))
    ours = Origins(SECRET).headers(Origin("wfx_1", 99))
    changed = {HEADER: ours[HEADER].replace("depth=99", "depth=0")}
    incident = deployment.incident("data")
    deployment.apply("{kind: runbook, name: gated, steps: [{id: gate, type: approval}]}")

    path = f"/api/incidents/{incident.id}/runbooks/gated/execute"
    for header, status in ((made_up, 201), (changed, 201), ({HEADER: "é" * 9999}, 201), (ours, 409)):
        encoded = {name.encode(): value.encode() for name, value in header.items()}
        assert deployment.rest(PLATFORM).post(path, json={}, headers=encoded).status_code == status
