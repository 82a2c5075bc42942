"""While Redis is away a worker finds in the database what is due."""

from datetime import timedelta

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from core.clock import SystemClock
from core.execution.executor import Executor
from core.services.executions.kinds import Kind
from core.statuses import Status
from core.tables import RunbookExecution
from core.unit_of_work import UnitOfWorkFactory
from tests.conftest import ADMIN
from tests.world import TEAMS, apply_documents, new_executor, new_incident, see, start_run
from workers import worker as workers_worker
from workers.fallback_poller import FallbackPoller
from workers.job_queue import RqJobQueue, open_redis
from workers.shutdown import Shutdown
from workers.worker import build_worker, work

AWAY = "redis://127.0.0.1:1/0"
SAY = "kind: runbook\nname: say\nsteps: [{id: say, type: message, text: hello}]"
WORKFLOW = (
    "kind: workflow\nname: react\ntrigger: {on: incident.created}\n"
    "actions: [{id: say, type: runbook, runbook: say}]"
)


@pytest.fixture
def unit_of_work(engine: Engine) -> UnitOfWorkFactory:
    """Its job queue is broken."""
    unit_of_work = UnitOfWorkFactory(engine, SystemClock(), RqJobQueue(open_redis(AWAY)), frozenset({ADMIN}))
    apply_documents(unit_of_work, TEAMS + "---\n" + SAY)
    return unit_of_work


def test_a_worker_without_redis_runs_what_is_due(
    unit_of_work: UnitOfWorkFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What brings Redis back may be a runbook."""
    monkeypatch.setattr(workers_worker, "PAUSE_SECONDS", 0.01)
    run = start_run(unit_of_work, new_incident(unit_of_work), "say")
    executor = new_executor(unit_of_work)
    shutdown, fallback_poller = (
        Shutdown(executor.stopping, executor.hurry),
        FallbackPoller(unit_of_work, executor),
    )

    def look_once() -> None:
        fallback_poller.look()
        shutdown.stopping.set()

    work(AWAY, shutdown, look_once)
    assert see(unit_of_work, run).status is Status.SUCCEEDED


def test_a_worker_whose_redis_goes_away_looks_while_it_waits(
    unit_of_work: UnitOfWorkFactory, redis: Redis
) -> None:
    run = start_run(unit_of_work, new_incident(unit_of_work), "say")
    executor = new_executor(unit_of_work)
    shutdown = Shutdown(executor.stopping, executor.hurry)
    worker = build_worker(redis, shutdown, FallbackPoller(unit_of_work, executor).look)
    worker.connection = Redis.from_url(AWAY)
    with pytest.raises(RedisConnectionError):
        worker.heartbeat()
    assert see(unit_of_work, run).status is Status.SUCCEEDED


def test_workflows_are_run_and_what_they_start(unit_of_work: UnitOfWorkFactory) -> None:
    apply_documents(unit_of_work, WORKFLOW)
    incident = new_incident(unit_of_work)
    fallback_poller = FallbackPoller(unit_of_work, new_executor(unit_of_work))
    for _ in range(2):
        fallback_poller.look()
    with unit_of_work.begin() as work:
        [run] = work.session.query(RunbookExecution).filter_by(incident_id=incident.id)
        assert (run.status, run.workflow_execution_id is None) == ("succeeded", False)


def test_what_is_not_due_is_not_even_tried(
    unit_of_work: UnitOfWorkFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    due, later = (start_run(unit_of_work, new_incident(unit_of_work), "say") for _ in range(2))
    with unit_of_work.begin() as work:
        work.session.get_one(RunbookExecution, later).wake_at = work.now + timedelta(minutes=1)
    tried: list[str] = []
    monkeypatch.setattr(Executor, "run", lambda _self, _kind, execution_id: tried.append(execution_id))
    FallbackPoller(unit_of_work, new_executor(unit_of_work)).look()
    assert tried == [due]


def test_who_is_told_to_stop_begins_nothing_more(unit_of_work: UnitOfWorkFactory) -> None:
    run = start_run(unit_of_work, new_incident(unit_of_work), "say")
    executor = new_executor(unit_of_work)
    executor.stopping.set()
    FallbackPoller(unit_of_work, executor).look()
    assert see(unit_of_work, run).status is Status.PENDING


def test_a_run_that_fails_in_our_hands_keeps_no_other_waiting(
    unit_of_work: UnitOfWorkFactory, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    incident = new_incident(unit_of_work)
    first, second = (start_run(unit_of_work, incident, "say") for _ in range(2))
    genuine = Executor.run

    def run(self: Executor, kind: Kind, execution_id: str) -> None:
        if execution_id == first:
            raise ValueError("nobody expected this")
        genuine(self, kind, execution_id)

    monkeypatch.setattr(Executor, "run", run)
    FallbackPoller(unit_of_work, new_executor(unit_of_work)).look()
    assert see(unit_of_work, second).status is Status.SUCCEEDED
    assert "execution failed unexpectedly" in capsys.readouterr().out


def test_a_database_that_is_away_too_is_waited_for(
    unit_of_work: UnitOfWorkFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: UnitOfWorkFactory) -> None:
        raise OperationalError("SELECT 1", {}, Exception("away"))

    monkeypatch.setattr(UnitOfWorkFactory, "begin", away)
    FallbackPoller(unit_of_work, new_executor(unit_of_work)).look()
