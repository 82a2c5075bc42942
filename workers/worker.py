"""The RQ worker: takes jobs without forking, and only those that we allow.

Forking per job costs a run many times its own work, and what a fork protects against (a job that kills its
process) is covered by leases: whoever dies is found by the clock.
"""

import os
import socket
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import SimpleWorker
from rq.exceptions import DeserializationError
from rq.executions import Execution
from rq.job import Job
from rq.queue import Queue
from rq.serializers import JSONSerializer
from rq.timeouts import TimerDeathPenalty

from workers.doorbell import QUEUE
from workers.jobs import ALLOWED

GRACE_SECONDS = 7.0  # less than the 10 seconds after which supervisors, ours and others, kill
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
    """Refuses every function but ours: the queue's content is not to be trusted with a dotted name."""

    death_penalty_class = TimerDeathPenalty
    max_connection_wait_time = 2.0  # seconds: RQ's own pauses grow to a minute, and runs would wait as long
    performed = 0
    stopping: threading.Event
    hurry: Callable[[], None]

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """SIGTERM, SIGINT: the step at hand may end in the grace time, what is left of the run is another worker's."""
        self.stopping.set()
        grace = threading.Timer(GRACE_SECONDS, self.hurry)
        grace.daemon = True
        grace.start()
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]  # of rq

    def perform_job(self, job: Job, queue: Queue, execution: Execution) -> bool:
        reason = refusal(job)
        if reason is not None:
            self.log.warning("refused the job %s: %s", job.id, reason)
            job.delete()
            return False
        self.performed += 1
        return super().perform_job(job, queue, execution)


def worker_name() -> str:
    return f"{socket.gethostname()}.{os.getpid()}"


def open_patient_redis(url: str) -> Redis:
    """A connection that a worker may block on: RQ's time limit for an answer, not one of redis-py's own."""
    return Redis.from_url(url, socket_connect_timeout=5, socket_timeout=None)


def _nothing() -> None:
    """Nobody is to be hurried."""


def build_worker(
    redis: Redis, stopping: threading.Event, hurry: Callable[[], None] = _nothing
) -> AllowListedWorker:
    """A worker on the one queue. `stopping` is set when it is told to stop, `hurry` called when that takes long."""
    options: dict[str, Any] = {
        "connection": redis,
        "serializer": JSONSerializer,
        "name": None,
        "worker_ttl": HEARD_OF,
    }
    worker = AllowListedWorker([QUEUE], **options)
    worker.stopping, worker.hurry = stopping, hurry
    return worker


def work(
    redis_url: str, stopping: threading.Event, hurry: Callable[[], None] = _nothing, *, burst: bool = False
) -> None:
    """Take jobs until told to stop, or one process has done enough; with `burst`, until there are none.

    A Redis that is away, or goes away in the midst of it, is waited for: RQ's worker gives up then.
    """
    while not stopping.is_set():
        try:
            worker = build_worker(open_patient_redis(redis_url), stopping, hurry)
            worker.work(burst=burst, with_scheduler=False, max_jobs=RECYCLE_AFTER, logging_level="WARNING")
            if burst or worker.performed >= RECYCLE_AFTER:
                return
        except RedisError as error:
            log.warning("redis is away, and waited for", error=str(error))
        stopping.wait(PAUSE_SECONDS)
