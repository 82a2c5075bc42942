"""Workflows and escalation from the slash command."""

import re

from sqlalchemy import select

from core.services.executions.kinds import WORKFLOW
from core.tables import Incident, WorkflowExecution
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.slack.conftest import ResponseUrl
from tests.acceptance.slack.requests import Slack
from tests.acceptance.slack.world import DB_CHANNEL, DB_OPS, QUIET_CHANNEL, WEB_OPS, the_incident
from tests.world import LOST, apply_documents, new_executor, suspect

WORKFLOWS = """
kind: workflow
name: page-the-owner
team: database
description: Call who is on duty.
trigger: {on: manual}
actions: [{id: tell, type: message, text: "{{ event.by }}"}]
---
kind: workflow
name: greet
trigger: {on: incident.created}
actions: [{id: tell, type: message, text: hello}]
"""


def runs(unit_of_work: UnitOfWorkFactory) -> list[WorkflowExecution]:
    with unit_of_work.begin() as work:
        return list(work.session.scalars(select(WorkflowExecution)))


def test_a_workflow_is_started_for_the_channels_incident_once_a_delivery(
    slack: Slack, company: UnitOfWorkFactory
) -> None:
    apply_documents(company, WORKFLOWS)
    said = [slack.types(DB_OPS, DB_CHANNEL, "workflow run page-the-owner", "t.1") for _ in range(2)]
    [run] = runs(company)

    assert all(run.id in text for text in said)
    assert "page-the-owner v1 requested for" in said[0]
    assert (run.requested_by, run.incident_id) == (DB_OPS, the_incident(company).id)


def test_what_is_no_workflow_to_run_is_refused_with_what_would_be_right(
    slack: Slack, company: UnitOfWorkFactory
) -> None:
    apply_documents(company, WORKFLOWS)
    for who, channel, typed, sentence in (
        (DB_OPS, DB_CHANNEL, "workflow run page-the-ower", "Did you mean page-the-owner?"),
        (
            DB_OPS,
            DB_CHANNEL,
            "workflow run greet",
            "greet cannot be started by hand: its trigger is incident.created.",
        ),
        (DB_OPS, DB_CHANNEL, "workflow run", "Type: `/runbook workflow run NAME`"),
        (DB_OPS, DB_CHANNEL, "workflow rum x", "There is no `workflow rum`. Use run"),
        (DB_OPS, QUIET_CHANNEL, "workflow run page-the-owner", "No incident belongs to this channel."),
        (WEB_OPS, DB_CHANNEL, "workflow run page-the-owner", "There is no workflow page-the-owner."),
    ):
        assert sentence in slack.types(who, channel, typed)
    assert runs(company) == []


def test_workflows_are_listed_for_who_may_see_them(slack: Slack, company: UnitOfWorkFactory) -> None:
    apply_documents(company, WORKFLOWS)

    seen = slack.types(DB_OPS, QUIET_CHANNEL, "workflow list")
    assert "*page-the-owner* · team database · manual · Call who is on duty." in seen
    assert "*greet* · global · incident.created" in seen
    assert "page-the-owner" not in slack.types(WEB_OPS, QUIET_CHANNEL, "workflow")
    assert "No workflow has zebra in its name." in slack.types(DB_OPS, QUIET_CHANNEL, "workflow list zebra")


def test_a_workflow_under_quarantine_says_so_and_why(slack: Slack, company: UnitOfWorkFactory) -> None:
    apply_documents(company, WORKFLOWS)
    suspect(company, "greet")

    seen = slack.types(DB_OPS, QUIET_CHANNEL, "workflow list")
    assert f"*greet* · global · *under quarantine, does not start* · {LOST}" in seen


