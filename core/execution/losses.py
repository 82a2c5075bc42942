"""Lost workers: counts them per definition, so that a definition that kills its workers is put under quarantine.

A worker that turns out to be alive (it was suspended, or could not reach the database) retracts its loss.
"""

from datetime import datetime, timedelta

from sqlalchemy import Engine, and_, delete, exists, select, text
from sqlalchemy.orm import Session

from core.decisions.quarantine import (
    ENOUGH_IN_A_STORM,
    UNTIL,
    is_to_blame,
    storm_begins,
)
from core.services.executions.loading import Loaded
from core.services.library.quarantine import put_under_quarantine, quarantined, version_of
from core.tables import WorkerLoss
from core.unit_of_work import UnitOfWork

from .lease import Abandoned

# Losses with a common cause are minutes apart, even if people are asked for a verdict in between.
KEPT = timedelta(days=1)


def why_not_after_a_loss(work: UnitOfWork, loaded: Loaded, abandoned: Abandoned) -> str | None:
    """Record the loss. Return why the execution may not continue if its definition is under quarantine, or None."""
    if _is_of_the_database(work.session, abandoned):
        return None
    loss = _loss(loaded, work.now)
    work.session.add(loss)
    work.session.flush()
    known = quarantined(work.session, loaded.row)
    times = 0 if known else _times_to_blame(work.session, loss)
    if times:
        step = loaded.state.steps[loss.position].id
        known = f"Its worker was lost {times} times at step {step} ({loaded.row.id})."
        put_under_quarantine(work, loaded.row, known)
    return f"It is under quarantine now. {known} {UNTIL}" if known else None


def retract_loss(engine: Engine, execution_id: str, fence: int) -> None:
    """Delete the loss that was recorded for the worker that held the execution with `fence`: it is alive."""
    with engine.begin() as connection:
        mine = (WorkerLoss.execution_id == execution_id, WorkerLoss.fence == fence + 1)
        connection.execute(delete(WorkerLoss).where(*mine))


def forget_old_losses(work: UnitOfWork) -> None:
    """Delete the losses that are older than a day."""
    work.session.execute(delete(WorkerLoss).where(WorkerLoss.lost_at < work.now - KEPT))


def _loss(loaded: Loaded, now: datetime) -> WorkerLoss:
    definition_id, version = version_of(loaded.row)
    return WorkerLoss(
        execution_id=loaded.row.id,
        fence=loaded.row.fence,
        definition_id=definition_id,
        version=version,
        position=loaded.state.position or 0,
        lost_at=now,
    )


def _is_of_the_database(session: Session, abandoned: Abandoned) -> bool:
    """True if the database restarted after the worker's last heartbeat: then a missing heartbeat proves nothing."""
    started: datetime = session.scalar(text("SELECT pg_postmaster_start_time()"))
    return started > abandoned.last_seen


def _times_to_blame(session: Session, loss: WorkerLoss) -> int:
    """Return how often the execution lost its worker at this step if the definition is to blame, otherwise 0."""
    here = and_(
        WorkerLoss.definition_id == loss.definition_id,
        WorkerLoss.version == loss.version,
        WorkerLoss.position == loss.position,
    )
    own = (
        select(WorkerLoss.lost_at)
        .where(WorkerLoss.execution_id == loss.execution_id, WorkerLoss.position == loss.position)
        .order_by(WorkerLoss.fence.desc())
        .limit(ENOUGH_IN_A_STORM)
    )
    losses = session.scalars(own).all()
    since = storm_begins(losses)
    if since is None:
        return 0
    elsewhere = session.scalar(select(exists().where(WorkerLoss.lost_at >= since, ~here)))
    return len(losses) if is_to_blame(losses, elsewhere=bool(elsewhere)) else 0
