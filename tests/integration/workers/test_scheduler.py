"""The scheduler: what is due gets a job, once in a while, whatever became of the first one."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import Connection, Engine, create_engine, event, false, true, update
from sqlalchemy.exc import OperationalError

from bench.explaining import recorded
from core.services.executions.kinds import RUNBOOK
from core.statuses import Status
from core.tables import RunbookExecution
from core.unit_of_work import UnitOfWorkFactory
from tests.conftest import ADMIN, RecordedJobs
from tests.integration.core.world import CoreWorld, MovableClock
from tests.world import TEAMS, apply_documents, new_executor, new_incident
from workers import scheduler as workers_clock
from workers.scheduler import (
    AT_ONCE,
    EACH_ROUND,
    PATIENCE,
    REST,
    RoundTask,
    Watch,
    enqueue_what_is_due,
    run_clock,
)
from workers.shutdown import AGAIN, PeriodicTask, PeriodicTasks

SAY = "- {id: say, type: message, text: hello}\n"


@pytest.fixture
def world(engine: Engine, recorded_jobs: RecordedJobs) -> CoreWorld:
    clock = MovableClock()
    unit_of_work = UnitOfWorkFactory(engine, clock, recorded_jobs, frozenset({ADMIN}))
    apply_documents(unit_of_work, TEAMS)
    return CoreWorld(
        unit_of_work, clock, recorded_jobs.enqueued, new_executor(unit_of_work), new_incident(unit_of_work)
    )


def jobs(world: CoreWorld, **later: float) -> list[str]:
    """The executions that the scheduler enqueues so many seconds later."""
    world.clock.pass_by(**later)
    world.jobs.clear()
    assert enqueue_what_is_due(world.unit_of_work) == len(world.jobs)
    return [execution_id for _, execution_id in world.jobs]


def test_a_lost_bell_is_rung_again_once_per_patience(world: CoreWorld) -> None:
    run = world.begin(SAY)
    patience = PATIENCE.total_seconds()
    assert jobs(world, seconds=1) == []
    assert jobs(world, seconds=patience) == [run]
    assert jobs(world, seconds=1) == []
    assert jobs(world, seconds=patience) == [run]


def test_what_waits_is_rung_for_at_its_time(world: CoreWorld) -> None:
    run = world.begin("- {id: pause, type: wait, for: 10m}\n" + SAY)
    world.work()
    assert jobs(world, minutes=9) == []
    assert jobs(world, minutes=1) == [run]


def test_what_waits_for_people_and_what_has_ended_is_not_rung_for(world: CoreWorld) -> None:
    world.begin("- {id: gate, type: approval, expires: 1d}\n" + SAY)
    world.begin(SAY, name="quick")
    world.work()
    assert jobs(world, hours=1) == []


def test_what_a_worker_holds_is_rung_for_when_its_lease_is_over(world: CoreWorld) -> None:
    run = world.begin(SAY)
    with world.unit_of_work.begin() as work:
        held = {"worker": "dead", "fence": 1, "wake_at": work.now + timedelta(seconds=30)}
        work.session.execute(update(RunbookExecution).values(held))
    assert jobs(world, seconds=29) == []
    assert jobs(world, seconds=2) == [run]
    new_executor(world.unit_of_work).run(RUNBOOK, run)
    assert world.see(run).status == "succeeded"


def lose(world: CoreWorld, run: str) -> None:
    """A worker died with this run in its hands; its lease is over in a second."""
    with world.unit_of_work.begin() as work:
        held = {"worker": "dead", "fence": 1, "wake_at": work.now + timedelta(seconds=1)}
        work.session.execute(update(RunbookExecution).where(RunbookExecution.id == run).values(held))


def test_what_a_lost_worker_left_goes_first(world: CoreWorld, recorded_jobs: RecordedJobs) -> None:
    waits, lost = (world.begin(SAY, name=name) for name in ("waits", "lost"))
    lose(world, lost)
    assert sorted(jobs(world, minutes=1)) == sorted([waits, lost])
    assert recorded_jobs.first == [lost]


def test_what_a_lost_worker_left_is_rung_for_again_sooner(world: CoreWorld) -> None:
    """The worker that took the job may have died before it claimed."""
    lost = world.begin(SAY)
    lose(world, lost)
    assert jobs(world, minutes=1) == [lost]
    assert jobs(world, seconds=1) == []
    assert jobs(world, seconds=1.1) == [lost]


def test_a_backlog_does_not_keep_the_clock_from_what_was_lost(
    world: CoreWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers_clock, "AT_ONCE", 2)
    begun = [world.begin(SAY) for _ in range(5)]
    lose(world, begun[-1])
    assert begun[-1] in jobs(world, minutes=1)


def test_who_is_in_the_queue_still_is_not_rung_for_again(
    world: CoreWorld, recorded_jobs: RecordedJobs
) -> None:
    queued, missed = world.begin(SAY), world.begin(SAY, name="other")
    recorded_jobs.waiting = frozenset({queued})
    assert jobs(world, seconds=60) == [missed]
    recorded_jobs.waiting = frozenset()
    assert sorted(jobs(world, seconds=60)) == sorted([queued, missed])


def test_what_a_lost_worker_left_does_not_stay_at_the_end_of_the_queue(
    world: CoreWorld, recorded_jobs: RecordedJobs
) -> None:
    run = world.begin(SAY)
    lose(world, run)
    recorded_jobs.waiting = frozenset({run})
    assert jobs(world, minutes=1) == [run]


def test_several_clocks_ring_once(world: CoreWorld) -> None:
    for _ in range(20):
        world.begin(SAY)
    world.jobs.clear()
    world.clock.pass_by(seconds=PATIENCE.total_seconds() + 1)
    barrier = threading.Barrier(5)

    def tick() -> None:
        barrier.wait(10)
        enqueue_what_is_due(world.unit_of_work)

    threads = [threading.Thread(target=tick) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(world.jobs) == len(set(world.jobs)) == 20


JOINS = ["hashjoin", "mergejoin", "material", "hashagg", "sort", "indexscan", "bitmapscan"]


@pytest.fixture(params=[[], JOINS], ids=["usual plan", "nested loop"])
def planned(request: pytest.FixtureRequest, engine: Engine) -> Iterator[None]:
    """PostgreSQL's plan, which depends on the sizes of tables. A nested loop executes a plain subquery repeatedly."""

    def plan(connection: Connection) -> None:
        for way in request.param:
            connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")

    event.listen(engine, "begin", plan)
    yield
    event.remove(engine, "begin", plan)


