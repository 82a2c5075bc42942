"""The step `input`: the message that asks for values, its form, and who may answer it when."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from bot.app import create_bolt_app
from core.statuses import Status
from core.tables import AuditEntry, InputRequest, Notice, RunbookExecution, StepExecution
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.slack.conftest import ResponseUrl
from tests.acceptance.slack.fake_api import FakeApi, running_api
from tests.acceptance.slack.requests import Slack, ours
from tests.acceptance.slack.test_run_form import elements, values
from tests.acceptance.slack.world import (
    DB_ADMIN,
    DB_CHANNEL,
    DB_OPS,
    NOBODY,
    WEB_OPS,
    add_runbook,
    executions,
    start,
    work_on,
)
from tests.conftest import RecordedJobs

SCHEMA = {
    "type": "object",
    "required": ["replica"],
    "properties": {
        "replica": {"type": "string", "pattern": "^db-[0-9]+$", "description": "Its name"},
        "weight": {"type": "integer", "minimum": 1, "maximum": 9, "default": 2},
        "note": {"type": "string"},
    },
}
WHICH = {
    "id": "which",
    "type": "input",
    "message": "Which replica of {{ incident.title }}?",
    "schema": SCHEMA,
    "expires": "15m",
}
TOLD = {"id": "told", "type": "message", "text": "Chosen: {{ steps.which.saved.replica }}"}


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with running_api() as api:
        yield api


@pytest.fixture
def slack(company: UnitOfWorkFactory, api: FakeApi, response_url: ResponseUrl) -> Slack:
    app = create_bolt_app(company, workspace=ours, token="xoxb-1", api_url=api.url)
    return Slack(app, response_url.url)


def asked(unit_of_work: UnitOfWorkFactory, **fields: Any) -> InputRequest:
    """What a run asks for that DB_OPS has started, and that waits there."""
    add_runbook(unit_of_work, "choose", team="database", steps=[WHICH | fields, TOLD])
    execution_id = start(unit_of_work, "choose", DB_OPS)
    work_on(unit_of_work, execution_id)
    return request_of(unit_of_work, execution_id)


def request_of(unit_of_work: UnitOfWorkFactory, execution_id: str) -> InputRequest:
    with unit_of_work.begin() as work:
        return work.session.query(InputRequest).filter_by(execution_id=execution_id).one()


def step_of(unit_of_work: UnitOfWorkFactory, execution_id: str, position: int = 0) -> StepExecution:
    with unit_of_work.begin() as work:
        return work.session.get_one(StepExecution, (execution_id, position))


def opens(slack: Slack, api: FakeApi, request: InputRequest, user: str) -> dict[str, Any]:
    assert slack.clicks(user, "input.answer", request.id).status == 200
    return dict(api.opened[-1][1])


def submits(
    slack: Slack, view: dict[str, Any], user: str, view_id: str = "V1", **entered: Any
) -> dict[str, Any]:
    sent = view | {"id": view_id, "state": {"values": values(inputs_only(view), **entered)}, "app_id": "A1"}
    payload = {
        "type": "view_submission",
        "team": {"id": "T1", "domain": "t"},
        "user": {"id": user, "team_id": "T1"},
        "api_app_id": "A1",
        "trigger_id": "1.2.3",
        "view": sent,
        "response_urls": [],
    }
    response = slack.deliver(urlencode({"payload": json.dumps(payload)}))
    assert response.status == 200
    return json.loads(response.body) if response.body else {}


def inputs_only(view: dict[str, Any]) -> dict[str, Any]:
    return view | {"blocks": [block for block in view["blocks"] if block["type"] == "input"]}


def said(update: dict[str, Any]) -> str:
    assert update["response_action"] == "update"
    return str(update["view"]["blocks"][0]["text"]["text"])


def audited(unit_of_work: UnitOfWorkFactory) -> list[AuditEntry]:
    with unit_of_work.begin() as work:
        return work.session.query(AuditEntry).filter_by(action="input.answered").all()


def test_the_run_waits_with_its_worker_free(company: UnitOfWorkFactory) -> None:
    request = asked(company)
    (row,) = executions(company)
    assert (row.status, row.waiting_for, row.worker) == ("waiting", "input", None)
    assert row.wake_at == request.expires_at
    assert request.expires_at is not None
    assert request.expires_at > request.opened_at + timedelta(minutes=14)
    assert (request.status, request.message) == ("open", "Which replica of Orders DB down?")


def test_the_button_opens_a_form_with_the_question_and_a_field_for_each_value(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi
) -> None:
    view = opens(slack, api, asked(company), DB_OPS)
    assert (view["callback_id"], view["title"]["text"]) == ("input.form", "choose")
    assert view["blocks"][0]["text"]["text"] == "Which replica of Orders DB down?"
    found = elements(inputs_only(view))
    assert list(found) == ["parameter.replica", "parameter.weight", "parameter.note"]
    assert found["parameter.weight"]["initial_value"] == "2"


def test_the_answer_is_saved_and_the_run_goes_on(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi, recorded_jobs: RecordedJobs
) -> None:
    request = asked(company)
    view = opens(slack, api, request, DB_ADMIN)
    recorded_jobs.enqueued.clear()
    assert submits(slack, view, DB_ADMIN, replica="db-2") == {}
    assert recorded_jobs.enqueued == [("runbook", request.execution_id)]
    step = step_of(company, request.execution_id)
    assert step.status == "succeeded"
    assert step.output == {"values": {"replica": "db-2", "weight": 2}, "by": f"<@{DB_ADMIN}>"}
    assert step.saved == {"replica": "db-2", "weight": 2, "note": None}
    work_on(company, request.execution_id)
    (row,) = executions(company)
    assert row.status == "succeeded"
    assert {"who": DB_ADMIN, "as": "answered"} in row.initiators
    (entry,) = audited(company)
    assert (entry.actor, entry.subject_id) == (DB_ADMIN, request.execution_id)
    assert entry.details["values"] == {"replica": "db-2", "weight": 2}
    with company.begin() as work:
        told = work.session.query(Notice).filter_by(kind="message").one()
        assert told.content["text"] == "Chosen: db-2"


def test_a_wrong_value_is_said_under_its_field_and_nothing_is_answered(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi
) -> None:
    request = asked(company)
    view = opens(slack, api, request, DB_OPS)
    answer = submits(slack, view, DB_OPS, replica="web-1", weight="12")
    assert answer["response_action"] == "errors"
    assert set(answer["errors"]) == {"parameter.replica", "parameter.weight"}
    assert request_of(company, request.execution_id).status == "open"
    assert (executions(company)[0].waiting_for, audited(company)) == ("input", [])
    assert submits(slack, view, DB_OPS, replica="db-1", weight="9") == {}


def test_the_same_delivery_counts_once(company: UnitOfWorkFactory, slack: Slack, api: FakeApi) -> None:
    request = asked(company)
    view = opens(slack, api, request, DB_OPS)
    with ThreadPoolExecutor(3) as pool:
        sent = [pool.submit(submits, slack, view, DB_OPS, "V7", replica="db-2") for _ in range(3)]
        assert [each.result() for each in sent] == [{}, {}, {}]
    assert len(audited(company)) == 1


def test_a_second_answer_is_refused_and_says_who_answered_when(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi, response_url: ResponseUrl
) -> None:
    request = asked(company)
    first, second = (opens(slack, api, request, user) for user in (DB_OPS, DB_ADMIN))
    assert submits(slack, first, DB_OPS, "V1", replica="db-1") == {}
    answer = said(submits(slack, second, DB_ADMIN, "V2", replica="db-2"))
    closed = request_of(company, request.execution_id).closed_at
    assert closed is not None
    assert f"<@{DB_OPS}> has already answered this on {closed:%Y-%m-%d at %H:%M:%S} UTC." in answer
    assert step_of(company, request.execution_id).saved["replica"] == "db-1"
    slack.clicks(DB_ADMIN, "input.answer", request.id)
    assert f"<@{DB_OPS}> has already answered this" in response_url.next_text()


@pytest.mark.parametrize("stranger", [WEB_OPS, NOBODY])
def test_a_stranger_is_refused(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi, response_url: ResponseUrl, stranger: str
) -> None:
    request = asked(company)
    slack.clicks(stranger, "input.answer", request.id)
    assert "There is no request for values" in response_url.next_text()
    view = opens(slack, api, request, DB_OPS)
    assert "There is no request for values" in said(submits(slack, view, stranger, replica="db-1"))
    assert request_of(company, request.execution_id).status == "open"


def test_only_those_whom_the_step_names_may_answer(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi, response_url: ResponseUrl
) -> None:
    request = asked(company, **{"from": {"role": "admin", "people": [NOBODY]}})
    slack.clicks(DB_OPS, "input.answer", request.id)
    assert f"Only an admin of team database, or <@{NOBODY}> may answer here." in response_url.next_text()
    view = opens(slack, api, request, NOBODY)
    assert submits(slack, view, NOBODY, replica="db-1") == {}


def test_nobody_answers_in_time(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi, response_url: ResponseUrl
) -> None:
    request = asked(company, expires="1s")
    view = opens(slack, api, request, DB_OPS)
    with company.begin() as work:
        row = work.session.get_one(RunbookExecution, request.execution_id)
        row.wake_at = work.now - timedelta(seconds=1)
        work.session.get_one(InputRequest, request.id).expires_at = work.now - timedelta(seconds=1)
    assert "The time to enter these values is over." in said(submits(slack, view, DB_OPS, replica="db-1"))
    work_on(company, request.execution_id)
    (row,) = executions(company)
    assert (row.status, row.error) == ("timed_out", "Step which: Nobody entered the values in time.")
    assert request_of(company, request.execution_id).status == "expired"
    slack.clicks(DB_OPS, "input.answer", request.id)
    assert "The time to enter these values is over." in response_url.next_text()


def test_a_cancelled_run_needs_no_values(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi, response_url: ResponseUrl
) -> None:
    request = asked(company)
    view = opens(slack, api, request, DB_OPS)
    slack.clicks(DB_OPS, "run.cancel", request.execution_id)
    assert "The run no longer needs these values." in said(submits(slack, view, DB_OPS, replica="db-1"))
    assert request_of(company, request.execution_id).status == "cancelled"
    assert executions(company)[0].status == Status.CANCELLED


def test_the_command_answers_too_and_shows_the_form_where_something_is_missing(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi
) -> None:
    request = asked(company)
    answer = slack.types(DB_OPS, DB_CHANNEL, f"answer {request.execution_id} replica=web")
    assert "replica=… [weight=INTEGER] [note=…]" in answer
    assert request_of(company, request.execution_id).status == "open"
    answer = slack.types(DB_OPS, DB_CHANNEL, f"answer {request.execution_id} replica=db-4 weight=3", "t.9")
    assert "choose has the values and continues" in answer
    again = slack.types(DB_OPS, DB_CHANNEL, f"answer {request.execution_id} replica=db-4 weight=3", "t.9")
    assert "choose has the values and continues" in again
    assert len(audited(company)) == 1
    third = slack.types(DB_OPS, DB_CHANNEL, f"answer {request.execution_id} replica=db-5")
    assert f"<@{DB_OPS}> has already answered this" in third
    assert step_of(company, request.execution_id).saved["weight"] == 3


def test_a_repeated_delivery_does_not_answer_the_next_question(
    company: UnitOfWorkFactory, slack: Slack
) -> None:
    again = WHICH | {"id": "which_else"}
    add_runbook(company, "twice", team="database", steps=[WHICH, again])
    execution_id = start(company, "twice", DB_OPS)
    work_on(company, execution_id)
    for _ in range(2):
        slack.types(DB_OPS, DB_CHANNEL, f"answer {execution_id} replica=db-1", "t.1")
        work_on(company, execution_id)
    assert (step_of(company, execution_id, 1).status, len(audited(company))) == ("waiting", 1)


def test_where_the_form_does_not_open_the_command_is_named(
    company: UnitOfWorkFactory, response_url: ResponseUrl
) -> None:
    request = asked(company)
    deaf = Slack(
        create_bolt_app(company, workspace=ours, token="xoxb-1", api_url="http://127.0.0.1:9/api/"),
        response_url.url,
    )
    assert deaf.clicks(DB_OPS, "input.answer", request.id).status == 200
    assert f"Type: `/runbook answer {request.execution_id} key=value…`" in response_url.next_text()


def test_the_defaults_of_a_run_are_in_the_form(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi
) -> None:
    defaults = {"replica": "db-{{ incident.number }}"}
    view = opens(slack, api, asked(company, defaults=defaults), DB_OPS)
    number = view["blocks"][1]["element"]["initial_value"]
    assert number.startswith("db-")
    assert number != "db-"
