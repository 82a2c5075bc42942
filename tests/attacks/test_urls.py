"""Parameters that try to change the path or the host of the API that a step calls."""

from collections.abc import Iterator
from urllib.parse import quote, urlencode

import pytest

from core.errors import DefinitionError
from core.execution.executor import Executor
from tests.attacks.deployment import DATA_ADMIN, DATA_CHANNEL, DATA_OPS, Deployment
from tests.world import Target, new_executor, running_target, work_off


@pytest.fixture
def target() -> Iterator[Target]:
    with running_target() as target:
        yield target


def runbook(deployment: Deployment, url: str) -> None:
    deployment.apply(f"""
        kind: runbook
        name: call
        team: data
        parameters: {{type: object, required: [x], properties: {{x: {{type: string}}}}}}
        steps:
          - {{id: call, type: http, url: "{url}"}}
        """)


def run_by_rest(deployment: Deployment, x: str) -> None:
    incident = deployment.incident("data")
    path = f"/api/incidents/{incident.id}/runbooks/call/execute"
    assert deployment.rest(DATA_OPS).post(path, json={"parameters": {"x": x}}).status_code == 201


def run_by_slack(deployment: Deployment, x: str) -> None:
    deployment.incident("data")
    deployment.slack.types(DATA_OPS, DATA_CHANNEL, f'run call x="{x}"')


WAYS = pytest.mark.parametrize("run", [run_by_rest, run_by_slack])


@WAYS
@pytest.mark.parametrize("x", ["../admin", "..", ".", "a/../../admin", ""])
def test_a_parameter_does_not_climb(deployment: Deployment, target: Target, run: object, x: str) -> None:
    """Red before: `/admin` was called."""
    runbook(deployment, f"{target.url}/clusters/{{{{ params.x }}}}")
    assert callable(run)

    run(deployment, x)
    deployment.work()

    assert target.paths() == []


@WAYS
@pytest.mark.parametrize("x", ["a?drop=1", "a#b", "a/b", "a b", "a%2fb", "a\\b", "a&b=1"])
def test_a_parameter_is_one_segment(deployment: Deployment, target: Target, run: object, x: str) -> None:
    """Red before: what came behind `?`, `#` and `/` was a query, a fragment, another address."""
    runbook(deployment, f"{target.url}/clusters/{{{{ params.x }}}}/lag?of={{{{ params.x }}}}")
    assert callable(run)

    run(deployment, x)
    deployment.work()

    assert target.paths() == [
        f"/clusters/{quote(x, safe='')}/lag?{urlencode({'of': x}, quote_via=quote, safe='')}"
    ]


HOSTS = [
    "{{ params.x }}",
    "{{ params.x }}/clusters",
    "https://{{ params.x }}/clusters",
    "https://{{ params.x }}@api.example/",
    "https://api.example{{ params.x }}/clusters",
    "https://api.example:{{ params.x }}/",
    "{{ incident.labels.api }}/clusters",
]


@pytest.mark.parametrize("url", HOSTS)
def test_a_parameter_does_not_choose_the_host(deployment: Deployment, url: str) -> None:
    """Red before: the definition was taken, and its credentials went to whatever host the parameter named."""
    with pytest.raises(DefinitionError, match="would determine which host is called"):
        runbook(deployment, url)
    definition = {
        "kind": "runbook",
        "name": "call",
        "team": "data",
        "parameters": {"type": "object", "required": ["x"], "properties": {"x": {"type": "string"}}},
        "steps": [{"id": "call", "type": "http", "url": url}],
    }
    answer = deployment.rest(DATA_ADMIN).post("/api/runbooks", json=definition)
    assert answer.status_code == 422
    assert "would determine which host" in answer.text


def test_what_was_kept_before_is_checked_when_it_runs(deployment: Deployment, target: Target) -> None:
    """Red before: an approved definition of an older release called the host that its parameter named."""
    host, port = target.url.removeprefix("http://").split(":")
    runbook(deployment, f"http://api.example:{port}/clusters")
    with deployment.unit_of_work.begin() as work:
        for table in ("runbooks", "runbook_versions"):
            work.session.connection().exec_driver_sql(
                f"UPDATE {table} SET definition = replace(definition::text, 'api.example', '{{{{ params.x }}}}')::json"
            )
    run_by_rest(deployment, host)
    executor: Executor = new_executor(deployment.unit_of_work)
    work_off(deployment.unit_of_work, executor, deployment.jobs.enqueued)

    assert target.paths() == []


TICKETS = [
    'type: jira, site: "https://{{ incident.labels.site }}", token: t, project: OPS, summary: s',
    'type: linear, endpoint: "{{ incident.labels.site }}/graphql", token: t, team: t, title: s',
    'type: webhook, url: "https://{{ incident.labels.site }}/"',
    'type: webhook, url: https://a.example/, auth: {type: oauth2, token_url: "{{ incident.labels.site }}"}',
]


@pytest.mark.parametrize("fields", TICKETS)
def test_a_label_does_not_choose_where_credentials_go(deployment: Deployment, fields: str) -> None:
    """Red before: whoever labelled the incident was sent the token."""
    with pytest.raises(DefinitionError, match="would determine which host is called"):
        deployment.apply(
            f"{{kind: workflow, name: w, trigger: {{on: incident.created}}, actions: [{{id: a, {fields}}}]}}"
        )
