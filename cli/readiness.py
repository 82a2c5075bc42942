"""Wait until the database is reachable and at the schema that this release needs."""

import threading
import time
from collections.abc import Callable

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from cli.operator_errors import sentence_of
from core.errors import Unavailable
from core.outage import reason
from core.services.operations.health import check_fits
from core.unit_of_work import UnitOfWorkFactory
from migrations.newest import newest_revision

PAUSE = 0.5  # seconds between two checks
WAITABLE = (DBAPIError, PoolTimeout)

log = structlog.get_logger()


def why_not_ready(unit_of_work: UnitOfWorkFactory) -> str | None:
    """Return why work cannot start now and what to do, as a sentence; None if it can."""
    try:
        with unit_of_work.begin() as work:
            check_fits(work, newest_revision())
    except WAITABLE as error:
        return (sentence_of(error) or reason(error)).removeprefix("runbook: ")
    except Unavailable as error:
        return str(error)
    return None


def await_database(
    unit_of_work: UnitOfWorkFactory,
    pause: Callable[[float], object] = time.sleep,
    is_over: Callable[[], bool] = lambda: False,
) -> None:
    """Return once work can start or `is_over` is true. Logs each reason to wait once, and the end of the wait."""
    said, began = "", time.monotonic()
    while not is_over() and (why := why_not_ready(unit_of_work)) is not None:
        if why != said:
            log.warning("waiting for the database", reason=why)
        said = why
        pause(PAUSE)
    if said and not is_over():
        log.info("the database is ready", waited_seconds=round(time.monotonic() - began, 1))


def watch_database(unit_of_work: UnitOfWorkFactory) -> None:
    """Log what the database lacks from a background thread, for a process that answers requests meanwhile."""
    threading.Thread(target=await_database, args=(unit_of_work,), name="readiness", daemon=True).start()
