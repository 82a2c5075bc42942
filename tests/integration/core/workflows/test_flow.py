"""Delays, branches, deadlines, failures: the way of a workflow through its actions."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from core.execution.kinds import WORKFLOW
from core.statuses import IncidentStatus, Status, WaitingFor
from core.tables import ActionExecution, Incident, Notice, Workflow, WorkflowVersion
from tests.integration.core.workflows.house import House
from tests.world import Target, new_executor

SECOND = timedelta(seconds=1)

DELAYED = """
kind: workflow
name: delayed
trigger: {on: incident.created}
actions:
  - {id: grace, type: delay, for: 15m}
  - {id: tell, type: message, text: "still {{ incident.status }}", if: incident.status == "open"}
"""


def test_a_delay_ends_at_its_second_though_every_process_is_another(house: House) -> None:
    house.apply(DELAYED)
    house.open()
    waiting = house.run()
    assert (waiting.status, waiting.waiting_for) == (Status.WAITING, WaitingFor.TIMER)
    house.at(timedelta(minutes=15) - SECOND)
    assert house.said() == []
    house.at(timedelta(minutes=15))
    assert (house.said(), house.run().status) == (["still open"], Status.SUCCEEDED)


def test_conditions_behind_a_delay_see_the_incident_as_it_is_then(house: House) -> None:
    house.apply(DELAYED)
    incident = house.open()
    house.change(incident, IncidentStatus.ACKNOWLEDGED)
    house.at(timedelta(minutes=15))
    assert house.said() == []
    assert house.statuses() == {"grace": "succeeded", "tell": "skipped"}


CONDITIONAL = """
kind: workflow
name: delayed
trigger: {on: incident.created}
actions:
  - {id: grace, type: delay, for: 15m, if: incident.status == "open"}
  - {id: tell, type: message, text: late, if: actions.grace.status == "succeeded"}
"""


@pytest.mark.parametrize(("changes", "status"), [(False, "succeeded"), (True, "skipped")])
def test_the_condition_of_a_delay_is_asked_again_when_its_time_is_over(
    house: House, changes: bool, status: str
) -> None:
    house.apply(CONDITIONAL)
    incident = house.open()
    assert house.statuses()["grace"] == "waiting"
    if changes:
        house.change(incident, IncidentStatus.ACKNOWLEDGED)
    house.at(timedelta(minutes=15))
    assert house.statuses() == {"grace": status, "tell": status}


def test_a_delay_whose_condition_does_not_hold_takes_no_time(house: House) -> None:
    house.apply(CONDITIONAL.replace('"open"}', '"resolved"}'))
    house.open()
    assert house.statuses() == {"grace": "skipped", "tell": "skipped"}


# Branches ------------------------------------------------------------------------------------------

BRANCHED = """
kind: workflow
name: branched
trigger: {on: incident.created}
actions:
  - id: how
    type: branch
    if: incident.severity == "critical"
    then:
      - {id: page, type: message, text: page}
      - id: who
        type: branch
        if: incident.title == "orders"
        then:
          - {id: orders, type: message, text: orders}
        else:
          - {id: others, type: message, text: others}
    else:
      - {id: calm, type: message, text: calm, if: incident.severity != "info"}
  - {id: done, type: message, text: "{{ actions.how.output.branch }} {{ actions.page.status }}"}
