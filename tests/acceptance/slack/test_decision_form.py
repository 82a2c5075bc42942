"""Rejecting with a reason and approving with a comment: the form, its refusals, and the same by typing."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from bot.app import create_bolt_app
from core.statuses import GateStatus
from core.tables import Approval, AuditEntry, RunbookExecution
from core.unit_of_work import UnitOfWorkFactory
from slack_sandbox.block_kit.views import view_problems
from tests.acceptance.slack.conftest import ResponseUrl
from tests.acceptance.slack.fake_api import FakeApi, running_api
from tests.acceptance.slack.requests import Slack, ours
from tests.acceptance.slack.world import (
    ADMIN,
    DB_ADMIN,
    DB_CHANNEL,
    DB_OPS,
    WEB_OPS,
    executions,
    gate_of,
    gates,
    pressed,
    work_on,
)

View = dict[str, Any]


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with running_api() as api:
        yield api


@pytest.fixture
def slack(company: UnitOfWorkFactory, api: FakeApi, response_url: ResponseUrl) -> Slack:
    app = create_bolt_app(company, workspace=ours, token="xoxb-1", api_url=api.url)
    return Slack(app, response_url.url)


def opens(slack: Slack, api: FakeApi, gate: Approval, user: str, button: str = "approval.reject") -> View:
    assert slack.clicks(user, button, pressed(gate)).status == 200
    view = dict(api.opened[-1][1])
    assert list(view_problems(view)) == []
    return view


def submits(slack: Slack, view: View, user: str, written: str | None) -> View:
    """What Slack is answered after this person sent the form off."""
    value = {"decision.reason": {"value": {"type": "plain_text_input", "value": written}}}
    payload = {
        "type": "view_submission",
        "team": {"id": "T1", "domain": "t"},
        "user": {"id": user, "team_id": "T1"},
        "api_app_id": "A1",
        "trigger_id": "1.2.3",
        "view": view | {"id": "V1", "state": {"values": value}, "app_id": "A1"},
        "response_urls": [],
    }
    response = slack.deliver(urlencode({"payload": json.dumps(payload)}))
    assert response.status == 200
    return json.loads(response.body) if response.body else {}


def said(update: View) -> str:
    """What stands in place of the form."""
    assert update["response_action"] == "update"
    return str(update["view"]["blocks"][0]["text"]["text"])


def status(company: UnitOfWorkFactory, gate: Approval) -> str:
    return gates(company, gate.execution_id)[0].status


def test_a_rejection_ends_the_run_with_its_reason(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi
) -> None:
    gate = gate_of(company, DB_OPS)
    view = opens(slack, api, gate, DB_ADMIN)
    assert status(company, gate) == "open"
    assert submits(slack, view, DB_ADMIN, "  The replica lags.\n") == {}
    work_on(company, gate.execution_id)
    (row,) = executions(company)
    assert (row.status, row.error) == (
        "failed",
        f"Step gate: Rejected by <@{DB_ADMIN}>: The replica lags.",
    )
    (decided,) = gates(company, gate.execution_id)
    assert [each.reason for each in decided.decisions] == ["The replica lags."]
    with company.begin() as work:
        entry = work.session.query(AuditEntry).filter_by(action="approval.rejected").one()
    assert entry.details["reason"] == "The replica lags."


def test_an_approval_carries_its_comment(company: UnitOfWorkFactory, slack: Slack, api: FakeApi) -> None:
    gate = gate_of(company, DB_OPS)
    view = opens(slack, api, gate, DB_ADMIN, "approval.comment")
    assert view["title"]["text"] == "Approve with comment"
    assert submits(slack, view, DB_ADMIN, "Watch the lag.") == {}
    (decided,) = gates(company, gate.execution_id)
    assert (decided.status, decided.decisions[0].reason) == ("approved", "Watch the lag.")


@pytest.mark.parametrize(
    ("written", "wrong"),
    [(None, "Write a few words"), (" \n ", "Write a few words"), ("x" * 501, "At most 500")],
)
def test_what_is_no_reason_is_said_under_the_field(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi, written: str | None, wrong: str
) -> None:
    gate = gate_of(company, DB_OPS)
    answer = submits(slack, opens(slack, api, gate, DB_ADMIN), DB_ADMIN, written)
    assert answer["response_action"] == "errors"
    assert wrong in answer["errors"]["decision.reason"]
    assert status(company, gate) == "open"


def test_a_form_that_stayed_open_says_who_decided_meanwhile(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi
) -> None:
    gate = gate_of(company, DB_OPS)
    view = opens(slack, api, gate, DB_ADMIN)
    slack.clicks(ADMIN.slack_user_id, "approval.approve", pressed(gate))
    assert f"Approved by <@{ADMIN.slack_user_id}> at <!date^" in said(submits(slack, view, DB_ADMIN, "No."))
    assert status(company, gate) == "approved"


def test_a_form_that_stayed_open_until_the_end_says_that_it_has_expired(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi, response_url: ResponseUrl
) -> None:
    gate = gate_of(company, DB_OPS)
    view = opens(slack, api, gate, DB_ADMIN)
    with company.begin() as work:
        found = work.session.get_one(Approval, gate.id)
        found.expires_at = work.now - timedelta(seconds=1)
    assert "Expired at <!date^" in said(submits(slack, view, DB_ADMIN, "No."))
    slack.clicks(DB_ADMIN, "approval.approve", pressed(gate))
    assert "nobody decided in time. Run the runbook again" in response_url.next_text()


def test_a_form_for_a_gate_that_was_opened_anew_is_refused_in_place(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi
) -> None:
    gate = gate_of(company, DB_OPS)
    view = opens(slack, api, gate, DB_ADMIN)
    with company.begin() as work:
        work.session.get_one(Approval, gate.id).digest = "f" * 64
    assert "has changed since you saw it. Nothing was decided." in said(submits(slack, view, DB_ADMIN, "No."))
    assert status(company, gate) == "open"


def test_a_form_for_a_void_gate_names_the_newer_message(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi
) -> None:
    gate = gate_of(company, DB_OPS)
    view = opens(slack, api, gate, DB_ADMIN)
    with company.begin() as work:
        work.session.get_one(Approval, gate.id).status = GateStatus.VOID
    assert "A newer message asks for this approval" in said(submits(slack, view, DB_ADMIN, "No."))


@pytest.mark.parametrize("button", ["approval.reject", "approval.comment"])
def test_who_may_not_decide_gets_no_form_but_who_may(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi, response_url: ResponseUrl, button: str
) -> None:
    gate = gate_of(company, DB_OPS)
    slack.clicks(DB_OPS, button, pressed(gate))
    told = response_url.next_text()
    assert "You requested this run, so somebody else must approve it." in told
    assert f"Ask <@{DB_ADMIN}>" in told
    slack.clicks(WEB_OPS, button, pressed(gate))
    assert "There is no approval" in response_url.next_text()
    assert api.opened == []


def test_where_the_form_does_not_open_it_is_said_how_to_type_it(
    company: UnitOfWorkFactory, response_url: ResponseUrl
) -> None:
    gate = gate_of(company, DB_OPS)
    app = create_bolt_app(company, workspace=ours, token="xoxb-1", api_url="http://127.0.0.1:9/api/")
    deaf = Slack(app, response_url.url)
    assert deaf.clicks(DB_ADMIN, "approval.reject", pressed(gate)).status == 200
    told = response_url.next_text()
    assert f"Type: `/runbook decide {pressed(gate)} reject REASON`" in told
    typed = f"decide {pressed(gate)} reject It's the wrong cluster"
    assert "You rejected it" in deaf.types(DB_ADMIN, DB_CHANNEL, typed)
    (decided,) = gates(company, gate.execution_id)
    assert (decided.status, decided.decisions[0].reason) == ("rejected", "It's the wrong cluster")


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ("decide {id} approve", "does not say what you have read"),
        ("decide {id} reject", "The reason is missing."),
        ("decide {id} {long}", "at most 500 fit"),
        ("decide {id}", "What to decide is missing."),
        ("decide {id}:0000000000000000 approve", "has changed since you saw it"),
    ],
)
def test_what_is_typed_wrongly_decides_nothing(
    company: UnitOfWorkFactory, slack: Slack, typed: str, wrong: str
) -> None:
    gate = gate_of(company, DB_OPS)
    text = typed.format(id=gate.id, long="reject " + "x" * 501)
    assert wrong in slack.types(DB_ADMIN, DB_CHANNEL, text)
    assert status(company, gate) == "open"


def test_an_approval_is_typed_with_what_was_read(company: UnitOfWorkFactory, slack: Slack) -> None:
    gate = gate_of(company, DB_OPS)
    answer = slack.types(DB_ADMIN, DB_CHANNEL, f"decide {pressed(gate)} approve looks good")
    assert f"You approved it ({gate.execution_id})." in answer
    with company.begin() as work:
        assert work.session.get_one(RunbookExecution, gate.execution_id).waiting_for is None
