"""A definition that kills its workers is put under quarantine, and an innocent one is not."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from core.decisions.people import Person
from core.errors import Conflict
from core.execution.executor import Executor
from core.execution.lease import LeaseRenewer
from core.execution.run import Run
from core.services.executions.kinds import RUNBOOK, WORKFLOW
from core.services.executions.loading import LEASE
from core.services.library.runbooks import runbook_named
from core.statuses import ApprovalStatus, Status, WaitingFor
from core.steps.message import MessageStep
from core.tables import AuditEntry, Notice, Runbook, WorkerLoss, Workflow, WorkflowExecution, WorkflowVersion
from core.values.execution import StepPrepared, Transition
from tests.conftest import ADMIN
from tests.integration.core.world import CoreWorld
from tests.world import Target, apply_documents, approve_runbook, new_incident, start_run
from workers.scheduler import tidy

SAY = "- {id: say, type: message, text: hello}\n"
OTHER = "- {id: other, type: message, text: hello}\n"
WORKFLOW_TEXT = """
kind: workflow
name: react
team: database
trigger: {on: incident.created}
actions: [{id: say, type: message, text: hello}]
"""


class Died(BaseException):
    """The worker's process is gone."""


class Doomed(Executor):
    """A worker that is killed as soon as it has claimed."""

    def _work(self, run: Run, renewer: LeaseRenewer) -> None:
        raise Died


def killed(world: CoreWorld, run: str, times: int = 1) -> None:
    """One worker after the other takes the run, and is killed by it."""
    ports = world.executor._ports
    for _ in range(times):
        with pytest.raises(Died):
            Doomed(world.unit_of_work, ports, "doomed").run(RUNBOOK, run)
        world.clock.pass_by(seconds=LEASE.total_seconds() + 1)


def go_on(world: CoreWorld, run: str) -> None:
    world.executor.run(RUNBOOK, run)


def runbook(world: CoreWorld, name: str = "tried") -> Runbook:
    with world.unit_of_work.begin() as work:
        return runbook_named(work, name)


def approve(world: CoreWorld, name: str = "tried") -> None:
    with world.unit_of_work.begin() as work:
        person = Person(ADMIN, is_platform_admin=True)
        approve_runbook(work, person, runbook_named(work, name), own_version_allowed=True)


def counted(world: CoreWorld) -> int:
    with world.unit_of_work.begin() as work:
        return work.session.scalar(select(func.count()).select_from(WorkerLoss)) or 0


def test_the_third_loss_in_a_row_ends_the_run_and_says_so(world: CoreWorld) -> None:
    run = world.begin(SAY)
    killed(world, run, 3)
    go_on(world, run)
    seen = world.see(run)
    assert seen.status is Status.FAILED
    assert seen.error == (
        f"It is under quarantine now. Its worker was lost 3 times at step say ({run}). "
        "Change it, or ask a platform admin to approve it again."
    )
    with world.unit_of_work.begin() as work:
        owed = work.session.scalars(select(Notice.kind).where(Notice.subject_id == run)).all()
        entry = work.session.scalars(
            select(AuditEntry).where(AuditEntry.action == "runbook.quarantined")
        ).one()
    assert "outcome" in owed, "the incident's channel is told"
    assert (entry.actor, entry.details["version"], entry.details["execution"]) == ("system", 1, run)
    change = (entry.details["before"], entry.details["after"])
    assert change == ({"status": "approved"}, {"status": "draft"})


def test_what_is_under_quarantine_runs_no_more(world: CoreWorld) -> None:
    run = world.begin(SAY)
    asked_before = start_run(world.unit_of_work, world.incident, "tried")
    killed(world, run, 3)
    go_on(world, run)
    with pytest.raises(
        Conflict, match=r"tried is under quarantine\. Its worker was lost 3 times at step say"
    ):
        start_run(world.unit_of_work, world.incident, "tried")
    go_on(world, asked_before)
    assert world.see(asked_before).status is Status.FAILED
    assert "under quarantine" in str(world.see(asked_before).error)
    assert runbook(world).status == ApprovalStatus.DRAFT


def test_a_pipeline_that_applies_the_same_again_does_not_let_it_run(world: CoreWorld) -> None:
    run = world.begin(SAY)
    killed(world, run, 3)
    go_on(world, run)
    with pytest.raises(Conflict, match="under quarantine"):
        world.begin(SAY)


