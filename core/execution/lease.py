"""The lease: claim an execution, renew the lease while the worker lives, release it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import Engine, TextClause, select, text, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from core.clock import Clock, elapsed
from core.fault_injection import is_disabled
from core.io.attempts import CancelToken
from core.services.executions.kinds import AnyExecution, Kind
from core.services.executions.loading import LEASE
from core.services.operations.installation import AnotherDatabase, as_known

HEARTBEAT = 3.0  # seconds: the lease survives three missed heartbeats
HELD = (
    LEASE.total_seconds() - 1
)  # seconds after a heartbeat: a command ends before another worker may start it
LATE = 0.02  # seconds: a step that is stopped by its deadline must find that the deadline has passed

# Renews a lease and reads whether a cancel was requested. As text: it runs every few seconds for each execution.
RENEWAL = """
    UPDATE {table} SET wake_at = :until
     WHERE id = :id AND {fenced} AND worker IS NOT NULL
    RETURNING cancel_requested
"""

log = structlog.get_logger()


@dataclass(frozen=True)
class Abandoned:
    """A worker was lost: its lease expired before it released the execution. `last_seen`: its last heartbeat."""

    last_seen: datetime


@dataclass(frozen=True)
class Claim:
    """A claimed execution. `abandoned`: the lost worker that it was taken over from, if any."""

    row: AnyExecution
    abandoned: Abandoned | None


def claim(session: Session, kind: Kind, execution_id: str, worker: str, clock: Clock) -> Claim | None:
    """Take the execution if it is due and nobody holds it; return None otherwise.

    Raises AnotherDatabase, upon which nothing is taken, if the database is a copy that nobody has settled yet.
    """
    table, now = kind.execution, clock.now()
    # The row is locked, so that an execution that was just released is not taken for an abandoned one.
    before = (
        select(table.id, table.worker, table.wake_at)
        .where(table.id == execution_id, table.wake_at <= now)
        .with_for_update()
        .subquery("before")
    )
    statement = (
        update(table)
        .where(table.id == before.c.id, table.wake_at <= now)
        .values(worker=worker, fence=table.fence + 1, revision=table.revision + 1, wake_at=now + LEASE)
        .returning(table, before.c.worker, before.c.wake_at, as_known(session))
        .execution_options(populate_existing=True, synchronize_session=False)
    )
    found = session.execute(statement).one_or_none()
    if found is None:
        return None
    row, former, until, is_known = found
    if not is_known:
        raise AnotherDatabase
    return Claim(row, Abandoned(until - LEASE) if former is not None else None)


def release_lease(engine: Engine, kind: Kind, execution_id: str, fence: int, clock: Clock) -> None:
    """Release the execution, so that another worker can claim it at once. Does nothing if the lease was lost."""
    table = kind.execution
    mine = (table.id == execution_id, table.fence == fence, table.worker.is_not(None))
    free = {"worker": None, "rung_at": None, "wake_at": clock.now(), "revision": table.revision + 1}
    with engine.begin() as connection:
        connection.execute(update(table).where(*mine).values(free))


class LeaseRenewer:
    """Renews the lease of one execution from its own thread, and notices when the run is cancelled.

    `stop` is set when the current step should stop: the run was cancelled, or another worker holds the lease.
    `claimed_at`: the value of core.clock.elapsed before the claim, in seconds.
    """

    def __init__(
        self,
        engine: Engine,
        kind: Kind,
        execution_id: str,
        fence: int,
        clock: Clock,
        claimed_at: float | None = None,
    ) -> None:
        self._engine, self._clock = engine, clock
        self._values = {"id": execution_id, "fence": fence}
        self._statement = _renewal(kind)
        self._over = threading.Event()
        self.stop = CancelToken()
        self.stop.held_until = (elapsed() if claimed_at is None else claimed_at) + HELD

    def beat(self) -> None:
        """Renew the lease once, and set `stop` if the run was cancelled or the lease is lost."""
        began = elapsed()
        values = {**self._values, "until": self._clock.now() + LEASE}
        with self._engine.begin() as connection:
            cancel_requested = connection.execute(self._statement, values).scalar()
        if cancel_requested is not False:
            self.stop.set()
        else:
            self.stop.held_until = began + HELD

    def _beat_on(self) -> None:
        while not self._over.wait(HEARTBEAT) and not is_disabled("heartbeat"):
            try:
                self.beat()
            except SQLAlchemyError as error:  # includes an exhausted pool: the next heartbeat may succeed
                log.warning("heartbeat missed", execution=self._values["id"], error=str(error))

    @contextmanager
    def renewing(self) -> Iterator["LeaseRenewer"]:
        thread = threading.Thread(target=self._beat_on, name="heartbeat", daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._over.set()
            thread.join()


def _renewal(kind: Kind) -> TextClause:
    """Return the statement RENEWAL for this kind's table."""
    fenced = ":fence >= 0" if is_disabled("fencing") else "fence = :fence"
    return text(RENEWAL.format(table=kind.execution.__tablename__, fenced=fenced))


@contextmanager
def stopped_at(deadline: datetime | None, clock: Clock, stop: threading.Event) -> Iterator[None]:
    """Set `stop` when the deadline passes within the block, if there is a deadline."""
    if deadline is None:
        yield
        return
    remaining = max(0.0, (deadline - clock.now()).total_seconds())
    timer = threading.Timer(remaining + LATE, stop.set)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
