"""The RQ worker: takes jobs without forking, and only those that we allow.

Forking per job costs a run many times its own work, and what a fork protects against (a job that kills its
process) is covered by leases: whoever dies is found by the clock.
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

PAUSE_SECONDS = 1.0  # before Redis is asked again
HEARD_OF = 40  # seconds; RQ gives up a silent Redis 5 before. By its default it would be deaf for 7 minutes
RECYCLE_AFTER = 5_000  # jobs; then the supervisor starts a fresh process

log = structlog.get_logger()

# What else of a job RQ would run, or call: dotted names and addresses that we never set.
EXTRAS = ("success_callback_name", "failure_callback_name", "stopped_callback_name", "webhooks")


def refusal(job: Job) -> str | None:
    """Why the job must not be run; None for one of ours."""
    try:
        if job.func_name not in ALLOWED:
            return f"{job.func_name!r} is not allowed"
        fields = job.to_dict(include_meta=False)
    except DeserializationError:
        return "it cannot be read"
    extras = [name for name in EXTRAS if fields.get(name)]
    return f"it has {', '.join(extras)}" if extras else None


class AllowListedWorker(SimpleWorker):
    """Refuses every function but ours: the queue's content is not to be trusted with a dotted name.

    `meanwhile`: what it does between two tries to reach a Redis that is away. `is_running`: a run is in its hands.
    """

    death_penalty_class = TimerDeathPenalty
    max_connection_wait_time = 2.0  # seconds: RQ's own pauses grow to a minute, and runs would wait as long
    performed = 0
    is_running = False
    shutdown: Shutdown
    meanwhile: Callable[[], None]
    outage: Outage

    def request_stop(self, _signum: int, _frame: FrameType | None) -> None:
        """SIGTERM, SIGINT: the step at hand may end in the grace time, what is left of the run is another worker's.

        RQ's own would write to Redis here, in the midst of a step, and end the step where Redis is away.
        """
        self.shutdown.begin()
        self._stop_requested = True
        if not self.is_running:
            raise StopRequested

    def perform_job(self, job: Job, queue: Queue, execution: Execution) -> bool:
        reason = refusal(job)
        if reason is not None:
            log.warning("a job was refused", job=job.id, reason=reason)
            job.delete()
            return False
        self.performed += 1
        with self._run_in_hands():
            return super().perform_job(job, queue, execution)

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """RQ tries this before it listens: where Redis is away, the time until the next try is put to use."""
        try:
            super().heartbeat(timeout, pipeline)
            self.outage.end()
        except RedisError as error:
            self.outage.begin(error)
            with self._run_in_hands():
                self.meanwhile()
            if self.shutdown.stopping.is_set():
                raise StopRequested from None
            raise

    @contextmanager
    def _run_in_hands(self) -> Iterator[None]:
        self.is_running = True
        try:
            yield
        finally:
            self.is_running = False


def worker_name() -> str:
    return f"{socket.gethostname()}.{os.getpid()}"


def open_patient_redis(url: str) -> Redis:
    """A connection that a worker may block on: RQ's time limit for an answer, not one of redis-py's own."""
    return connect_redis(url, socket_connect_timeout=5, socket_timeout=None)


def _nothing() -> None:
    """Nobody is to be hurried; there is nothing to do meanwhile."""


def build_worker(
    redis: Redis, shutdown: Shutdown, meanwhile: Callable[[], None] = _nothing, outage: Outage | None = None
) -> AllowListedWorker:
    """A worker on the one queue. `meanwhile`: what it does while Redis is away, and `outage` who tells of it."""
    options: dict[str, Any] = {
        "connection": redis,
        "serializer": JSONSerializer,
        "name": None,
        "worker_ttl": HEARD_OF,
    }
    worker = AllowListedWorker([QUEUE], **options)
    worker.shutdown, worker.meanwhile = shutdown, meanwhile
    worker.outage = outage or Outage("worker", "Redis")
    for former in [each for each in worker.log.filters if isinstance(each, ToldOnce)]:
        worker.log.removeFilter(former)  # the logger is the process', and outlives a worker
    worker.log.addFilter(ToldOnce(worker.outage))
    return worker


def work(
    redis_url: str, shutdown: Shutdown, meanwhile: Callable[[], None] = _nothing, *, burst: bool = False
) -> None:
    """Take jobs until told to stop, or one process has done enough; with `burst`, until there are none.

    A Redis that is away, or goes away in the midst of it, is waited for: RQ's worker gives up then.
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