"""


@pytest.mark.parametrize(
    ("severity", "concerned", "said"),
    [
        ("critical", "orders", ["page", "orders", "then succeeded"]),
        ("critical", "users", ["page", "others", "then succeeded"]),
        ("low", "orders", ["calm", "else skipped"]),
        ("info", "orders", ["else skipped"]),
    ],
)
def test_a_branch_goes_one_way_and_the_actions_of_the_other_are_skipped(
    house: House, severity: str, concerned: str, said: list[str]
) -> None:
    house.apply(BRANCHED)
    house.open(severity=severity, title=concerned)
    assert house.said() == said


def test_the_actions_of_branches_are_listed_in_order_with_why_they_were_skipped(house: House) -> None:
    house.apply(BRANCHED)
    house.open(severity="low")
    actions = house.run().actions

    assert [action.id for action in actions] == ["how", "page", "who", "orders", "others", "calm", "done"]
    outputs = {action.id: action.output for action in actions}
    assert outputs["how"] == {"branch": "else"}
    assert outputs["page"] == {"reason": "how took the other way: else."}
    assert outputs["orders"] == {"reason": "who was not decided: it is skipped."}


def test_neither_way_is_taken_where_a_branch_cannot_be_decided(house: House) -> None:
    text = BRANCHED.replace(
        'if: incident.severity == "critical"',
        "if: int(incident.title) > 0\n    on_failure: continue",
    ).replace(', text: "{{ actions.how.output.branch }} {{ actions.page.status }}"', ", text: done")
    house.apply(text)
    house.open()
    assert house.said() == ["done"]
    assert house.statuses() | {"how": ""} == {
        **dict.fromkeys(("page", "who", "orders", "others", "calm"), "skipped"),
        "how": "",
        "done": "succeeded",
    }


# Deadlines -----------------------------------------------------------------------------------------

LIMITED = """
kind: workflow
name: limited
timeout: 10m
trigger: {on: incident.created}
actions:
  - {id: grace, type: delay, for: 15m}
  - {id: tell, type: message, text: too late}
"""


def test_a_workflow_ends_at_its_deadline_also_while_it_waits(house: House) -> None:
    house.apply(LIMITED)
    house.open()
    house.at(timedelta(minutes=10) - SECOND)
    assert house.run().status is Status.WAITING
    house.at(timedelta(minutes=10))
    run = house.run()
    assert (run.status, run.error) == (Status.TIMED_OUT, "Not done within 10 min.")
    assert house.statuses() == {"grace": "timed_out", "tell": "pending"}
    [text] = house.said()
    assert "ran out of time" in text
    assert "*grace*" in text


LIMITED_RUNBOOK = """
kind: runbook
name: limited
timeout: 10m
steps:
  - {id: pause, type: wait, for: 15m}
---
kind: workflow
name: starts
trigger: {on: incident.created}
actions:
  - {id: it, type: runbook, runbook: limited}
"""


def test_a_runbook_ends_at_its_deadline_also_while_it_waits(house: House) -> None:
    house.apply(LIMITED_RUNBOOK)
    house.open()
    house.at(timedelta(minutes=10) - SECOND)
    assert house.runbook_runs()[0].status == "waiting"
    house.at(timedelta(minutes=10))
    assert house.runbook_runs()[0].status == "timed_out"


# Retry, failure ------------------------------------------------------------------------------------


def calling(target: Target, more: str = "") -> str:
    return f"""
kind: workflow
name: calls
trigger: {{on: incident.created}}
actions:
  - id: call
    type: webhook
    url: {target.url}/hook
{more}
  - {{id: tell, type: message, text: after}}
