"""Delays, branches, deadlines, failures: the way of a workflow through its actions."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from core.definitions.durations import parse_duration
from core.services.executions.kinds import WORKFLOW
from core.statuses import IncidentStatus, Status, WaitingFor
from core.tables import ActionExecution, Incident
from tests.integration.core.workflows.deployment import Deployment
from tests.world import new_executor

SECOND = timedelta(seconds=1)

DELAYED = """
kind: workflow
name: delayed
trigger: {on: incident.created}
actions:
  - {id: grace, type: delay, for: 15m}
  - {id: tell, type: message, text: "still {{ incident.status }}", if: incident.status == "open"}
"""


def test_a_delay_ends_at_its_second_though_every_process_is_another(deployment: Deployment) -> None:
    deployment.apply(DELAYED)
    deployment.open()
    waiting = deployment.run()
    assert (waiting.status, waiting.waiting_for) == (Status.WAITING, WaitingFor.TIMER)
    deployment.at(timedelta(minutes=15) - SECOND)
    assert deployment.said() == []
    deployment.at(timedelta(minutes=15))
    assert (deployment.said(), deployment.run().status) == (["still open"], Status.SUCCEEDED)


def test_conditions_behind_a_delay_see_the_incident_as_it_is_then(deployment: Deployment) -> None:
    deployment.apply(DELAYED)
    incident = deployment.open()
    deployment.change(incident, IncidentStatus.ACKNOWLEDGED)
    deployment.at(timedelta(minutes=15))
    assert deployment.said() == []
    assert deployment.statuses() == {"grace": "succeeded", "tell": "skipped"}


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
    deployment: Deployment, changes: bool, status: str
) -> None:
    deployment.apply(CONDITIONAL)
    incident = deployment.open()
    assert deployment.statuses()["grace"] == "waiting"
    if changes:
        deployment.change(incident, IncidentStatus.ACKNOWLEDGED)
    deployment.at(timedelta(minutes=15))
    assert deployment.statuses() == {"grace": status, "tell": status}


def test_a_delay_whose_condition_does_not_hold_takes_no_time(deployment: Deployment) -> None:
    deployment.apply(CONDITIONAL.replace('"open"}', '"resolved"}'))
    deployment.open()
    assert deployment.statuses() == {"grace": "skipped", "tell": "skipped"}


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
    deployment: Deployment, severity: str, concerned: str, said: list[str]
) -> None:
    deployment.apply(BRANCHED)
    deployment.open(severity=severity, title=concerned)
    assert deployment.said() == said


def test_the_actions_of_branches_are_listed_in_order_with_why_they_were_skipped(
    deployment: Deployment,
) -> None:
    deployment.apply(BRANCHED)
    deployment.open(severity="low")
    actions = deployment.run().actions

    assert [action.id for action in actions] == ["how", "page", "who", "orders", "others", "calm", "done"]
    outputs = {action.id: action.output for action in actions}
    assert outputs["how"] == {"branch": "else"}
    assert outputs["page"] == {"reason": "how took the other branch: else."}
    assert outputs["orders"] == {"reason": "who took no branch: its status is skipped."}


def test_neither_way_is_taken_where_a_branch_cannot_be_decided(deployment: Deployment) -> None:
    text = BRANCHED.replace(
        'if: incident.severity == "critical"',
        "if: int(incident.title) > 0\n    on_failure: continue",
    ).replace(', text: "{{ actions.how.output.branch }} {{ actions.page.status }}"', ", text: done")
    deployment.apply(text)
    deployment.open()
    assert deployment.said() == ["done"]
    assert deployment.statuses() | {"how": ""} == {
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


def test_a_workflow_ends_at_its_deadline_also_while_it_waits(deployment: Deployment) -> None:
    deployment.apply(LIMITED)
    deployment.open()
    deployment.at(timedelta(minutes=10) - SECOND)
    assert deployment.run().status is Status.WAITING
    deployment.at(timedelta(minutes=10))
    run = deployment.run()
    assert (run.status, run.error) == (Status.TIMED_OUT, "Not finished within 10 min.")
    assert deployment.statuses() == {"grace": "timed_out", "tell": "pending"}
    [text] = deployment.said()
    assert "timed out" in text
    assert "*grace*" in text


@pytest.mark.parametrize(
    ("delay", "status", "said"),
    [("9m59s", Status.SUCCEEDED, ["too late"]), ("10m", Status.TIMED_OUT, [])],
)
def test_an_action_begins_until_the_second_before_the_deadline(
    deployment: Deployment, delay: str, status: Status, said: list[str]
) -> None:
    deployment.apply(LIMITED.replace("15m", delay))
    deployment.open()
    deployment.at(parse_duration(delay))

    assert deployment.run().status is status
    assert [text for text in deployment.said() if "timed out" not in text] == said


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


def test_a_runbook_ends_at_its_deadline_also_while_it_waits(deployment: Deployment) -> None:
    deployment.apply(LIMITED_RUNBOOK)
    deployment.open()
    deployment.at(timedelta(minutes=10) - SECOND)
    assert deployment.runbook_runs()[0].status == "waiting"
    deployment.at(timedelta(minutes=10))
    assert deployment.runbook_runs()[0].status == "timed_out"


def test_a_worker_that_dies_within_a_workflow_leaves_a_run_that_another_one_ends(
    deployment: Deployment,
) -> None:
    deployment.apply(DELAYED)
    deployment.open()
    with deployment.unit_of_work.begin() as work:
        row = work.session.scalars(select(ActionExecution).where(ActionExecution.position == 0)).one()
        execution_id = row.execution_id
    deployment.at(timedelta(minutes=15))
    new_executor(deployment.unit_of_work).run(WORKFLOW, execution_id)
    assert deployment.said() == ["still open"]
    with deployment.unit_of_work.begin() as work:
        assert work.session.scalars(select(Incident)).one().status == "open"
