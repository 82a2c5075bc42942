"""What comes before a run's first step, as a hand-written job would do it: two rows in a transaction, a job in RQ, and
a worker that records the start of the step.

It asks for no right, checks no parameters, locks nothing, tells nobody and writes no audit trail.
`python -m bench.floors.first_step` is the worker.
"""

from functools import cache

import psycopg
from redis import Redis
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer

from cli.embedded.roles import connect
from cli.environment import environment

QUEUE = "floor"
CREATE = """
CREATE TABLE IF NOT EXISTS floor_first_steps (
    run text, position integer, status text NOT NULL DEFAULT 'pending', started_at timestamptz,
    PRIMARY KEY (run, position));
CREATE TABLE IF NOT EXISTS floor_first_runs (id text PRIMARY KEY, created_at timestamptz)
"""
ADD_RUN = "INSERT INTO floor_first_runs (id, created_at) VALUES (%s, clock_timestamp())"
ADD_STEP = "INSERT INTO floor_first_steps (run, position) VALUES (%s, 0)"
START = """
UPDATE floor_first_steps SET status = 'running', started_at = clock_timestamp() WHERE run = %s AND position = 0
"""
# The seconds from a run's creation to the start of its first step.
SECONDS = """
SELECT extract(epoch FROM step.started_at - run.created_at)::float8
FROM floor_first_runs AS run JOIN floor_first_steps AS step ON step.run = run.id
WHERE run.id = %s AND step.started_at IS NOT NULL
"""


def open_queue(redis: Redis) -> Queue:
    return Queue(QUEUE, connection=redis, serializer=JSONSerializer)


def trigger(connection: "psycopg.Connection[tuple[object, ...]]", queue: Queue, run: str) -> None:
    """Record a run, and enqueue its job. The connection must not autocommit."""
    connection.execute(ADD_RUN, [run])
    connection.execute(ADD_STEP, [run])
    connection.commit()
    queue.enqueue("bench.floors.first_step.begin", run, result_ttl=0)


def begin(run: str) -> None:
    """Start the first step."""
    _connection().execute(START, [run])


@cache
def _connection() -> "psycopg.Connection[tuple[object, ...]]":
    """Return the worker's connection, which commits each statement."""
    connection = connect(environment()["DATABASE_URL"])
    connection.prepare_threshold = 2
    return connection


def main() -> None:
    queue = open_queue(Redis.from_url(environment()["REDIS_URL"]))
    SimpleWorker([queue], connection=queue.connection, serializer=JSONSerializer).work(
        logging_level="WARNING"
    )


if __name__ == "__main__":
    main()
