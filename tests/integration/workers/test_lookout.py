"""While Redis is away a worker finds in the database what is due."""

from datetime import timedelta

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from core.clock import SystemClock
from core.execution.executor import Executor
from core.service import Service
from core.services.executions.loading import Kind
from core.statuses import Status
from core.tables import RunbookExecution
from tests.conftest import ADMIN
from tests.world import TEAMS, apply_documents, new_executor, new_incident, see, start_run
from workers import worker as workers_worker
from workers.doorbell import RqDoorbell, open_redis
from workers.ending import Ending
from workers.lookout import Lookout
from workers.worker import build_worker, work

AWAY = "redis://127.0.0.1:1/0"
SAY = "kind: runbook\nname: say\nsteps: [{id: say, type: message, text: hello}]"
WORKFLOW = (
    "kind: workflow\nname: react\ntrigger: {on: incident.created}\n"
    "actions: [{id: say, type: runbook, runbook: say}]"
)


@pytest.fixture
def service(engine: Engine) -> Service:
    """Its doorbell is broken."""
    service = Service(engine, SystemClock(), RqDoorbell(open_redis(AWAY)), frozenset({ADMIN}))
    apply_documents(service, TEAMS + "---\n" + SAY)
    return service


def test_a_worker_without_redis_runs_what_is_due(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """What brings Redis back may be a runbook."""
    monkeypatch.setattr(workers_worker, "PAUSE_SECONDS", 0.01)
    run = start_run(service, new_incident(service), "say")
    executor = new_executor(service)
    ending, lookout = Ending(executor.stopping, executor.hurry), Lookout(service, executor)

    def look_once() -> None:
        lookout.look()
        ending.stopping.set()

    work(AWAY, ending, look_once)
    assert see(service, run).status is Status.SUCCEEDED


def test_a_worker_whose_redis_goes_away_looks_while_it_waits(service: Service, redis: Redis) -> None:
    run = start_run(service, new_incident(service), "say")
    executor = new_executor(service)
    ending = Ending(executor.stopping, executor.hurry)
    worker = build_worker(redis, ending, Lookout(service, executor).look)
    worker.connection = Redis.from_url(AWAY)
    with pytest.raises(RedisConnectionError):
        worker.heartbeat()
    assert see(service, run).status is Status.SUCCEEDED


def test_workflows_are_run_and_what_they_start(service: Service) -> None:
    apply_documents(service, WORKFLOW)
    incident = new_incident(service)
    lookout = Lookout(service, new_executor(service))
    for _ in range(2):
        lookout.look()
    with service.transaction() as work:
        [run] = work.session.query(RunbookExecution).filter_by(incident_id=incident.id)
        assert (run.status, run.workflow_execution_id is None) == ("succeeded", False)


def test_what_is_not_due_is_not_even_tried(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    due, later = (start_run(service, new_incident(service), "say") for _ in range(2))
    with service.transaction() as work:
        work.session.get_one(RunbookExecution, later).wake_at = work.now + timedelta(minutes=1)
    tried: list[str] = []
    monkeypatch.setattr(Executor, "run", lambda _self, _kind, execution_id: tried.append(execution_id))
    Lookout(service, new_executor(service)).look()
    assert tried == [due]


def test_who_is_told_to_stop_begins_nothing_more(service: Service) -> None:
    run = start_run(service, new_incident(service), "say")
    executor = new_executor(service)
    executor.stopping.set()
    Lookout(service, executor).look()
    assert see(service, run).status is Status.PENDING


def test_a_run_that_fails_in_our_hands_keeps_no_other_waiting(
    service: Service, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    incident = new_incident(service)
    first, second = (start_run(service, incident, "say") for _ in range(2))
    genuine = Executor.run

    def run(self: Executor, kind: Kind, execution_id: str) -> None:
        if execution_id == first:
            raise ValueError("nobody expected this")
        genuine(self, kind, execution_id)

    monkeypatch.setattr(Executor, "run", run)
    Lookout(service, new_executor(service)).look()
    assert see(service, second).status is Status.SUCCEEDED
    assert "a run failed" in capsys.readouterr().out


def test_a_database_that_is_away_too_is_waited_for(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_: Service) -> None:
        raise OperationalError("SELECT 1", {}, Exception("away"))

    monkeypatch.setattr(Service, "transaction", away)
    Lookout(service, new_executor(service)).look()
