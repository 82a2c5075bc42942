"""The picker: opened by the command alone and by shortcuts, searched, and replaced by the form of what was chosen."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from bot.app import create_bolt_app
from core.decisions.people import Person
from core.services.incidents.opening import NewIncident, open_incident
from core.services.library.runbooks import runbook_named
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.slack.conftest import ResponseUrl
from tests.acceptance.slack.fake_api import FakeApi, running_api
from tests.acceptance.slack.requests import Slack, ours
from tests.acceptance.slack.starting import chooses, global_shortcut, menu, message_shortcut, searches, types
from tests.acceptance.slack.test_run_form import submits
from tests.acceptance.slack.world import (
    DB_CHANNEL,
    DB_OPS,
    NOBODY,
    QUIET_CHANNEL,
    WAIT,
    WEB_OPS,
    add_runbook,
    executions,
    the_incident,
)


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with running_api() as api:
        yield api


@pytest.fixture
def slack(company: UnitOfWorkFactory, api: FakeApi, response_url: ResponseUrl) -> Slack:
    return Slack(create_bolt_app(company, workspace=ours, token="xoxb-1", api_url=api.url), response_url.url)


def id_of(company: UnitOfWorkFactory, name: str) -> str:
    with company.begin() as work:
        return runbook_named(work, name).id


def words(view: dict[str, Any]) -> str:
    return json.dumps(view["blocks"], ensure_ascii=False)


@pytest.mark.parametrize("text", ["", "run", "  run  "])
def test_the_command_alone_opens_the_picker_at_once(slack: Slack, api: FakeApi, text: str) -> None:
    answer = types(slack, text)
    assert (answer.status, answer.body) == (200, "")
    view = api.next_view()
    [(_, loading)] = api.opened
    assert "One moment" in words(loading)
    assert view["title"]["text"] == "Run a runbook"
    assert "inc-1" in words(view)
    assert searches(slack, view, "run.pick", "") == ["db-failover", "say-hello"]
    assert searches(slack, view, "run.pick", "fail") == ["db-failover"]


def test_what_was_chosen_stands_below_the_menu_as_a_form(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi, response_url: ResponseUrl
) -> None:
    types(slack, "run")
    view = api.next_view()
    assert chooses(slack, view, "run.pick", id_of(company, "db-failover")).status == 200
    form = api.next_view()
    assert menu(form, "run.pick")["initial_option"]["text"]["text"] == "db-failover · database"
    shown = words(form)
    assert "team database · v1 · for inc-1" in shown
    assert "Needs approval by an admin of team database." in shown
    assert "1. gate (approval)\\n2. pause (wait)" in shown
    assert [block["block_id"] for block in form["blocks"] if block["type"] == "input"] == [
        "parameter.cluster", "parameter.reason",
    ]  # fmt: skip
    assert submits(slack, form, cluster="orders").body == ""
    (row,) = executions(company)
    assert (row.runbook_name, row.requested_by) == ("db-failover", DB_OPS)
    assert row.id in response_url.next_text()


def test_a_runbook_without_parameters_needs_only_the_button(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi
) -> None:
    types(slack, "run")
    chooses(slack, api.next_view(), "run.pick", id_of(company, "say-hello"))
    form = api.next_view()
    assert "No approval is needed." in words(form)
    submits(slack, form)
    assert [row.runbook_name for row in executions(company)] == ["say-hello"]


def test_those_made_for_the_incident_are_offered_first(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi
) -> None:
    made_for: dict[str, Any] = {"for": {"labels": {"region": "eu"}}}
    add_runbook(company, "zebra", team="database", steps=[WAIT], **made_for)
    with company.begin() as work:
        person = Person("U0ADMIN", is_platform_admin=True, source="test")
        new = NewIncident("Slow", "database", slack_channel=QUIET_CHANNEL, labels={"region": "eu"})
        open_incident(work, person, new)
    types(slack, "", channel=QUIET_CHANNEL)
    assert searches(slack, api.next_view(), "run.pick", "")[0] == "zebra"
    types(slack, "", channel=DB_CHANNEL)
    assert searches(slack, api.next_view(), "run.pick", "")[-1] == "zebra"


def test_where_slack_opens_no_modal_the_runbooks_are_listed(
    slack: Slack, api: FakeApi, response_url: ResponseUrl
) -> None:
    api.error = "expired_trigger_id"
    assert types(slack, "run").body == ""
    said = response_url.next_text()
    assert "/runbook run NAME" in said
    assert "db-failover, say-hello" in said


def test_a_slack_that_hangs_delays_no_acknowledgement(slack: Slack, api: FakeApi) -> None:
    api.hangs = True
    assert types(slack, "run").body == ""
    assert api.opened == []


def test_where_no_incident_belongs_to_the_channel_one_is_chosen_first(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi
) -> None:
    types(slack, "run", channel=QUIET_CHANNEL)
    view = api.next_view()
    assert "Which runbook" not in words(view)
    assert searches(slack, view, "run.incident", "orders") == ["inc-1 Orders DB down"]
    assert searches(slack, view, "run.incident", "inc-1") == ["inc-1 Orders DB down"]
    assert searches(slack, view, "run.incident", "users") == []

    chooses(slack, view, "run.incident", the_incident(company).id)
    both = api.next_view()
    assert menu(both, "run.incident")["initial_option"]["text"]["text"] == "inc-1 Orders DB down"
    assert searches(slack, both, "run.pick", "hello") == ["say-hello"]


def test_the_global_shortcut_asks_for_the_incident_and_says_in_the_modal_what_it_started(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi
) -> None:
    assert global_shortcut(slack).body == ""
    chooses(slack, api.next_view(), "run.incident", the_incident(company).id)
    chooses(slack, api.next_view(), "run.pick", id_of(company, "say-hello"))
    answer = json.loads(submits(slack, api.next_view()).body)
    (row,) = executions(company)
    assert answer["response_action"] == "update"
    assert row.id in words(answer["view"])


def test_the_message_shortcut_is_for_the_incident_of_its_channel(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi, response_url: ResponseUrl
) -> None:
    assert message_shortcut(slack).body == ""
    view = api.next_view()
    assert "inc-1" in words(view)
    chooses(slack, view, "run.pick", id_of(company, "say-hello"))
    submits(slack, api.next_view())
    (row,) = executions(company)
    assert row.id in response_url.next_text()


@pytest.mark.parametrize("who", [WEB_OPS, NOBODY])
def test_who_sees_no_incident_is_told_so_in_the_modal(slack: Slack, api: FakeApi, who: str) -> None:
    types(slack, "run", user=who)
    view = api.next_view()
    assert "No incident of your teams is open" in words(view)


def test_a_shortcut_that_opens_nothing_says_so(slack: Slack, api: FakeApi, response_url: ResponseUrl) -> None:
    api.error = "expired_trigger_id"
    message_shortcut(slack)
    assert "Slack did not open the form" in response_url.next_text()