@pytest.mark.usefixtures("planned")
def test_a_large_backlog_is_rung_for_a_part_at_a_time(
    world: CoreWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers_clock, "AT_ONCE", 3)
    begun = [world.begin(SAY) for _ in range(5)]
    first = jobs(world, seconds=60)
    second = jobs(world, seconds=0)
    assert (len(first), len(second)) == (3, 2)
    assert sorted(first + second) == sorted(begun)
    assert AT_ONCE >= 100


@pytest.fixture
def unreachable() -> Iterator[Engine]:
    engine = create_engine(
        "postgresql+psycopg://nobody@127.0.0.1:1/none", connect_args={"connect_timeout": 1}
    )
    yield engine
    engine.dispose()


def test_a_database_that_is_away_is_waited_for(
    world: CoreWorld, unreachable: Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(workers_clock, "TICK", 0.01)
    stop, away = threading.Event(), UnitOfWorkFactory(unreachable, world.clock, RecordedJobs())
    thread = threading.Thread(target=run_clock, args=(away, stop))
    thread.start()
    printed = ""
    for _ in range(500):
        printed += capsys.readouterr().out
        if "clock cannot reach the database" in printed or stop.wait(0.02):
            break
    stop.wait(0.1)  # many ticks more
    printed += capsys.readouterr().out
    assert printed.count("clock cannot reach the database") == 1
    assert thread.is_alive()
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


class Ticks(threading.Event):
    """Stops the clock after so many ticks."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.left = count

    def wait(self, timeout: float | None = None) -> bool:
        self.left -= 1
        return self.left < 0


def each_tick(monkeypatch: pytest.MonkeyPatch, *tasks: PeriodicTask) -> None:
    """Have these tasks done at each tick, beside the look."""
    monkeypatch.setattr(workers_clock, "TICKS_BETWEEN_ROUNDS", 1)
    monkeypatch.setattr(
        workers_clock, "EACH_ROUND", tuple(RoundTask(task, lambda _: true()) for task in tasks)
    )


def _note(done: list[str], name: str, _: UnitOfWorkFactory) -> None:
    done.append(name)


def failing(*_: object) -> None:
    raise ValueError("the trail is broken")


def away(*_: object) -> None:
    raise OperationalError("SELECT 1", {}, Exception("deadlock"))


@pytest.mark.parametrize("trouble", [failing, away])
@pytest.mark.parametrize("place", range(3))
def test_a_duty_that_fails_keeps_no_other_from_being_done(
    world: CoreWorld, monkeypatch: pytest.MonkeyPatch, trouble: PeriodicTask, place: int
) -> None:
    """Nor the clock from going on."""
    done: list[str] = []
    tasks: list[PeriodicTask] = [partial(_note, done, name) for name in "abc"]
    tasks[place] = trouble
    each_tick(monkeypatch, *tasks)
    monkeypatch.setattr(workers_clock, "tidy", lambda _: done.append("tidy"))
    run_clock(world.unit_of_work, Ticks(3))
    each = [name for name in "abc" if name != "abc"[place]]
    assert done == [*each, "tidy", *each, *each]


def test_the_clock_has_all_its_duties() -> None:
    assert [task.do.__name__ for task in EACH_ROUND] == [
        "start_workflows_by_age",
        "start_scheduled_workflows",
        "close_finished_maintenance",
        "prompt_deciders",
        "seal_the_audit_trail",
        "count_what_ended",
    ]


def test_a_tick_costs_one_statement_while_nothing_is_due(world: CoreWorld, engine: Engine) -> None:
    enqueue_what_is_due(world.unit_of_work)
    with recorded(engine) as statements:
        Watch().look(world.unit_of_work)
    assert len(statements) == 1


def test_what_is_due_is_enqueued_even_if_a_copy_cannot_be_settled(
    world: CoreWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = world.begin(SAY)
    world.jobs.clear()
    world.clock.pass_by(seconds=6)
    monkeypatch.setattr(workers_clock, "as_known", lambda _: false())
    monkeypatch.setattr(workers_clock, "settle", failing)
    with pytest.raises(ValueError, match="broken"):
        Watch().look(world.unit_of_work)
    assert world.jobs == [("runbook", run)]


def test_what_nobody_waits_for_is_done_every_few_seconds(
    world: CoreWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    world.begin(SAY)  # and it keeps the scheduler from resting
    tasks = (RoundTask(partial(_note, done, "round"), lambda _: true()),)
    monkeypatch.setattr(workers_clock, "EACH_ROUND", (*tasks, RoundTask(failing, lambda _: false())))
    monkeypatch.setattr(workers_clock, "settle_and_mark", partial(_note, done, "mark"))
    run_clock(world.unit_of_work, Ticks(21))
    assert (done.count("mark"), done.count("round")) == (6, 3)


def test_a_clock_rests_while_nothing_is_due_soon(world: CoreWorld, engine: Engine) -> None:
    """A run that a worker holds is due when its lease expires, and may wait for a moment before."""
    watch = Watch()
    rests = []
    run = world.begin("- {id: hold, type: wait, for: 1m}")
    for seconds in (0, 0, 40, 10):
        world.pass_by(seconds=seconds)
        watch.look(world.unit_of_work)
        rests.append(watch.rest)
    assert world.see(run).status is Status.WAITING
    assert rests == [REST, REST, REST, 1]


def test_a_clock_that_is_told_to_stop_begins_no_other_duty(
    world: CoreWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop, done = threading.Event(), list[str]()
    monkeypatch.setattr(workers_clock, "TICK", 0.01)
    each_tick(monkeypatch, lambda _: stop.set(), lambda _: done.append("late"))
    run_clock(world.unit_of_work, stop)
    assert done == []


def test_what_fails_again_and_again_is_told_once_a_minute(
    world: CoreWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    tasks = PeriodicTasks(world.unit_of_work)
    for second in (0.0, 0.5, AGAIN - 1):
        assert tasks.do(failing, second) is None
    told = capsys.readouterr().out
    assert told.count("periodic task failed") == 1
    assert "Traceback" in told
    assert "the trail is broken" in told
    tasks.do(failing, AGAIN)
    assert capsys.readouterr().out.count("periodic task failed") == 1


def test_each_trouble_is_told(world: CoreWorld, capsys: pytest.CaptureFixture[str]) -> None:
    def another(_: UnitOfWorkFactory) -> None:
        raise KeyError("x")

    tasks = PeriodicTasks(world.unit_of_work)
    tasks.do(failing, 0.0)
    tasks.do(another, 0.0)
    assert capsys.readouterr().out.count("periodic task failed") == 2


def test_a_database_that_is_away_is_no_trouble_of_a_duty(
    world: CoreWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    assert isinstance(PeriodicTasks(world.unit_of_work).do(away, 0.0), OperationalError)
    assert capsys.readouterr().out == ""


def test_that_the_database_is_away_is_said_once_and_so_is_its_return(
    world: CoreWorld, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    left = [True] * 2

    def away_for_two_ticks(unit_of_work: UnitOfWorkFactory) -> None:
        if left:
            left.pop()
            away(unit_of_work)

    each_tick(monkeypatch, away_for_two_ticks)
    run_clock(world.unit_of_work, Ticks(4))
    printed = capsys.readouterr().out
    assert printed.count("clock cannot reach the database") == 1
    assert printed.count("clock can reach the database again") == 1
