"""The form for a runbook's parameters: opened where some are missing, and submitted."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode

import pytest
from slack_bolt import BoltResponse

from bot.app import create_bolt_app
from core.decisions.people import Person
from core.definitions.team import TeamDefinition
from core.services.access.teams import apply_team
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.slack.conftest import ResponseUrl
from tests.acceptance.slack.fake_api import FakeApi, running_api
from tests.acceptance.slack.requests import Slack, command_form, ours
from tests.acceptance.slack.world import ADMIN, DB_CHANNEL, DB_OPS, WEB_OPS, add_runbook, executions
from tests.world import uninstall

KINDS = {
    "required": ["cluster", "count"],
    "properties": {
        "cluster": {"type": "string", "enum": ["orders", "users"], "description": "Which cluster"},
        "count": {"type": "integer", "minimum": 1, "maximum": 9},
        "ratio": {"type": "number", "default": 0.5},
        "force": {"type": "boolean"},
        "hosts": {"type": "array", "items": {"type": "string"}},
        "reason": {"type": "string", "default": "none"},
    },
}
WAIT = [{"id": "pause", "type": "wait", "for": "1h"}]


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with running_api() as api:
        yield api


@pytest.fixture
def slack(company: UnitOfWorkFactory, api: FakeApi, response_url: ResponseUrl) -> Slack:
    add_runbook(company, "all-kinds", parameters=KINDS, steps=WAIT)
    app = create_bolt_app(company, workspace=ours, token="xoxb-1", api_url=api.url)
    return Slack(app, response_url.url)


def types(slack: Slack, text: str, user: str = DB_OPS) -> BoltResponse:
    form = command_form(user, DB_CHANNEL, text, "12.34.ab")
    answer_at = urlencode({"response_url": "http://127.0.0.1:9/response"})
    return slack.deliver(form.replace(answer_at, urlencode({"response_url": slack.response_url})))


def inputs(view: dict[str, Any]) -> list[dict[str, Any]]:
    return [block for block in view["blocks"] if block["type"] == "input"]


def elements(view: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {block["block_id"]: block["element"] for block in inputs(view)}


def values(view: dict[str, Any], **entered: Any) -> dict[str, Any]:
    """`view.state.values` as Slack sends them for what a person entered; of the rest what stood there."""
    state = {}
    for block in inputs(view):
        name, element = block["block_id"].removeprefix("parameter."), block["element"]
        state[block["block_id"]] = {element["action_id"]: _value(element, entered.get(name))}
    return state


def _value(element: dict[str, Any], given: Any) -> dict[str, Any]:
    kind = element["type"]
    if kind in ("static_select", "external_select"):
        chosen = {"value": given} if given else element.get("initial_option")
        return {"type": kind, "selected_option": chosen}
    if kind == "checkboxes":
        return {"type": kind, "selected_options": [{"value": "true"}] if given else []}
    return {"type": kind, "value": element.get("initial_value") if given is None else given}


def submits(
    slack: Slack, view: dict[str, Any], user: str = DB_OPS, view_id: str = "V1", **entered: Any
) -> BoltResponse:
    sent = view | {"id": view_id, "state": {"values": values(view, **entered)}, "app_id": "A1"}
    payload = {
        "type": "view_submission",
        "team": {"id": "T1", "domain": "t"},
        "user": {"id": user, "team_id": "T1"},
        "api_app_id": "A1",
        "trigger_id": "1.2.3",
        "view": sent,
        "response_urls": [],
    }
    return slack.deliver(urlencode({"payload": json.dumps(payload)}))


def opened(slack: Slack, api: FakeApi, text: str = "run all-kinds") -> dict[str, Any]:
    assert (types(slack, text).status, len(api.opened)) == (200, 1)
    return api.opened[0][1]


def test_missing_parameters_open_a_form_and_nothing_else_is_said(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi
) -> None:
    answer = types(slack, "run db-failover")
    assert (answer.status, answer.body) == (200, "")
    ((trigger_id, view),) = api.opened
    assert trigger_id == "12.34.ab"
    assert (view["title"]["text"], view["submit"]["text"]) == ("db-failover", "Run")
    assert executions(company) == []


def test_each_type_has_its_field_with_its_default(slack: Slack, api: FakeApi) -> None:
    view = opened(slack, api)
    found = elements(view)
    assert {name: element["type"] for name, element in found.items()} == {
        "parameter.cluster": "static_select",
        "parameter.count": "number_input",
        "parameter.ratio": "number_input",
        "parameter.force": "checkboxes",
        "parameter.hosts": "plain_text_input",
        "parameter.reason": "plain_text_input",
    }
    assert [each["value"] for each in found["parameter.cluster"]["options"]] == ["orders", "users"]
    count, ratio = found["parameter.count"], found["parameter.ratio"]
    assert (count["is_decimal_allowed"], count["min_value"], count["max_value"]) == (False, "1", "9")
    assert (ratio["is_decimal_allowed"], ratio["initial_value"]) == (True, "0.5")
    assert found["parameter.reason"]["initial_value"] == "none"
    assert [block["optional"] for block in inputs(view)] == [False, False, True, True, True, True]
    assert inputs(view)[0]["hint"]["text"] == "Which cluster"


def test_what_was_typed_already_stands_in_the_form(slack: Slack, api: FakeApi) -> None:
    found = elements(opened(slack, api, "run all-kinds cluster=users force=yes hosts=a,b"))
    assert found["parameter.cluster"]["initial_option"]["value"] == "users"
    assert found["parameter.force"]["initial_options"][0]["value"] == "true"
    assert found["parameter.hosts"]["initial_value"] == '["a", "b"]'


def test_a_submitted_form_starts_the_run_and_says_so(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi, response_url: ResponseUrl
) -> None:
    view = opened(slack, api)
    answer = submits(slack, view, cluster="orders", count="3", force=True, hosts="a,b")
    assert (answer.status, answer.body) == (200, "")
    (row,) = executions(company)
    assert row.parameters == {
        "cluster": "orders", "count": 3, "ratio": 0.5, "force": True, "hosts": ["a", "b"], "reason": "none",
    }  # fmt: skip
    assert (row.requested_by, row.request_key) == (DB_OPS, "slack:V1")
    assert row.id in response_url.next_text()


def test_a_view_starts_one_run_however_often_it_is_submitted(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi
) -> None:
    view = opened(slack, api)
    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(lambda _: submits(slack, view, cluster="orders", count="3"), range(5)))
    assert {answer.status for answer in answers} == {200}
    assert len(executions(company)) == 1
    submits(slack, view, view_id="V2", cluster="orders", count="3")
    assert len(executions(company)) == 2


def test_what_is_wrong_stands_under_its_field(company: UnitOfWorkFactory, slack: Slack, api: FakeApi) -> None:
    view = opened(slack, api)
    answer = json.loads(submits(slack, view, cluster="orders", count="12", ratio="much").body)
    assert answer["response_action"] == "errors"
    assert answer["errors"] == {"parameter.ratio": 'ratio must be a number; you gave "much".'}
    answer = json.loads(submits(slack, view, cluster="orders", count="12").body)
    assert answer["errors"] == {"parameter.count": "count must be at most 9; you gave 12."}
    assert executions(company) == []
    submits(slack, view, cluster="orders", count="9")
    assert len(executions(company)) == 1


def test_who_may_not_run_it_is_told_in_the_forms_place(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi
) -> None:
    view = opened(slack, api)
    with company.begin() as work:
        nobody = TeamDefinition.model_validate({"kind": "team", "name": "database", "members": []})
        apply_team(work, Person(ADMIN.slack_user_id, is_platform_admin=True, source="test"), nobody)
    answer = json.loads(submits(slack, view, cluster="orders", count="3").body)
    assert answer["response_action"] == "update"
    assert "There is no incident" in answer["view"]["blocks"][0]["text"]["text"]
    assert executions(company) == []


def test_a_form_of_a_runbook_that_was_edited_meanwhile_starts_nothing(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi
) -> None:
    view = opened(slack, api)
    add_runbook(company, "all-kinds", approved=False, parameters=KINDS, steps=WAIT, description="new")
    answer = json.loads(submits(slack, view, cluster="orders", count="3").body)
    assert "only an approved version runs" in answer["view"]["blocks"][0]["text"]["text"]
    assert executions(company) == []


def test_a_form_of_a_runbook_that_is_not_valid_any_more_says_so(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi
) -> None:
    view = opened(slack, api)
    uninstall(company, "wait")
    answer = json.loads(submits(slack, view, cluster="orders", count="3").body)
    assert "Version 1 of all-kinds is no longer valid" in answer["view"]["blocks"][0]["text"]["text"]
    assert executions(company) == []


def test_where_slack_refuses_the_form_the_parameters_are_named(slack: Slack, api: FakeApi) -> None:
    api.error = "expired_trigger_id"
    said = json.loads(str(types(slack, "run db-failover").body))["text"]
    assert "cluster is missing." in said
    assert "/runbook run db-failover cluster=orders|users [reason=…]" in said


def test_a_slack_that_hangs_does_not_hold_up_the_acknowledgement(slack: Slack, api: FakeApi) -> None:
    api.hangs = True
    started = time.monotonic()
    said = str(types(slack, "run db-failover").body)
    assert time.monotonic() - started < 2.5
    assert "cluster is missing." in said


def test_what_is_wrong_and_not_missing_is_said_as_before(slack: Slack, api: FakeApi) -> None:
    assert "cluster must be one of" in str(types(slack, "run db-failover cluster=mars").body)
    assert "There is no parameter clutser." in str(types(slack, "run db-failover clutser=orders").body)
    assert "count must be a whole number" in str(types(slack, "run all-kinds count=many").body)
    assert api.opened == []


def test_nobody_who_may_not_run_it_sees_the_form(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi
) -> None:
    assert "Only responders of team database" in str(types(slack, "run all-kinds", WEB_OPS).body)
    add_runbook(company, "draft", approved=False, parameters=KINDS, steps=WAIT)
    assert "only an approved version runs" in str(types(slack, "run draft").body)
    assert api.opened == []


def test_with_more_parameters_than_a_form_holds_they_are_named(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi
) -> None:
    many = {"required": ["p0"], "properties": {f"p{n}": {"type": "string"} for n in range(101)}}
    add_runbook(company, "many", parameters=many, steps=WAIT)
    assert "p0 is missing." in str(types(slack, "run many").body)
    assert api.opened == []


def test_many_choices_are_searched_and_those_too_long_for_a_menu_are_typed(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi
) -> None:
    names = [f"n{n}" for n in range(101)]
    schema = {
        "required": ["a", "b", "c"],
        "properties": {"a": {"enum": names}, "b": {"enum": ["x" * 151]}, "c": {"enum": [1, 2]}},
    }
    add_runbook(company, "choices", parameters=schema, steps=WAIT)
    view = opened(slack, api, "run choices")
    assert [element["type"] for element in elements(view).values()] == [
        "external_select", "plain_text_input", "static_select",
    ]  # fmt: skip
    submits(slack, view, a="n100", b="x" * 151, c="2")
    (row,) = executions(company)
    assert row.parameters == {"a": "n100", "b": "x" * 151, "c": 2}


SECRET_FORM = {
    "required": ["name", "token"],
    "properties": {
        "token": {"type": "string", "format": "password", "minLength": 8},
        "name": {"type": "string"},
    },
}


def test_a_password_is_in_no_form_answer_or_row(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi
) -> None:
    add_runbook(company, "form", parameters=SECRET_FORM, steps=WAIT)
    view = opened(slack, api, "run form token=hunter2-S3CRET")
    assert "S3CRET" not in json.dumps(view)
    assert inputs(view)[0]["hint"]["text"] == "Secret: it is never shown again."

    refused = submits(slack, view, token="S3CRET", name="x")
    assert "token must have at least 8 characters." in str(refused.body)
    assert "S3CRET" not in str(refused.body)
    submits(slack, view, token="hunter2-S3CRET", name="x")
    (run,) = executions(company)
    assert run.parameters == {"name": "x", "token": "***"}
    assert "S3CRET" not in slack.types(DB_OPS, DB_CHANNEL, f"status {run.id}")
    assert "S3CRET" not in slack.types(DB_OPS, DB_CHANNEL, "run form name=x token=hunter2-S3CRET --dry-run")
