"""The doorbell: an RQ job that carries an execution's id, and nothing else."""

from uuid import uuid4

import structlog
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue
from rq.serializers import JSONSerializer

from core.sabotage import reach

QUEUE = "runbook"
SEPARATOR = "-"  # in a job's id, between the execution's id and what makes the job's own
FUNCTIONS = {"runbook": "workers.jobs.run_runbook", "workflow": "workers.jobs.run_workflow"}
IMPATIENT = 0.5  # seconds: who rings has a person waiting, and the clock rings again anyway

log = structlog.get_logger()


def open_redis(url: str) -> Redis:
    """A connection that fails fast: by default redis-py tries for seconds."""
    return Redis.from_url(
        url,
        socket_timeout=IMPATIENT,
        socket_connect_timeout=IMPATIENT,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=0,
    )


def open_queue(redis: Redis) -> Queue:
    """The one queue. With two, a worker killed between popping and starting would lose the job."""
    return Queue(QUEUE, connection=redis, serializer=JSONSerializer)


class RqDoorbell:
    """Rings by enqueueing. A ring that fails is logged: the clock finds the execution in the database."""

    def __init__(self, redis: Redis) -> None:
        self._queue = open_queue(redis)

    def ring(self, kind: str, execution_id: str, *, first: bool = False) -> None:
        reach("ring.before")
        try:
            self._queue.enqueue_call(
                FUNCTIONS[kind],
                args=(execution_id,),
                job_id=f"{execution_id}{SEPARATOR}{uuid4().hex[:8]}",
                timeout=-1,
                result_ttl=0,
                failure_ttl=3600,
                at_front=first,
            )
        except RedisError as error:
            log.warning("doorbell broken", execution=execution_id, error=str(error))
        reach("ring.after")

    def unanswered(self) -> frozenset[str]:
        """The executions whose jobs are still in the queue: to ring for them again would only make it longer."""
        try:
            return frozenset(job_id.partition(SEPARATOR)[0] for job_id in self._queue.get_job_ids())
        except RedisError:
            return frozenset()
