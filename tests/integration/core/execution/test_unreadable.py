"""Executions whose frozen definition cannot be read any more: they end and say why, and people can end them."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from core.errors import Conflict
from core.services.access.people import load_person
from core.services.executions.kinds import WORKFLOW
from core.services.executions.loading import load_locked
from core.services.runs.retries import retry
from core.statuses import Status, WaitingFor
from core.tables import (
    ActionExecution,
    Notice,
    RunbookExecution,
    StepExecution,
    WorkflowExecution,
)
from tests.integration.core.world import CoreWorld
from tests.world import Target, apply_documents, new_incident, start_run, uninstall

SAY = "- {id: say, type: message, text: hello}\n"
PAUSE = "- {id: pause, type: wait, for: 10m}\n"
CALL = "- {id: call, type: http, method: POST, url: %s/1, on_failure: continue, retry: {safe: true}}\n"
WHY = "Version 1 of tried cannot be read by this version of the service, at steps.%d.type: There is no step type gone."
WORKFLOW_TEXT = """
kind: workflow
name: react
trigger: {on: incident.created}
timeout: 1h
actions:
  - {id: how, type: branch, if: "true", then: [{id: say, type: message, text: hello}]}
"""


def test_a_run_that_had_not_begun_fails_and_says_why(world: CoreWorld) -> None:
    run = world.begin(SAY + PAUSE)
    uninstall(world.unit_of_work, "message")
    world.work()
    assert world.see(run).status is Status.FAILED
    assert world.see(run).error == f"Step say: {WHY % 0}"
    assert world.statuses(run) == [Status.FAILED, Status.PENDING]
    with world.unit_of_work.begin() as work:
        assert work.session.get_one(RunbookExecution, run).wake_at is None, (
            "no job is enqueued for it any more"
        )


def test_what_was_done_stays_done_and_the_rest_fails(world: CoreWorld) -> None:
    run = world.begin(PAUSE + SAY)
    world.work()
    uninstall(world.unit_of_work, "message")
    world.pass_by(minutes=10)
    assert world.statuses(run) == [Status.SUCCEEDED, Status.FAILED]
    assert world.see(run).error == f"Step say: {WHY % 1}"


def lose(world: CoreWorld, kind: type[StepExecution] | type[ActionExecution]) -> None:
    """The worker died within the first step."""
    table = RunbookExecution if kind is StepExecution else WorkflowExecution
    with world.unit_of_work.begin() as work:
        soon = {"status": "running", "worker": "dead", "fence": 1, "wake_at": work.now + timedelta(seconds=1)}
        work.session.execute(update(table).values(soon))
        begun = {"status": "running", "attempt": 1, "started_at": work.now}
        work.session.execute(update(kind).where(kind.position == 0).values(begun))


def test_of_a_step_that_had_begun_people_are_asked(world: CoreWorld, target: Target) -> None:
    """It was safe to repeat; of what cannot be read nobody says so."""
    run = world.begin(CALL % target.url + SAY)
    lose(world, StepExecution)
    uninstall(world.unit_of_work, "http")
    world.pass_by(minutes=1)
    assert world.see(run).waiting_for is WaitingFor.VERDICT
    world.judge(run, "ran")
    world.work()
    assert world.statuses(run) == [Status.SUCCEEDED, Status.FAILED]
    assert target.calls == []


@pytest.mark.parametrize("steps", [SAY, "- {id: gate, type: approval, expires: 1d}\n" + SAY])
def test_it_can_be_cancelled(world: CoreWorld, steps: str) -> None:
    run = world.begin(steps)
    if "gate" in steps:
        world.work()
    uninstall(world.unit_of_work, "message")
    world.cancel(run)
    assert world.see(run).status is Status.CANCELLED


def test_a_limit_that_cannot_be_read_is_none(world: CoreWorld) -> None:
    run = world.begin(SAY)
    with world.unit_of_work.begin() as work:
        row = work.session.get_one(RunbookExecution, run)
        row.definition = row.definition | {"timeout": "900d"}
    world.work()
    assert "cannot be read by this version of the service, at timeout" in str(world.see(run).error)


def test_it_is_neither_started_again_nor_retried(world: CoreWorld) -> None:
    run = world.begin(SAY)
    uninstall(world.unit_of_work, "message")
    world.work()
    with pytest.raises(Conflict, match=r"Version 1 of tried is no longer valid, at steps\.0\.type"):
        start_run(world.unit_of_work, world.incident, "tried")
    with world.unit_of_work.begin() as work, pytest.raises(Conflict, match="no longer valid"):
        retry(work, load_person(work, "U0DBOPS", source="test"), run)


def begin_workflow(world: CoreWorld) -> str:
    apply_documents(world.unit_of_work, WORKFLOW_TEXT)
    new_incident(world.unit_of_work)
    with world.unit_of_work.begin() as work:
        return work.session.scalars(select(WorkflowExecution.id)).one()


def ended(world: CoreWorld, run: str) -> WorkflowExecution:
    with world.unit_of_work.begin() as work:
        return work.session.get_one(WorkflowExecution, run)


def test_a_workflow_fails_and_its_channel_is_told(world: CoreWorld) -> None:
    run = begin_workflow(world)
    uninstall(world.unit_of_work, "message")
    world.work()
    why = (
        "Version 1 of react cannot be read by this version of the service, at actions.0.then.0.type: "
        "There is no action type gone."
    )
    assert (ended(world, run).status, ended(world, run).error) == ("failed", f"Step how: {why}")
    with world.unit_of_work.begin() as work:
        said = work.session.scalars(select(Notice.content).where(Notice.subject_id == run)).one()
    assert said["text"].endswith(f"failed. Action *how*: {why}")


def test_of_an_action_that_had_begun_nobody_is_asked(world: CoreWorld) -> None:
    run = begin_workflow(world)
    lose(world, ActionExecution)
    uninstall(world.unit_of_work, "branch")
    world.pass_by(minutes=1)
    assert ended(world, run).status == "failed"
    assert "Nobody knows whether it happened" in str(ended(world, run).error)


def test_what_can_be_read_has_the_arms_of_its_branches(world: CoreWorld) -> None:
    run = begin_workflow(world)
    with world.unit_of_work.begin() as work:
        loaded = load_locked(work.session, WORKFLOW, run)
        assert [branch and (branch.action_id, branch.name) for branch in loaded.branches] == [
            None,
            ("how", "then"),
        ]
        assert [part.id for part in loaded.parts] == ["how", "say"]
