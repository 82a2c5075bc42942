"""Leases: what a dead worker held is found, and a worker that lost its lease writes nothing more."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import text

from core.clock import elapsed
from core.decisions.states import running
from core.execution import lease
from core.execution import run as core_run
from core.execution.executor import NoProgress
from core.execution.lease import LeaseRenewer
from core.services.executions.kinds import RUNBOOK
from core.services.executions.loading import LEASE
from core.statuses import Status, WaitingFor
from core.tables import RunbookExecution
from core.values.execution import Transition
from tests.integration.core.world import CoreWorld, SilentTarget
from tests.world import Target, new_executor
from workers.scheduler import enqueue_what_is_due

SAY = "- {id: say, type: message, text: hello}\n"


def post(target: Target, path: str, retry: str = "") -> str:
    return f"- {{id: s{path[1:]}, type: http, method: POST, url: {target.url}{path}{retry}}}\n"


def row_of(world: CoreWorld, run: str) -> RunbookExecution:
    with world.unit_of_work.begin() as work:
        return work.session.get_one(RunbookExecution, run)


def claim(world: CoreWorld, run: str, worker: str = "dead") -> bool:
    with world.unit_of_work.begin() as work:
        return lease.claim(work.session, RUNBOOK, run, worker, world.clock) is not None


def test_only_one_worker_claims(world: CoreWorld) -> None:
    run = world.begin(SAY)
    assert claim(world, run, "first")
    assert not claim(world, run, "second")
    assert row_of(world, run).worker == "first"


def test_what_a_dead_worker_had_only_claimed_is_run_by_the_next(world: CoreWorld) -> None:
    run = world.begin(SAY)
    claim(world, run)
    world.work()
    assert world.statuses(run) == [Status.PENDING]
    world.pass_by(seconds=LEASE.total_seconds() + 1)
    assert world.statuses(run) == [Status.SUCCEEDED]


def lose_lease_outside(world: CoreWorld, target: Target, run: str, path: str) -> None:
    """The worker's lease ends while its first call there is under way, and another one takes the run."""

    def steal() -> None:
        del target.during[path]
        world.clock.pass_by(seconds=30)
        new_executor(world.unit_of_work, worker="other").run(RUNBOOK, run)

    target.during[path] = steal


def test_a_worker_that_lost_its_lease_writes_nothing_more(world: CoreWorld, target: Target) -> None:
    """While it is outside its lease ends, and another worker finds the step in doubt."""
    run = world.begin(post(target, "/1") + post(target, "/2"))
    lose_lease_outside(world, target, run, "/1")
    world.work()
    seen = world.see(run)
    assert (seen.status, seen.waiting_for) == (Status.WAITING, WaitingFor.VERDICT)
    assert world.statuses(run) == [Status.UNKNOWN, Status.PENDING]
    assert seen.steps[0].error == "The worker was lost while this step ran. Nobody knows whether it happened."
    assert target.paths() == ["/1"]
    assert row_of(world, run).fence == 2


def test_a_worker_that_lost_its_lease_does_no_act_in_our_own_database(
    world: CoreWorld, target: Target
) -> None:
    run = world.begin(post(target, "/1") + SAY)
    lose_lease_outside(world, target, run, "/1")
    world.work()
    assert world.statuses(run) == [Status.UNKNOWN, Status.PENDING]
    with world.unit_of_work.begin() as work:
        assert not work.session.scalar(text("SELECT count(*) FROM notices WHERE kind = 'message'"))


def test_a_safe_step_of_a_dead_worker_is_run_again_under_its_key(world: CoreWorld, target: Target) -> None:
    run = world.begin(post(target, "/1", ", retry: {safe: true}"))
    lose_lease_outside(world, target, run, "/1")
    world.executor.run(RUNBOOK, run)
    assert world.statuses(run) == [Status.SUCCEEDED]
    assert [key for _, _, key in target.calls] == [f"{run}.s1"] * 2
    assert world.step(run).attempt == 2


def test_a_beating_heart_keeps_the_lease(world: CoreWorld) -> None:
    run = world.begin(SAY)
    claim(world, run, "alive")
    renewer = LeaseRenewer(world.unit_of_work.engine, RUNBOOK, run, 1, world.clock)
    for _ in range(4):
        world.clock.pass_by(seconds=9)
        renewer.beat()
    assert not claim(world, run, "greedy")
    assert not renewer.stop.is_set()


def test_a_heart_hears_of_a_cancel(world: CoreWorld) -> None:
    run = world.begin(SAY)
    claim(world, run, "alive")
    renewer = LeaseRenewer(world.unit_of_work.engine, RUNBOOK, run, 1, world.clock)
    world.cancel(run)
    renewer.beat()
    assert renewer.stop.is_set()


def test_a_heart_whose_lease_is_somebody_elses_stops_and_keeps_nothing(world: CoreWorld) -> None:
    run = world.begin(SAY)
    claim(world, run, "slow")
    world.clock.pass_by(seconds=11)
    claim(world, run, "quick")
    renewer = LeaseRenewer(world.unit_of_work.engine, RUNBOOK, run, 1, world.clock)
    before = row_of(world, run).wake_at
    world.clock.pass_by(seconds=1)
    renewer.beat()
    assert renewer.stop.is_set()
    assert row_of(world, run).wake_at == before


