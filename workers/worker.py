"""The RQ worker: runs jobs without forking, and only the allowed ones.

A fork per job would cost many times the work of a run. What it protects against, a job that kills its process, is
covered by leases: the scheduler finds the executions of lost workers.
"""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import SimpleWorker
from rq.exceptions import DeserializationError, StopRequested
from rq.executions import Execution
from rq.job import Job
from rq.queue import Queue
from rq.serializers import JSONSerializer
from rq.timeouts import TimerDeathPenalty

from core.outage import Outage
from workers.job_queue import QUEUE
from workers.jobs import ALLOWED, ToldOnce
from workers.redis_addresses import connect_redis
from workers.shutdown import Shutdown

PAUSE_SECONDS = 1.0  # before Redis is tried again
WORKER_TTL = (
    40  # seconds; RQ gives up on a silent Redis 5 s before. With its default that would take 7 minutes
)
RECYCLE_AFTER = 5_000  # jobs, after which the supervisor starts a fresh process

log = structlog.get_logger()

# Other fields of a job that RQ would call: dotted names and URLs that we never set.
EXTRAS = ("success_callback_name", "failure_callback_name", "stopped_callback_name", "webhooks")


def refusal(job: Job) -> str | None:
    """Return why the job must not be run, or None if it is one of ours."""
    try:
        if job.func_name not in ALLOWED:
            return f"{job.func_name!r} is not allowed"
        fields = job.to_dict(include_meta=False)
    except DeserializationError:
        return "it cannot be read"
    extras = [name for name in EXTRAS if fields.get(name)]
    return f"it has {', '.join(extras)}" if extras else None


class AllowListedWorker(SimpleWorker):
    """Refuses every function but ours, because the queue's content must not choose what is executed.

    `meanwhile`: called between two tries to reach Redis. `is_running`: True while an execution is being run.
    """

    death_penalty_class = TimerDeathPenalty
    max_connection_wait_time = 2.0  # seconds: RQ's own pauses grow to a minute, and runs would wait as long
    performed = 0
    is_running = False
    shutdown: Shutdown
    meanwhile: Callable[[], None]
    outage: Outage

    def request_stop(self, _signum: int, _frame: FrameType | None) -> None:
        """Handle SIGTERM and SIGINT: the current step may end within the grace period, then another worker continues.

        RQ's own handler would write to Redis in the middle of a step, and end the step if Redis is unreachable.
        """
        self.shutdown.begin()
        self._stop_requested = True
        if not self.is_running:
            raise StopRequested

    def perform_job(self, job: Job, queue: Queue, execution: Execution) -> bool:
        reason = refusal(job)
        if reason is not None:
            log.warning("job refused", job=job.id, reason=reason)
            job.delete()
            return False
        self.performed += 1
        with self._running():
            return super().perform_job(job, queue, execution)

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """Send RQ's heartbeat, which precedes listening. If Redis is unreachable, use the time until the next try."""
        try:
            super().heartbeat(timeout, pipeline)
            self.outage.end()
        except RedisError as error:
            self.outage.begin(error)
            with self._running():
                self.meanwhile()
            if self.shutdown.stopping.is_set():
                raise StopRequested from None
            raise

    @contextmanager
    def _running(self) -> Iterator[None]:
        self.is_running = True
        try:
            yield
        finally:
            self.is_running = False


def worker_name() -> str:
    """Return the name of this process's worker, HOST.PID."""
    return f"{socket.gethostname()}.{os.getpid()}"


def open_patient_redis(url: str) -> Redis:
    """Return a connection that a worker may block on: RQ sets the time limit for answers, not redis-py."""
    return connect_redis(url, socket_connect_timeout=5, socket_timeout=None)


def _nothing() -> None:
    """Do nothing."""


def build_worker(
    redis: Redis, shutdown: Shutdown, meanwhile: Callable[[], None] = _nothing, outage: Outage | None = None
) -> AllowListedWorker:
    """Return a worker on the only queue. `meanwhile`: called while Redis is unreachable; `outage`: logs that."""
    options: dict[str, Any] = {
        "connection": redis,
        "serializer": JSONSerializer,
        "name": None,
        "worker_ttl": WORKER_TTL,
    }
    worker = AllowListedWorker([QUEUE], **options)
    worker.shutdown, worker.meanwhile = shutdown, meanwhile
    worker.outage = outage or Outage("worker", "Redis")
    for former in [each for each in worker.log.filters if isinstance(each, ToldOnce)]:
        worker.log.removeFilter(former)  # the logger belongs to the process and outlives a worker
    worker.log.addFilter(ToldOnce(worker.outage))
    return worker


def work(
    redis_url: str, shutdown: Shutdown, meanwhile: Callable[[], None] = _nothing, *, burst: bool = False
) -> None:
    """Run jobs until a shutdown starts or RECYCLE_AFTER jobs are done; with `burst`, until the queue is empty.

    If Redis is or becomes unreachable, wait for it; RQ's worker alone would give up.
    """
    outage = Outage("worker", "Redis")
    while not shutdown.stopping.is_set():
        try:
            worker = build_worker(open_patient_redis(redis_url), shutdown, meanwhile, outage)
            worker.work(burst=burst, with_scheduler=False, max_jobs=RECYCLE_AFTER, logging_level="WARNING")
            if burst or worker.performed >= RECYCLE_AFTER:
                return
        except RedisError as error:
            outage.begin(error)
            with shutdown.by_signal():
                meanwhile()
        shutdown.stopping.wait(PAUSE_SECONDS)
