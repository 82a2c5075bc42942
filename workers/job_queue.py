"""The job queue: RQ jobs that carry an execution's id and nothing else."""

from collections.abc import Callable, Sequence
from uuid import uuid4

import structlog
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue
from rq.queue import EnqueueData
from rq.serializers import JSONSerializer

from core.clock import elapsed
from core.fault_injection import fail_point
from core.outage import Outage
from core.unit_of_work import JobRequest
from workers.breaker import Breaker
from workers.redis_addresses import connect_redis

QUEUE = "runbook"
SEPARATOR = "-"  # in a job's id, between the execution's id and the random part
FUNCTIONS = {"runbook": "workers.jobs.run_runbook", "workflow": "workers.jobs.run_workflow"}
MOST_LOGGED = 3  # executions of a batch that could not be enqueued
IMPATIENT = 0.5  # seconds: a person may be waiting, and the scheduler enqueues what was missed anyway
QUIET = 1.0  # seconds without a try after Redis did not answer, since each try may cost a person IMPATIENT

log = structlog.get_logger()


def open_redis(url: str) -> Redis:
    """Return a connection that fails fast; by default redis-py retries for seconds."""
    return connect_redis(
        url,
        socket_timeout=IMPATIENT,
        socket_connect_timeout=IMPATIENT,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=0,
    )


def open_queue(redis: Redis) -> Queue:
    """Return the only queue. With two, a worker killed between popping and starting a job would lose it."""
    return Queue(QUEUE, connection=redis, serializer=JSONSerializer)


def _job(enqueue: JobRequest) -> EnqueueData:
    return Queue.prepare_data(
        FUNCTIONS[enqueue.kind],
        args=(enqueue.execution_id,),
        job_id=f"{enqueue.execution_id}{SEPARATOR}{uuid4().hex[:8]}",
        timeout=-1,
        result_ttl=0,
        failure_ttl=3600,
        at_front=enqueue.first,
    )


class RqJobQueue:
    """Enqueues jobs in RQ. If Redis is unreachable it is logged once, and the scheduler enqueues them later.

    After a failure, nobody in this process tries again for QUIET seconds. `now`: see core.clock.elapsed.
    """

    def __init__(self, redis: Redis, now: Callable[[], float] = elapsed) -> None:
        self._queue = open_queue(redis)
        self._outage = Outage("the job queue", "Redis")
        self._breaker = Breaker(QUIET, now)

    def enqueue(self, jobs: Sequence[JobRequest]) -> None:
        """Enqueue jobs in one round trip, so a silent Redis costs IMPATIENT once, however many jobs there are."""
        fail_point("enqueue.before")
        if not self._has_enqueued(jobs):
            missed = [enqueue.execution_id for enqueue in jobs[:MOST_LOGGED]]
            log.info(
                "jobs not enqueued: the scheduler or a poll picks them up", jobs=len(jobs), executions=missed
            )
        fail_point("enqueue.after")

    def queued(self) -> frozenset[str]:
        """Return the ids of executions whose jobs are still queued, so that they are not enqueued twice."""
        if not self._breaker.may_try():
            return frozenset()
        try:
            job_ids = self._queue.get_job_ids()
        except RedisError:
            self._breaker.failed()
            return frozenset()
        self._breaker.succeeded()
        return frozenset(job_id.partition(SEPARATOR)[0] for job_id in job_ids)

    def _has_enqueued(self, jobs: Sequence[JobRequest]) -> bool:
        if not self._breaker.may_try():
            return False
        try:
            self._queue.enqueue_many(map(_job, jobs))
        except RedisError as error:
            self._breaker.failed()
            self._outage.begin(error)
            return False
        self._breaker.succeeded()
        self._outage.end()
        return True
