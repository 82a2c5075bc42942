"""The doorbell: an RQ job that carries an execution's id, and nothing else."""

from collections.abc import Sequence
from uuid import uuid4

import structlog
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue
from rq.queue import EnqueueData
from rq.serializers import JSONSerializer

from core.outage import Outage
from core.sabotage import reach
from core.service import Ring
from workers.redis_addresses import connect_redis

QUEUE = "runbook"
SEPARATOR = "-"  # in a job's id, between the execution's id and what makes the job's own
FUNCTIONS = {"runbook": "workers.jobs.run_runbook", "workflow": "workers.jobs.run_workflow"}
MOST_LOGGED = 3  # executions, of a batch that could not ring
IMPATIENT = 0.5  # seconds: who rings has a person waiting, and the clock rings again anyway

log = structlog.get_logger()


def open_redis(url: str) -> Redis:
    """A connection that fails fast: by default redis-py tries for seconds."""
    return connect_redis(
        url,
        socket_timeout=IMPATIENT,
        socket_connect_timeout=IMPATIENT,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=0,
    )


def open_queue(redis: Redis) -> Queue:
    """The one queue. With two, a worker killed between popping and starting would lose the job."""
    return Queue(QUEUE, connection=redis, serializer=JSONSerializer)


def _job(ring: Ring) -> EnqueueData:
    return Queue.prepare_data(
        FUNCTIONS[ring.kind],
        args=(ring.execution_id,),
        job_id=f"{ring.execution_id}{SEPARATOR}{uuid4().hex[:8]}",
        timeout=-1,
        result_ttl=0,
        failure_ttl=3600,
        at_front=ring.first,
    )


class RqDoorbell:
    """Rings by enqueueing. Where Redis is away that is told once: the clock finds executions in the database."""

    def __init__(self, redis: Redis) -> None:
        self._queue = open_queue(redis)
        self._outage = Outage("the doorbell", "Redis")

    def ring(self, rings: Sequence[Ring]) -> None:
        """In one round trip: a Redis that is silent costs IMPATIENT once, however many ring."""
        reach("ring.before")
        try:
            self._queue.enqueue_many(map(_job, rings))
        except RedisError as error:
            self._outage.begin(error)
            rung_for = [ring.execution_id for ring in rings[:MOST_LOGGED]]
            log.info("not rung for: the clock will, or workers look", rings=len(rings), executions=rung_for)
        else:
            self._outage.end()
        reach("ring.after")

    def unanswered(self) -> frozenset[str]:
        """The executions whose jobs are still in the queue: to ring for them again would only make it longer."""
        try:
            return frozenset(job_id.partition(SEPARATOR)[0] for job_id in self._queue.get_job_ids())
        except RedisError:
            return frozenset()