def test_a_platform_admin_lets_it_run_again(world: CoreWorld) -> None:
    run = world.begin(SAY)
    killed(world, run, 3)
    go_on(world, run)
    approve(world)
    again = start_run(world.unit_of_work, world.incident, "tried")
    go_on(world, again)
    assert world.see(again).status is Status.SUCCEEDED
    assert runbook(world).quarantine is None


def test_a_change_makes_another_version_which_is_not_to_blame(world: CoreWorld) -> None:
    run = world.begin(SAY)
    killed(world, run, 2)
    begun = world.begin(OTHER)
    killed(world, run, 1)
    go_on(world, run)
    assert world.see(run).status is Status.FAILED
    assert (runbook(world).version, runbook(world).quarantine) == (2, None)
    go_on(world, begun)
    assert world.see(begun).status is Status.SUCCEEDED


def test_two_losses_are_not_enough(world: CoreWorld) -> None:
    run = world.begin(SAY)
    killed(world, run, 2)
    go_on(world, run)
    assert world.see(run).status is Status.SUCCEEDED
    assert counted(world) == 2


def test_losses_of_several_runs_or_at_several_steps_do_not_add_up(world: CoreWorld) -> None:
    run = world.begin(SAY + f"- {{id: wait, type: wait, for: 1s}}\n{OTHER}")
    others = [start_run(world.unit_of_work, world.incident, "tried") for _ in range(3)]
    killed(world, run, 2)
    go_on(world, run)
    world.clock.pass_by(minutes=5)
    killed(world, run, 1)
    go_on(world, run)
    world.clock.pass_by(minutes=5)
    for other in others:
        killed(world, other, 1)
        go_on(world, other)
    assert world.see(run).status is Status.SUCCEEDED
    assert runbook(world).quarantine is None


def storm(world: CoreWorld, run: str, losses: int) -> None:
    """Somebody kills workers at random, and this run meets with it each time."""
    for _ in range(losses):
        killed(world, run)
        other = start_run(world.unit_of_work, world.incident, "another")
        killed(world, other)
        go_on(world, other)


@pytest.mark.parametrize(("losses", "ends"), [(9, Status.SUCCEEDED), (10, Status.FAILED)])
def test_while_workers_die_elsewhere_too_it_takes_ten(world: CoreWorld, losses: int, ends: Status) -> None:
    run = world.begin(SAY)
    world.begin(OTHER, name="another")
    storm(world, run, losses)
    go_on(world, run)
    assert world.see(run).status is ends


def test_a_loss_elsewhere_that_is_long_over_excuses_nobody(world: CoreWorld) -> None:
    run = world.begin(SAY)
    world.begin(OTHER, name="another")
    storm(world, run, 1)
    world.clock.pass_by(minutes=1)
    killed(world, run, 3)
    go_on(world, run)
    assert world.see(run).status is Status.FAILED


def test_a_worker_that_lives_takes_its_loss_back(world: CoreWorld, target: Target) -> None:
    run = world.begin(
        f"- {{id: call, type: http, method: POST, url: {target.url}/1, retry: {{safe: true, attempts: 9}}}}\n"
    )

    def another_takes_it() -> None:
        del target.during["/1"]
        world.clock.pass_by(seconds=LEASE.total_seconds() + 1)
        killed(world, run, 1)
        assert counted(world) == 1

    target.during["/1"] = another_takes_it
    go_on(world, run)
    assert counted(world) == 0


def test_losses_are_kept_for_a_day(world: CoreWorld) -> None:
    for name in ("first", "second"):
        run = world.begin(SAY, name=name)
        killed(world, run)
        go_on(world, run)
        world.clock.pass_by(hours=23)
    tidy(world.unit_of_work)
    assert counted(world) == 1
    world.clock.pass_by(hours=1)
    tidy(world.unit_of_work)
    assert counted(world) == 0


def test_a_lease_that_ended_while_the_database_was_away_is_no_loss(world: CoreWorld) -> None:
    """The database started after the worker's last sign of life."""
    run = world.begin(SAY)
    killed(world, run, 3)
    with world.unit_of_work.begin() as work:
        started = work.session.scalar(text("SELECT pg_postmaster_start_time()"))
        asleep = {"until": started + LEASE - timedelta(seconds=1), "id": run}
        work.session.execute(text("UPDATE runbook_executions SET wake_at = :until WHERE id = :id"), asleep)
    go_on(world, run)
    assert world.see(run).status is Status.SUCCEEDED


