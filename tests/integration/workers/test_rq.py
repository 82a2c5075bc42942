"""RQ on a real Valkey: the job queue, and a worker that runs two functions and no other."""

import json
import logging
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from rq import Callback, Queue
from rq.exceptions import NoSuchJobError
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.webhook import Webhook
from sqlalchemy import Engine

from cli.embedded import Services
from core.clock import SystemClock
from core.statuses import Status
from core.unit_of_work import JobRequest, UnitOfWorkFactory
from tests.conftest import ADMIN, RecordedJobs
from tests.world import TEAMS, apply_documents, new_executor, new_incident, see, start_run
from workers import jobs
from workers import worker as workers_worker
from workers.job_queue import FUNCTIONS, QUEUE, RqJobQueue, open_queue, open_redis
from workers.jobs import ALLOWED
from workers.shutdown import Shutdown
from workers.worker import build_worker, open_patient_redis, work

SAY = "kind: runbook\nname: say\nsteps: [{id: say, type: message, text: hello}]"
WORKFLOW = (
    "kind: workflow\nname: react\ntrigger: {on: incident.created}\n"
    "actions: [{id: say, type: message, text: hello}]"
)


@pytest.fixture
def queue(redis: Redis) -> Queue:
    return open_queue(redis)


@pytest.fixture
def unit_of_work(engine: Engine, redis: Redis) -> Iterator[UnitOfWorkFactory]:
    """With the real job queue; its jobs run in this process."""
    unit_of_work = UnitOfWorkFactory(engine, SystemClock(), RqJobQueue(redis), frozenset({ADMIN}))
    apply_documents(unit_of_work, TEAMS + "---\n" + SAY)
    jobs.use(new_executor(unit_of_work))
    yield unit_of_work
    jobs._executor = None


def new_ending() -> Shutdown:
    return Shutdown(threading.Event(), lambda: None)


def work_off(redis: Redis) -> None:
    build_worker(redis, new_ending()).work(burst=True, with_scheduler=False, logging_level="WARNING")


def test_a_ring_is_a_job_with_an_id_and_nothing_else(redis: Redis, queue: Queue) -> None:
    RqJobQueue(redis).enqueue([JobRequest("runbook", "rbx_1")])
    RqJobQueue(redis).enqueue([JobRequest("workflow", "wfx_1")])
    enqueued = [(job.func_name, job.args, job.kwargs) for job in queue.jobs]
    assert enqueued == [
        ("workers.jobs.run_runbook", ["rbx_1"], {}),
        ("workers.jobs.run_workflow", ["wfx_1"], {}),
    ]
    assert set(FUNCTIONS.values()) == set(ALLOWED)


def test_who_was_rung_for_is_known_until_a_worker_comes(
    unit_of_work: UnitOfWorkFactory, redis: Redis
) -> None:
    job_queue = RqJobQueue(redis)
    assert job_queue.queued() == frozenset()
    run = start_run(unit_of_work, new_incident(unit_of_work), "say")
    job_queue.enqueue([JobRequest("runbook", run)])
    assert job_queue.queued() == {run}
    work_off(redis)
    assert job_queue.queued() == frozenset()


def test_nobody_is_known_to_wait_where_redis_is_away() -> None:
    assert RqJobQueue(open_redis("redis://127.0.0.1:1/0")).queued() == frozenset()