def test_a_beat_says_how_long_the_lease_is_surely_held(world: CoreWorld) -> None:
    """Less long than it is: a command is dead before the next worker may begin it."""
    run = world.begin(SAY)
    claim(world, run, "alive")
    claimed_at = elapsed() - 5
    renewer = LeaseRenewer(world.unit_of_work.engine, RUNBOOK, run, 1, world.clock, claimed_at)
    longest = LEASE.total_seconds() - 1
    assert renewer.stop.held_until == claimed_at + longest
    before = elapsed()
    renewer.beat()
    assert before <= renewer.stop.held_until - longest <= elapsed()


def test_a_beat_of_who_has_the_lease_no_more_holds_nothing(world: CoreWorld) -> None:
    run = world.begin(SAY)
    claim(world, run, "slow")
    world.clock.pass_by(seconds=11)
    claim(world, run, "quick")
    renewer = LeaseRenewer(world.unit_of_work.engine, RUNBOOK, run, 1, world.clock)
    held = renewer.stop.held_until
    renewer.beat()
    assert renewer.stop.held_until == held


class StopsBetween(threading.Event):
    """Is set from the second time that somebody looks."""

    looked = 0

    def is_set(self) -> bool:
        self.looked += 1
        return self.looked > 1


@pytest.mark.parametrize("first", ["inside", "outside"])
def test_a_worker_that_is_told_to_stop_gives_back_what_it_holds(
    world: CoreWorld, target: Target, first: str
) -> None:
    run = world.begin((SAY if first == "inside" else post(target, "/1")) + post(target, "/2"))
    stopped = new_executor(world.unit_of_work, worker="stopped")
    stopped.stopping = StopsBetween()
    world.jobs.clear()
    stopped.run(RUNBOOK, run)
    assert world.statuses(run) == [Status.SUCCEEDED, Status.PENDING]
    assert row_of(world, run).worker is None
    assert world.jobs == [("runbook", run)]
    world.work()
    assert world.see(run).status is Status.SUCCEEDED


@pytest.mark.parametrize("what", ["a retry", "a wait"])
def test_a_worker_that_stops_just_as_a_wait_is_over_leaves_the_step_to_the_next(
    world: CoreWorld, target: Target, what: str
) -> None:
    """What it leaves is neither waiting, for the time came, nor begun."""
    target.answers["/flaky"] = 503
    safe = ", retry: {safe: true, attempts: 3, backoff: 5s}"
    first = post(target, "/flaky", safe) if what == "a retry" else "- {id: pause, type: wait, for: 5s}\n"
    run = world.begin(first + post(target, "/2"))
    world.work()
    assert world.see(run).waiting_for is WaitingFor.TIMER
    target.answers.clear()
    world.clock.pass_by(seconds=6)
    stopped = new_executor(world.unit_of_work, worker="stopped")
    stopped.stopping.set()
    stopped.run(RUNBOOK, run)
    assert (world.see(run).status, row_of(world, run).worker) == (Status.RUNNING, None)
    world.work()
    assert world.see(run).status is Status.SUCCEEDED


def test_a_run_that_goes_on_and_has_nothing_to_do_is_let_go(
    world: CoreWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistake of ours must not keep a worker, and the database, busy for ever."""
    run = world.begin(SAY)
    monkeypatch.setattr(core_run, "advance", lambda state, *_: Transition(running(state)))
    with pytest.raises(NoProgress, match=run):
        world.executor.run(RUNBOOK, run)
    world.clock.pass_by(seconds=11)
    assert enqueue_what_is_due(world.unit_of_work) == 1


@pytest.mark.parametrize(
    ("retry", "waits_for"),
    [("", WaitingFor.VERDICT), (", retry: {safe: true, backoff: 1m}", WaitingFor.TIMER)],
    ids=["unsafe", "safe"],
)
def test_a_worker_whose_grace_time_is_over_writes_down_what_is_known_and_lets_go(
    world: CoreWorld, silent: SilentTarget, retry: str, waits_for: WaitingFor
) -> None:
    silent.release.clear()
    run = world.begin(f"- {{id: call, type: http, method: POST, url: {silent.url}{retry}}}\n")
    worker = threading.Thread(target=world.executor.run, args=(RUNBOOK, run))
    worker.start()
    assert silent.called.wait(10)
    world.executor.stopping.set()
    world.executor.hurry()
    worker.join(10)
    assert not worker.is_alive()
    assert (world.see(run).waiting_for, row_of(world, run).worker) == (waits_for, None)
    assert world.step(run).error == "The request was stopped before an answer was received."


@pytest.mark.parametrize("waited", [timedelta(seconds=0), timedelta(seconds=11)])
def test_the_clock_leaves_alone_what_a_worker_holds(world: CoreWorld, waited: timedelta) -> None:
    run = world.begin(SAY)
    world.jobs.clear()
    claim(world, run)
    world.clock.ahead += waited
    assert enqueue_what_is_due(world.unit_of_work) == (1 if waited > LEASE else 0)


def test_a_run_is_one_claim_and_few_commits(world: CoreWorld, target: Target) -> None:
    run = world.begin("".join(post(target, f"/{i}") for i in range(5)))
    world.work()
    assert row_of(world, run).revision == 1 + 5 + 1
