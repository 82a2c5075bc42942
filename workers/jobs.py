"""The two jobs that RQ may run, and a filter for what RQ logs.

RQ would log every other second that Redis is unreachable; the filter has it logged once.
"""

import logging
from collections.abc import Callable

from redis.exceptions import RedisError

from core.database import DATABASE_IS_AWAY
from core.execution.executor import Executor
from core.fault_injection import fail_point
from core.outage import Outage
from core.services.executions.kinds import RUNBOOK, WORKFLOW, Kind

ABOUT_REDIS = ("could not connect to Redis", "Redis connection timeout", "pubsub thread exiting")


class ToldOnce(logging.Filter):
    """Removes log records about an unreachable Redis, and reports them to `outage` instead."""

    def __init__(self, outage: Outage) -> None:
        super().__init__()
        self._outage = outage

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if not isinstance(error, RedisError) and not any(each in str(record.msg) for each in ABOUT_REDIS):
            return True
        self._outage.begin(error or record.getMessage())
        return False


_executor: Executor | None = None
_database = Outage("worker", "the database")


def use(executor: Executor) -> None:
    """Set the executor of this process's jobs, since RQ passes them only an id."""
    global _executor
    _executor = executor


def _the_executor() -> Executor:
    assert _executor is not None, "a worker calls jobs.use() before it takes jobs"
    return _executor


def run_runbook(execution_id: str) -> None:
    _run(RUNBOOK, execution_id)


def run_workflow(execution_id: str) -> None:
    _run(WORKFLOW, execution_id)


def _run(kind: Kind, execution_id: str) -> None:
    """Run the execution. If the database is unreachable nothing is lost: the scheduler enqueues it again later."""
    fail_point("job.taken")
    try:
        _the_executor().run(kind, execution_id)
    except DATABASE_IS_AWAY as error:
        _database.begin(error)
    else:
        _database.end()


ALLOWED: dict[str, Callable[[str], None]] = {
    "workers.jobs.run_runbook": run_runbook,
    "workers.jobs.run_workflow": run_workflow,
}
