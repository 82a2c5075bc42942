"""A runbook that asks before it starts (`confirm: true`), and one whose choices come from outside."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from bot.app import create_bolt_app
from core.effects.choices import ChoiceFetcher
from core.execution.preparation import Ports
from core.io.egress import EgressPolicy
from core.io.http import HttpCaller
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.slack.conftest import ResponseUrl
from tests.acceptance.slack.fake_api import FakeApi, running_api
from tests.acceptance.slack.requests import Slack, ours
from tests.acceptance.slack.starting import types
from tests.acceptance.slack.test_run_form import elements, submits
from tests.acceptance.slack.world import WAIT, add_runbook, executions
from tests.world import Target, running_target, secrets_of

ASKING = {
    "required": ["cluster", "token"],
    "properties": {"cluster": {"enum": ["orders", "users"]}, "token": {"type": "string", "writeOnly": True}},
}


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with running_api() as api:
        yield api


@pytest.fixture
def target() -> Iterator[Target]:
    with running_target() as running:
        yield running


@pytest.fixture
def slack(company: UnitOfWorkFactory, api: FakeApi, response_url: ResponseUrl) -> Slack:
    ports = Ports(HttpCaller(EgressPolicy.parse(["127.0.0.1"])), None, secrets_of(company, {}))
    fetcher = ChoiceFetcher(ports)
    app = create_bolt_app(company, workspace=ours, token="xoxb-1", api_url=api.url, choices=fetcher)
    return Slack(app, response_url.url)


def opened(slack: Slack, api: FakeApi, text: str) -> dict[str, Any]:
    assert types(slack, text).body == ""
    return api.opened[-1][1]


def asked(slack: Slack, view: dict[str, Any], **values: Any) -> dict[str, Any]:
    answer = json.loads(submits(slack, view, **values).body)
    assert answer["response_action"] == "update"
    return dict(answer["view"])


def test_the_form_asks_with_the_values_before_the_run_starts(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi
) -> None:
    add_runbook(company, "careful", parameters=ASKING, steps=[WAIT], confirm=True)
    view = asked(slack, opened(slack, api, "run careful"), cluster="orders", token="hunter2-S3CRET")
    assert executions(company) == []
    assert view["submit"]["text"] == "Run now"
    shown = json.dumps(view, ensure_ascii=False)
    assert "• cluster: `orders`" in shown
    assert "• token: `***`" in shown
    assert "S3CRET" not in shown

    submits(slack, view, token="hunter2-S3CRET")
    (run,) = executions(company)
    assert run.parameters == {"cluster": "orders", "token": "***"}


def test_a_value_that_is_changed_there_is_asked_about_again(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi
) -> None:
    add_runbook(company, "careful", parameters=ASKING, steps=[WAIT], confirm=True)
    first = asked(slack, opened(slack, api, "run careful"), cluster="orders", token="12345678")
    second = asked(slack, first, cluster="users", token="12345678")
    assert "• cluster: `users`" in json.dumps(second, ensure_ascii=False)
    assert executions(company) == []
    submits(slack, second, token="12345678")
    assert [run.parameters["cluster"] for run in executions(company)] == ["users"]


def test_what_is_wrong_is_said_under_its_field_and_nothing_is_asked(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi
) -> None:
    add_runbook(company, "careful", parameters=ASKING, steps=[WAIT], confirm=True)
    answer = json.loads(submits(slack, opened(slack, api, "run careful"), cluster="orders").body)
    assert answer["errors"] == {"parameter.token": "token is missing."}


def test_typed_in_full_it_starts_at_once(company: UnitOfWorkFactory, slack: Slack, api: FakeApi) -> None:
    add_runbook(company, "careful", parameters=ASKING, steps=[WAIT], confirm=True)
    assert "requested" in str(types(slack, "run careful cluster=orders token=12345678").body)
    assert (len(executions(company)), api.opened) == (1, [])


def choosing(company: UnitOfWorkFactory, url: str) -> None:
    host = {"type": "string", "description": "Which host", "x-choices": {"step": "http", "url": url}}
    add_runbook(
        company, "restart", parameters={"required": ["host"], "properties": {"host": host}}, steps=[WAIT]
    )


def test_choices_are_fetched_while_the_person_sees_that_they_are(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi, target: Target
) -> None:
    target.bodies["/hosts"] = b'["db-1", "db-2"]'
    choosing(company, f"{target.url}/hosts")
    types(slack, "run restart")
    form = api.next_view()
    assert "One moment" in json.dumps(api.opened)
    assert [each["value"] for each in elements(form)["parameter.host"]["options"]] == ["db-1", "db-2"]
    submits(slack, form, host="db-2")
    assert [run.parameters for run in executions(company)] == [{"host": "db-2"}]


def test_where_they_cannot_be_fetched_the_value_is_typed(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi, target: Target
) -> None:
    target.answers["/hosts"] = 503
    choosing(company, f"{target.url}/hosts")
    types(slack, "run restart")
    form = api.next_view()
    assert elements(form)["parameter.host"]["type"] == "plain_text_input"
    assert "could not be fetched, so type the value" in json.dumps(form)
    submits(slack, form, host="db-9")
    assert [run.parameters for run in executions(company)] == [{"host": "db-9"}]
