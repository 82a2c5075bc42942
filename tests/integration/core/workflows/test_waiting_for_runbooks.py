"""The action `runbook` with `wait: true`: it is over when the runbook is."""

from datetime import timedelta

import pytest

from core.services.access.people import load_person
from core.services.executions.kinds import WORKFLOW
from core.services.executions.loading import load_locked
from core.services.runs.approvals import decide_gate
from core.services.runs.control import cancel
from core.statuses import Status, WaitingFor
from core.tables import ActionExecution, RunbookExecution
from tests.integration.core.workflows.deployment import Deployment
from tests.world import Target, see

SECOND = timedelta(seconds=1)


def documents(target: Target, more: str = "") -> str:
    return f"""
kind: runbook
name: check
team: database
steps:
  - id: gate
    type: approval
    approvers: {{team: database, role: admin}}
  - id: ask
    type: http
    url: {target.url}/check
    save: {{lag: response.json.seconds}}
---
kind: workflow
name: waits
trigger: {{on: incident.created}}
actions:
  - id: check
    type: runbook
    runbook: check
    wait: true
{more}
  - id: tell
    type: message
    text: "{{{{ actions.check.output.status }}}} {{{{ actions.check.output.steps.ask.saved.lag }}}}"
    if: actions.check.status == "succeeded"
  - id: sorry
    type: message
    text: "{{{{ actions.check.output.status }}}}: {{{{ actions.check.error }}}}"
    if: actions.check.status == "failed"
"""


def decide(deployment: Deployment, *, approved: bool, number: int = 0) -> None:
    gate = see(deployment.unit_of_work, deployment.runbook_runs()[number].id).approval
    assert gate is not None
    with deployment.unit_of_work.begin() as work:
        decide_gate(work, load_person(work, "U0DBADMIN", source="test"), gate.id, approved=approved)
    deployment.work()


def test_the_workflow_waits_for_the_runbooks_end_and_sees_its_result(
    deployment: Deployment, target: Target
) -> None:
    deployment.apply(documents(target))
    deployment.open()
    waiting = deployment.run()
    assert (waiting.status, waiting.waiting_for) == (Status.WAITING, WaitingFor.CALLBACK)
    assert waiting.runbook_executions == [deployment.runbook_runs()[0].id]
    decide(deployment, approved=True)

    assert deployment.said() == ["succeeded 1.5"]
    output = deployment.run().actions[0].output
    assert output["execution_id"] == deployment.runbook_runs()[0].id
    assert deployment.run().status is Status.SUCCEEDED


def test_a_failed_run_fails_the_action_and_the_workflow(deployment: Deployment, target: Target) -> None:
    deployment.apply(documents(target))
    deployment.open()
    decide(deployment, approved=False)
    run = deployment.run()

    assert run.status is Status.FAILED
    assert run.error is not None
    assert "failed. Step gate: Rejected by <@U0DBADMIN>." in run.error
    assert run.actions[0].output["status"] == "failed"


def test_a_workflow_may_go_on_after_a_failed_run(deployment: Deployment, target: Target) -> None:
    deployment.apply(documents(target, "    on_failure: continue"))
    deployment.open()
    decide(deployment, approved=False)

    [text] = deployment.said()
    assert text.startswith("failed: check (rbx_")
    assert deployment.run().status is Status.SUCCEEDED


def test_a_cancelled_run_fails_the_action(deployment: Deployment, target: Target) -> None:
    deployment.apply(documents(target))
    deployment.open()
    with deployment.unit_of_work.begin() as work:
        cancel(work, load_person(work, "U0DBOPS", source="test"), deployment.runbook_runs()[0].id)
    deployment.work()

    assert "was cancelled. Cancelled by <@U0DBOPS>." in (deployment.run().error or "")


@pytest.mark.parametrize(("more", "runs"), [("", 1), ("    retry: {safe: true, attempts: 2}", 2)])
def test_a_runbook_is_run_again_only_where_the_action_says_that_this_is_safe(
    deployment: Deployment, target: Target, more: str, runs: int
) -> None:
    deployment.apply(documents(target, more or "    retry: {attempts: 2}"))
    deployment.open()
    decide(deployment, approved=False)
    deployment.at(timedelta(seconds=1))
    assert len(deployment.runbook_runs()) == runs
    if runs == 2:
        decide(deployment, approved=True, number=1)
        assert deployment.said() == ["succeeded 1.5"]


def test_the_action_waits_no_longer_than_its_timeout(deployment: Deployment, target: Target) -> None:
    deployment.apply(documents(target, "    timeout: 5m"))
    deployment.open()
    deployment.at(timedelta(minutes=5) - SECOND)
    assert deployment.run().status is Status.WAITING
    deployment.at(timedelta(minutes=5))
    assert (deployment.run().status, deployment.run().error) == (
        Status.TIMED_OUT,
        "Step check: No answer was received in time.",
    )
    decide(deployment, approved=True)
    assert deployment.run().status is Status.TIMED_OUT
    assert deployment.runbook_runs()[0].status == "succeeded", "a run goes on though nobody waits for it"


def test_an_end_is_answered_in_the_transaction_in_which_it_comes(
    deployment: Deployment, target: Target
) -> None:
    """No worker, no clock and no job is needed for it: none can be lost."""
    deployment.apply(documents(target))
    deployment.open()
    with deployment.unit_of_work.begin() as work:
        cancel(work, load_person(work, "U0DBOPS", source="test"), deployment.runbook_runs()[0].id)
        run_id = deployment.runbook_runs()[0].workflow_execution_id
        assert run_id is not None
        answered = load_locked(work.session, WORKFLOW, run_id)
        assert answered.row.status == "failed"
        work.session.rollback()
    assert deployment.run().status is Status.WAITING


def test_a_run_that_cannot_start_fails_the_action_at_once(deployment: Deployment, target: Target) -> None:
    deployment.apply(documents(target).replace("team: database\nsteps", "team: web\nsteps"))
    deployment.open()
    assert "for incidents of team database" in (deployment.run().error or "")
    assert deployment.runbook_runs() == []


def test_a_run_that_ended_before_the_action_could_wait_answers_it(
    deployment: Deployment, target: Target
) -> None:
    """Seen where the action is done again with the request key of a run that is over."""
    deployment.apply(documents(target))
    deployment.open()
    run = deployment.run()
    with deployment.unit_of_work.begin() as work:
        row = work.session.get_one(RunbookExecution, deployment.runbook_runs()[0].id)
        row.awaited_by = None
    decide(deployment, approved=True)
    with deployment.unit_of_work.begin() as work:
        loaded = load_locked(work.session, WORKFLOW, run.id)
        loaded.row.status, loaded.row.waiting_for, loaded.row.wake_at = "running", None, work.now
        key = {"execution_id": run.id, "position": 0}
        action = work.session.get_one(ActionExecution, key)
        action.status, action.attempt = "pending", 0
    deployment.at(timedelta(seconds=1))

    assert deployment.said() == ["succeeded 1.5"]
    assert len(deployment.runbook_runs()) == 1
