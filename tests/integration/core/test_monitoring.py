"""What monitoring is told: each figure answers its question, on rows that are there."""

from datetime import timedelta

from sqlalchemy import delete, insert, update

from bot.pages.metrics import BOUNDS, OfProcess, render
from core.services.operations.health import Life
from core.services.operations.monitoring import Figures, figures_of
from core.tables import Notice, Process, RunbookExecution, WorkerLoss
from tests.integration.core.world import CoreWorld
from workers.scheduler import count_what_ended

SAY = "- {id: say, type: message, text: hello}"
GATED = "- {id: gate, type: approval, approvers: {team: database, role: admin}}\n" + SAY


def figures(world: CoreWorld) -> Figures:
    with world.unit_of_work.begin() as work:
        return figures_of(work)


def rendered(world: CoreWorld) -> dict[str, float]:
    """The samples by name and labels."""
    with world.unit_of_work.begin() as work:
        text = render(figures_of(work), OfProcess(True, 1, 2), work.now).decode()
    lines = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in lines}


def test_whether_the_queue_is_late(world: CoreWorld) -> None:
    assert figures(world).due.size == 0
    world.begin(SAY)
    world.clock.pass_by(seconds=90)
    samples = rendered(world)
    assert samples["runbook_executions_due"] == 1
    assert 90 <= samples["runbook_oldest_due_seconds"] < 100
    world.work()
    assert rendered(world)["runbook_oldest_due_seconds"] == 0


def test_whether_gates_wait_and_how_long(world: CoreWorld) -> None:
    run = world.begin(GATED)
    world.work()
    world.clock.pass_by(minutes=10)
    samples = rendered(world)
    assert (samples["runbook_gates_open"], samples['runbook_executions_waiting{for="approval"}']) == (1, 1)
    assert 600 <= samples["runbook_oldest_gate_seconds"] < 610
    world.decide(run, approved=True)
    assert rendered(world)["runbook_oldest_gate_seconds"] == 0


def test_whether_slack_is_behind(world: CoreWorld) -> None:
    with world.unit_of_work.begin() as work:
        work.session.execute(delete(Notice))
    run = world.begin(SAY)
    world.clock.pass_by(seconds=30)
    samples = rendered(world)
    assert (samples["runbook_notices_due"], samples["runbook_notices_owed"]) == (1, 1)
    assert 30 <= samples["runbook_oldest_notice_seconds"] < 40
    with world.unit_of_work.begin() as work:
        later = work.now + timedelta(minutes=1)
        work.session.execute(update(Notice).where(Notice.subject_id == run).values(due_at=later))
    samples = rendered(world)
    assert (samples["runbook_notices_due"], samples["runbook_notices_owed"]) == (0, 1)


def test_whether_workers_are_lost_and_taken_over_from(world: CoreWorld) -> None:
    run = world.begin(SAY)
    with world.unit_of_work.begin() as work:
        held = {"worker": "dead", "status": "running", "wake_at": work.now + timedelta(seconds=5)}
        work.session.execute(update(RunbookExecution).values(held))
    assert (figures(world).held, figures(world).lost.size) == (1, 0)
    world.clock.pass_by(seconds=6)
    assert rendered(world)["runbook_executions_lost"] == 1
    world.work()
    with world.unit_of_work.begin() as work:
        loss = {"execution_id": run, "fence": 7, "definition_id": "rbk_1", "version": 1, "position": 0}
        work.session.execute(insert(WorkerLoss).values(**loss, lost_at=work.now))
    samples = rendered(world)
    assert samples["runbook_executions_lost"] == 0
    assert samples["runbook_worker_losses"] >= 1


def test_whether_the_clock_is_alive_and_has_done_its_work(world: CoreWorld) -> None:
    samples = rendered(world)
    assert samples['runbook_processes_alive{process="clock"}'] == 0
    assert 'runbook_process_seen_seconds{process="clock"}' not in samples
    assert samples["runbook_audit_unsealed"] > 0
    with world.unit_of_work.begin() as work:
        Life("clock", "1.0").give_sign(work)
        work.session.execute(update(Process).values(seen_at=work.now - timedelta(seconds=20)))
    samples = rendered(world)
    assert samples['runbook_processes_alive{process="clock"}'] == 1
    assert 20 <= samples['runbook_process_seen_seconds{process="clock"}'] < 25


def test_how_full_the_pools_are(world: CoreWorld) -> None:
    samples = rendered(world)
    assert 1 <= samples["runbook_database_connections"] <= samples["runbook_database_connections_max"]
    assert (samples["runbook_web_pool_in_use"], samples["runbook_web_pool_size"]) == (1, 2)


def test_how_long_runs_steps_and_approvals_take(world: CoreWorld) -> None:
    run = world.begin(GATED)
    world.work()
    world.clock.pass_by(seconds=40)
    world.decide(run, approved=True)
    world.work()
    assert rendered(world)['runbook_execution_duration_seconds_count{kind="runbook"}'] == 0
    count_what_ended(world.unit_of_work)
    samples = rendered(world)

    up_to = 'runbook_execution_duration_seconds_bucket{kind="runbook",le="%s"}'
    assert [samples[up_to % le] for le in ("30.0", "60.0", "+Inf")] == [0, 1, 1]
    assert 38 < samples['runbook_execution_duration_seconds_sum{kind="runbook"}'] < 45
    assert samples['runbook_step_duration_seconds_bucket{le="60.0",type="approval"}'] == 1
    assert samples['runbook_step_duration_seconds_bucket{le="0.5",type="message"}'] == 1
    assert samples['runbook_approval_duration_seconds_bucket{le="60.0"}'] == 1
    assert samples['runbook_executions{kind="runbook",status="succeeded"}'] == 1
    bounds = [name for name in samples if name.startswith("runbook_approval_duration_seconds_bucket")]
    assert len(bounds) == len(BOUNDS) + 1