def test_an_incident_is_escalated(slack: Slack, company: UnitOfWorkFactory) -> None:
    number = the_incident(company).number
    for typed, sentence in (
        ("incident escalate hihg", "Use high"),
        ("incident escalate", "Type: `/runbook incident escalate SEVERITY`"),
        ("incident escalate high", f"inc-{number} is now high."),
        ("incident escalate high", f"inc-{number} is already high."),
    ):
        assert sentence in slack.types(DB_OPS, DB_CHANNEL, typed)
    assert "Only responders of team database" in slack.types(
        WEB_OPS, DB_CHANNEL, "incident escalate critical"
    )
    with company.begin() as work:
        assert work.session.scalars(select(Incident)).one().severity == "high"


LONG = """
kind: workflow
name: takes-long
team: database
trigger: {on: manual}
actions:
  - {id: go, type: runbook, runbook: say-hello}
  - {id: later, type: delay, for: 1h}
"""


def test_a_workflow_is_cancelled_by_whoever_may_and_what_it_started_as_they_wish(
    slack: Slack, company: UnitOfWorkFactory
) -> None:
    apply_documents(company, LONG)
    ids = [slack.types(DB_OPS, DB_CHANNEL, "workflow run takes-long", f"t.{n}") for n in range(2)]
    first, second = (run.id for run in runs(company))
    assert all(run_id in "".join(ids) for run_id in (first, second))
    for run_id in (first, second):
        new_executor(company).run(WORKFLOW, run_id)

    assert "There is no workflow execution" in slack.types(WEB_OPS, DB_CHANNEL, f"workflow cancel {first}")
    assert "Type: `/runbook workflow cancel ID [and-runs]`" in slack.types(
        DB_OPS, DB_CHANNEL, f"workflow cancel {first} everything"
    )
    assert "The runs that it started continue" in slack.types(DB_OPS, DB_CHANNEL, f"workflow cancel {first}")
    assert "has already ended" in slack.types(DB_OPS, DB_CHANNEL, f"workflow cancel {first}")
    said = slack.types(DB_OPS, DB_CHANNEL, f"workflow cancel {second} and-runs")
    assert "🚫 Workflow takes-long is cancelled. 1 run that it started is being cancelled, too." in said


def test_the_button_beside_a_started_workflow_cancels_it(
    slack: Slack, company: UnitOfWorkFactory, response_url: ResponseUrl
) -> None:
    apply_documents(company, LONG)
    slack.types(DB_OPS, DB_CHANNEL, "workflow run takes-long", "t.1")
    [run] = runs(company)
    slack.clicks(WEB_OPS, "workflow.cancel", run.id)
    assert "There is no workflow execution" in response_url.next_text()
    slack.clicks(DB_OPS, "workflow.cancel", run.id)
    assert (
        response_url.next_text() == "🚫 Workflow takes-long is cancelled. The runs that it started continue."
    )
    assert [run.status for run in runs(company)] == ["cancelled"]


SCHEDULED = """
kind: workflow
name: weekly-vacuum
team: database
trigger:
  on: schedule
  cron: "30 4 * * SUN"
  timezone: Europe/Berlin
  incident: {title: Vacuum}
actions: [{id: tell, type: message, text: hello}]
"""


def test_a_schedule_is_shown_with_its_next_time(slack: Slack, company: UnitOfWorkFactory) -> None:
    apply_documents(company, SCHEDULED)
    listed = slack.types(DB_OPS, QUIET_CHANNEL, "workflow list")
    assert "*weekly-vacuum* · team database · schedule, next <!date^" in listed
    assert re.search(r"\^\{date_short_pretty\} \{time\}\|0[23]:30 UTC>", listed)
    shown = slack.types(DB_OPS, QUIET_CHANNEL, "workflow show weekly-vacuum")
    assert "Starts automatically: `30 4 * * SUN` in Europe/Berlin, as planned maintenance" in shown
    refused = slack.types(DB_OPS, DB_CHANNEL, "workflow run weekly-vacuum")
    assert "weekly-vacuum cannot be started by hand: its trigger is schedule." in refused
