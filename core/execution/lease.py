"""Claiming an execution, and keeping it while its worker lives."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import Engine, select, text, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from core.clock import Clock, elapsed
from core.fault_injection import is_disabled
from core.io.attempts import CancelToken
from core.services.executions.loading import LEASE, AnyExecution, Kind

HEARTBEAT = 3.0  # seconds: three may be missed before the lease ends
HELD = LEASE.total_seconds() - 1  # seconds after a beat: a command ends before the next worker begins it
LATE = 0.02  # seconds: who is stopped by a deadline must find that it is over

log = structlog.get_logger()


@dataclass(frozen=True)
class Abandoned:
    """A worker whose lease ended before it gave the execution back. `last_seen`: its last sign of life."""

    last_seen: datetime


@dataclass(frozen=True)
class Claim:
    """The execution is ours now. `abandoned`: by whom it was left, if it was left by a worker that is lost."""

    row: AnyExecution
    abandoned: Abandoned | None


def claim(session: Session, kind: Kind, execution_id: str, worker: str, clock: Clock) -> Claim | None:
    """Take the execution if it is due and nobody holds it; None if there is nothing to do."""
    table, now = kind.execution, clock.now()
    # locked: what a worker gave back just now was not left by it
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
        .returning(table, before.c.worker, before.c.wake_at)
        .execution_options(populate_existing=True, synchronize_session=False)
    )
    found = session.execute(statement).one_or_none()
    if found is None:
        return None
    row, former, until = found
    return Claim(row, Abandoned(until - LEASE) if former is not None else None)


def release_lease(engine: Engine, kind: Kind, execution_id: str, fence: int, clock: Clock) -> None:
    """What this worker held and cannot go on with is another one's, at once. It changes nothing if it is already."""
    table = kind.execution
    mine = (table.id == execution_id, table.fence == fence, table.worker.is_not(None))
    free = {"worker": None, "rung_at": None, "wake_at": clock.now(), "revision": table.revision + 1}
    with engine.begin() as connection:
        connection.execute(update(table).where(*mine).values(free))


class LeaseRenewer:
    """Beats for one execution from a thread of its own: keeps the lease, and hears of a cancel.

    `stop` is set when the step at hand should stop: its run was cancelled, or the lease is somebody else's.
    `claimed_at`: of core.clock.elapsed, from before the claim.
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
        fenced = ":fence >= 0" if is_disabled("fencing") else "fence = :fence"
        self._statement = text(
            f"UPDATE {kind.execution.__tablename__} SET wake_at = :until"  # noqa: S608 both parts are our own constants
            f" WHERE id = :id AND {fenced} AND worker IS NOT NULL RETURNING cancel_requested"
        )
        self._over = threading.Event()
        self.stop = CancelToken()
        self.stop.held_until = (elapsed() if claimed_at is None else claimed_at) + HELD

    def beat(self) -> None:
        """One heartbeat."""
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
            except SQLAlchemyError as error:  # also a pool that has none left: a heart must not stop over it
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


@contextmanager
def stopped_at(deadline: datetime | None, clock: Clock, stop: threading.Event) -> Iterator[None]:
    """Within the block, `stop` is set when the deadline comes, if there is one."""
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