"""


def test_a_failed_action_is_tried_again_with_a_growing_wait(house: House, target: Target) -> None:
    target.answers["/hook"] = 500
    house.apply(calling(target, "    retry: {safe: true, attempts: 4, backoff: 2s, max_backoff: 3s}"))
    house.open()
    moments = [timedelta(seconds=seconds) for seconds in (0, 2, 5, 8)]
    for number, moment in enumerate(moments[1:], start=1):
        house.at(moment - SECOND)
        assert len(target.calls) == number
        house.at(moment)
    assert len(target.calls) == 4
    assert house.run().status is Status.FAILED
    assert len({key for _, _, key in target.calls}) == 1


def test_an_action_that_may_fail_does_not_end_the_workflow(house: House, target: Target) -> None:
    target.answers["/hook"] = 500
    house.apply(calling(target, "    on_failure: continue"))
    house.open()
    assert house.statuses() == {"call": "failed", "tell": "succeeded"}
    assert house.run().status is Status.SUCCEEDED
    assert house.said() == ["after"]


def set_author(house: House, author: str) -> None:
    with house.service.transaction() as work:
        for row in (*work.session.scalars(select(WorkflowVersion)), *work.session.scalars(select(Workflow))):
            row.changed_by = author


@pytest.mark.parametrize("author", ["U0AUTHOR", "operator", "system"])
def test_a_failure_is_told_to_the_channel_and_to_who_wrote_the_version(
    house: House, target: Target, author: str
) -> None:
    target.answers["/hook"] = 500
    house.apply(calling(target))
    set_author(house, author)
    incident = house.open()
    run = house.run()
    told = house.messages()

    assert [channel for channel, _ in told] == ([None, "U0AUTHOR"] if author == "U0AUTHOR" else [None])
    for _, text in told:
        assert "*calls* v1" in text
        assert run.id in text
        assert "Action *call*: Answered 500; expected response.status < 400" in text
    if author == "U0AUTHOR":
        assert f"for inc-{incident.number}, _Orders down_" in told[1][1]


def test_the_author_of_the_version_that_ran_is_told_not_the_last_one(house: House, target: Target) -> None:
    target.answers["/hook"] = 500
    house.apply(calling(target))
    set_author(house, "U0AUTHOR")
    with house.service.transaction() as work:
        workflow = work.session.scalars(select(Workflow)).one()
        workflow.changed_by = "U0OTHER"
    house.open()
    assert [channel for channel, _ in house.messages()] == [None, "U0AUTHOR"]


# Setting -------------------------------------------------------------------------------------------

SETTING = """
kind: workflow
name: sets
trigger: {on: incident.created}
actions:
  - id: change
    type: set
    severity: critical
    status: acknowledged
    labels: {by: "{{ incident.title }}", old: null}
  - {id: tell, type: message, text: "{{ incident.severity }} {{ incident.status }} {{ incident.labels.by }}"}
---
kind: workflow
name: listens
trigger: {on: incident.status_changed, to: acknowledged}
actions:
  - {id: tell, type: message, text: "{{ event.by }}"}
---
kind: workflow
name: hears
trigger: {on: incident.escalated}
actions:
  - {id: tell, type: message, text: "{{ event.to }}"}
"""


def test_an_incident_is_changed_with_its_events_card_and_audit_rows(house: House) -> None:
    house.apply(SETTING)
    incident = house.open(severity="low", labels={"old": "1", "kept": "2"})
    seen = house.incident(incident)

    assert (seen.severity, seen.status) == ("critical", "acknowledged")
    assert seen.acknowledged_at is not None
    assert seen.labels == {"kept": "2", "by": "Orders down"}
    assert sorted(house.said()) == ["critical", "critical acknowledged Orders down", "workflow:sets"]
    with house.service.transaction() as work:
        card = work.session.scalars(select(Notice).where(Notice.kind == "incident")).one()
        assert card.wanted == 4


def test_what_is_so_already_is_no_change_and_there_is_no_way_back(house: House) -> None:
    house.apply(SETTING.replace("labels: {by", "labels: {kept: '2', by").replace(", old: null", ""))
    incident = house.open(severity="critical", labels={"kept": "2", "by": "Orders down"})
    house.change(incident, IncidentStatus.RESOLVED)
    types = [event.type for event in house.events()]
    assert types == ["incident.created", "incident.status_changed", "incident.status_changed"]

    house.apply(SETTING.replace("incident.created", "'incident.status_changed', to: closed"))
    house.change(incident, IncidentStatus.CLOSED)
    errors = {run.error for run in house.runs("sets") if run.status is Status.FAILED}
    assert errors == {f"Step change: inc-{incident.number} is already closed."}


def test_a_worker_that_dies_within_a_workflow_leaves_a_run_that_another_one_ends(house: House) -> None:
    house.apply(DELAYED)
    house.open()
    with house.service.transaction() as work:
        row = work.session.scalars(select(ActionExecution).where(ActionExecution.position == 0)).one()
        execution_id = row.execution_id
    house.at(timedelta(minutes=15))
    new_executor(house.service).run(WORKFLOW, execution_id)
    assert house.said() == ["still open"]
    with house.service.transaction() as work:
        assert work.session.scalars(select(Incident)).one().status == "open"