def test_a_worker_waits_for_a_redis_that_is_away(
    redis: Redis, unit_of_work: UnitOfWorkFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RQ's own worker would end with a traceback, and again at every start."""
    run = start_run(unit_of_work, new_incident(unit_of_work), "say")
    urls = ["redis://127.0.0.1:1/0"] * 2
    opened: list[Redis] = []

    def open_next(_url: str) -> Redis:
        opened.append(open_redis(urls.pop()) if urls else redis)
        return opened[-1]

    monkeypatch.setattr(workers_worker, "open_patient_redis", open_next)
    monkeypatch.setattr(workers_worker, "PAUSE_SECONDS", 0.01)
    work("redis://away", new_ending(), burst=True)
    assert (len(opened), see(unit_of_work, run).status) == (3, Status.SUCCEEDED)


def test_a_worker_does_not_listen_for_minutes_to_a_redis_that_has_vanished(services: Services) -> None:
    """A machine that is gone says nothing, and TCP alone does not tell for two hours."""
    worker = build_worker(open_patient_redis(services.redis_url), new_ending())
    limit = worker.connection.connection_pool.connection_kwargs["socket_timeout"]
    assert 0 < worker.dequeue_timeout < limit < 60


def test_a_ring_that_goes_first_is_answered_before_all_who_wait(redis: Redis, queue: Queue) -> None:
    job_queue = RqJobQueue(redis)
    job_queue.enqueue([JobRequest("runbook", "rbx_1")])
    job_queue.enqueue([JobRequest("workflow", "wfx_1")])
    job_queue.enqueue([JobRequest("runbook", "rbx_lost", True)])
    assert [job.args for job in queue.jobs] == [["rbx_lost"], ["rbx_1"], ["wfx_1"]]


def test_a_start_rings_and_a_worker_runs_it(
    unit_of_work: UnitOfWorkFactory, redis: Redis, queue: Queue
) -> None:
    run = start_run(unit_of_work, new_incident(unit_of_work), "say")
    assert [job.args for job in queue.jobs] == [[run]]
    work_off(redis)
    assert see(unit_of_work, run).status is Status.SUCCEEDED
    assert queue.count == 0


def test_a_workflow_is_run_too(unit_of_work: UnitOfWorkFactory, redis: Redis, queue: Queue) -> None:
    apply_documents(unit_of_work, WORKFLOW)
    new_incident(unit_of_work)
    assert [job.func_name for job in queue.jobs] == ["workers.jobs.run_workflow"]
    work_off(redis)
    with unit_of_work.begin() as work:
        statuses = work.session.connection().exec_driver_sql("SELECT status FROM workflow_executions")
        assert statuses.scalars().all() == ["succeeded"]


def test_nothing_of_a_job_that_was_done_is_left(unit_of_work: UnitOfWorkFactory, redis: Redis) -> None:
    start_run(unit_of_work, new_incident(unit_of_work), "say")
    work_off(redis)
    left = [key for key in redis.keys("rq:*") if b":job:" in key or b":results:" in key]
    assert left == []


def enqueue(queue: Queue, function: str, *args: object, **options: object) -> Job:
    return queue.enqueue_call(function, args=args, **options)  # type: ignore[arg-type]  # what the test says


@pytest.mark.parametrize(
    "function", ["os.mkdir", "workers.jobs.use", "workers.jobs._the_executor", "builtins.eval"]
)
def test_a_job_with_another_name_is_refused_and_deleted(
    unit_of_work: UnitOfWorkFactory, redis: Redis, queue: Queue, tmp_path: Path, function: str
) -> None:
    made = tmp_path / "made"
    job = enqueue(queue, function, str(made))
    run = start_run(unit_of_work, new_incident(unit_of_work), "say")
    work_off(redis)
    assert not made.exists()
    with pytest.raises(NoSuchJobError):
        Job.fetch(job.id, connection=redis, serializer=JSONSerializer)
    assert queue.failed_job_registry.get_job_ids() == queue.started_job_registry.get_job_ids() == []
    assert see(unit_of_work, run).status is Status.SUCCEEDED


@pytest.mark.parametrize("when", ["on_success", "on_failure", "on_stopped"])
def test_a_job_with_a_callback_is_refused_whatever_its_name(
    unit_of_work: UnitOfWorkFactory, redis: Redis, queue: Queue, when: str
) -> None:
    run = start_run(unit_of_work, new_incident(unit_of_work), "say")
    redis.flushdb()
    enqueue(queue, "workers.jobs.run_runbook", run, **{when: Callback("os.mkdir")})
    work_off(redis)
    assert see(unit_of_work, run).status is Status.PENDING
    assert queue.count == 0


def test_a_job_with_a_webhook_is_refused(unit_of_work: UnitOfWorkFactory, redis: Redis, queue: Queue) -> None:
    run = start_run(unit_of_work, new_incident(unit_of_work), "say")
    webhook = Webhook("http://127.0.0.1:1/", "finished").to_dict()
    redis.hset(queue.jobs[0].key, "webhooks", json.dumps([webhook]))
    work_off(redis)
    assert see(unit_of_work, run).status is Status.PENDING


@pytest.mark.parametrize("data", [b"no json", b"\x80\x04N.", b"[]", b'{"func": 1}'])
def test_a_job_that_cannot_be_read_is_deleted_and_the_worker_goes_on(
    unit_of_work: UnitOfWorkFactory, redis: Redis, queue: Queue, data: bytes
) -> None:
    job = enqueue(queue, "workers.jobs.run_runbook", "rbx_1")
    redis.hset(job.key, "data", data)
    run = start_run(unit_of_work, new_incident(unit_of_work), "say")
    work_off(redis)
    assert see(unit_of_work, run).status is Status.SUCCEEDED
    assert redis.exists(job.key) == 0


def test_a_job_that_raises_does_not_end_the_worker(
    unit_of_work: UnitOfWorkFactory, redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    queue = open_queue(redis)
    enqueue(queue, "workers.jobs.run_runbook", {"no": "id"})
    run = start_run(unit_of_work, new_incident(unit_of_work), "say")
    with caplog.at_level(logging.CRITICAL, "rq"):
        work_off(redis)
    assert see(unit_of_work, run).status is Status.SUCCEEDED


# A broken job queue -------------------------------------------------------------------------------------


def rings_quietly(url: str, jobs: int = 1) -> float:
    """How many seconds that takes. It must not raise."""
    began = time.monotonic()
    RqJobQueue(open_redis(url)).enqueue([JobRequest("runbook", f"rbx_{number}") for number in range(jobs)])
    return time.monotonic() - began


def test_a_redis_that_refuses_costs_less_than_a_second() -> None:
    assert rings_quietly("redis://127.0.0.1:1/0") < 1


def test_a_redis_that_never_answers_costs_less_than_a_second() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert rings_quietly(f"redis://127.0.0.1:{listener.getsockname()[1]}/0") < 1


def test_a_redis_that_never_answers_costs_no_more_where_many_ring() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert rings_quietly(f"redis://127.0.0.1:{listener.getsockname()[1]}/0", jobs=400) < 1


def test_a_redis_that_answers_with_noise_costs_less_than_a_second() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        assert rings_quietly(f"redis://127.0.0.1:{listener.getsockname()[1]}/0") < 1
        thread.join(10)


def test_a_host_that_does_not_exist_does_not_raise() -> None:
    assert rings_quietly("redis://no-such-host.invalid:6379/0") < 5


def test_a_start_is_committed_whatever_becomes_of_the_bell(engine: Engine) -> None:
    unit_of_work = UnitOfWorkFactory(
        engine, SystemClock(), RqJobQueue(open_redis("redis://127.0.0.1:1/0")), frozenset({ADMIN})
    )
    apply_documents(unit_of_work, TEAMS + "---\n" + SAY)
    run = start_run(unit_of_work, new_incident(unit_of_work), "say")
    assert see(unit_of_work, run).status is Status.PENDING
    jobs = RecordedJobs()
    assert jobs.enqueued == []
    assert QUEUE == "runbook"