def test_a_cancelled_run_ends_as_that(world: CoreWorld) -> None:
    run = world.begin(SAY)
    killed(world, run, 3)
    world.cancel(run)
    go_on(world, run)
    assert world.see(run).status is Status.CANCELLED
    assert runbook(world).quarantine is None


class DiesOutside(Executor):
    """A worker that is killed right after it committed that the step begins."""

    def _step(self, run: Run, position: int, renewer: LeaseRenewer) -> Transition:
        run.apply(StepPrepared({"url": "x"}))
        run.commit()
        raise Died


def test_a_step_that_had_begun_stays_in_doubt(world: CoreWorld, target: Target) -> None:
    """Each time people are asked, and say: run it again."""
    run = world.begin(f"- {{id: call, type: http, method: POST, url: {target.url}/1}}\n")
    dies_outside = DiesOutside(world.unit_of_work, world.executor._ports, "doomed")
    for answer in ("run_again", "run_again", None):
        with pytest.raises(Died):
            dies_outside.run(RUNBOOK, run)
        world.clock.pass_by(seconds=LEASE.total_seconds() + 1)
        go_on(world, run)
        if answer:
            assert world.see(run).waiting_for is WaitingFor.VERDICT
            world.judge(run, answer)
    assert world.see(run).status is Status.FAILED
    assert world.statuses(run) == [Status.UNKNOWN]
    assert target.calls == []


def test_code_that_raises_what_nobody_expected_loses_no_worker(
    world: CoreWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(MessageStep, "prepare", broken)
    run = world.begin(SAY)
    go_on(world, run)
    assert world.see(run).status is Status.FAILED
    assert "An operator finds it in the log under err_" in str(world.see(run).steps[0].error)
    assert runbook(world).quarantine is None


def test_a_workflow_is_in_force_no_more_and_its_channel_told(world: CoreWorld) -> None:
    apply_documents(world.unit_of_work, WORKFLOW_TEXT)
    new_incident(world.unit_of_work)
    with world.unit_of_work.begin() as work:
        run = work.session.scalars(select(WorkflowExecution.id)).one()
    for _ in range(3):
        with pytest.raises(Died):
            Doomed(world.unit_of_work, world.executor._ports, "doomed").run(WORKFLOW, run)
        world.clock.pass_by(seconds=LEASE.total_seconds() + 1)
    world.executor.run(WORKFLOW, run)
    with world.unit_of_work.begin() as work:
        ended = work.session.get_one(WorkflowExecution, run)
        workflow = work.session.scalars(select(Workflow)).one()
        said = work.session.scalars(select(Notice.content).where(Notice.subject_id == run)).all()
        entry = work.session.scalars(
            select(AuditEntry).where(AuditEntry.action == "workflow.quarantined")
        ).one()
    assert (ended.status, workflow.status, workflow.in_force) == (Status.FAILED, "draft", None)
    change = (entry.details["before"], entry.details["after"])
    assert change == ({"status": "approved"}, {"status": "draft"})
    assert workflow.quarantine == f"Its worker was lost 3 times at step say ({run})."
    assert entry.details["execution"] == run
    assert any("It is under quarantine now." in content["text"] for content in said)


def test_of_a_workflow_the_approved_version_is_to_blame_and_not_the_draft_behind_it(world: CoreWorld) -> None:
    apply_documents(world.unit_of_work, WORKFLOW_TEXT)
    new_incident(world.unit_of_work)
    apply_documents(world.unit_of_work, WORKFLOW_TEXT.replace("hello", "good bye"), approve=False)
    with world.unit_of_work.begin() as work:
        run = work.session.scalars(select(WorkflowExecution.id)).one()
    for _ in range(3):
        with pytest.raises(Died):
            Doomed(world.unit_of_work, world.executor._ports, "doomed").run(WORKFLOW, run)
        world.clock.pass_by(seconds=LEASE.total_seconds() + 1)
    world.executor.run(WORKFLOW, run)
    with world.unit_of_work.begin() as work:
        workflow = work.session.scalars(select(Workflow)).one()
        line = work.session.scalars(select(WorkflowVersion).order_by(WorkflowVersion.id.desc())).first()
    assert (workflow.version, workflow.status, workflow.in_force) == (2, "draft", None)
    assert line is not None
    assert (line.version, line.change) == (1, "quarantined")
    assert line.definition["actions"][0]["text"] == "hello"
