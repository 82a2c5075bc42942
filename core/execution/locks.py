"""Locks of runbooks: one execution at a time for what a definition names, such as `db/orders`.

`lock_name` and `holds_lock` of the executions are the whole record; a unique index over the holders is the guard. An
advisory lock makes takers and releasers of one name queue up, so that a queue never misses its turn.
"""

from sqlalchemy import Select, select, text
from sqlalchemy.orm import Session

from core.decisions.advance import advance
from core.decisions.execution import LockGranted
from core.errors import LockHeld
from core.service import Work
from core.tables import Incident, RunbookExecution

from .checkpoint import Change, save
from .kinds import RUNBOOK
from .rows import load_locked


def take_lock(work: Work, name: str, incident: Incident, *, queue: bool) -> bool:
    """Whether the lock is free for a new execution, for this incident; False: it is to wait in the queue.

    Raises LockHeld, naming the holder, where the runbook rejects instead of queueing.
    """
    _serialize(work.session, name)
    holder = work.session.scalars(_of(name).where(RunbookExecution.holds_lock)).one_or_none()
    if holder is None:
        return True
    if not queue:
        raise _held(work, name, holder, incident)
    return False


def _held(work: Work, name: str, holder: RunbookExecution, incident: Incident) -> LockHeld:
    """Who runs something for this incident may see what runs for its team, and for no other."""
    is_own = work.session.get_one(Incident, holder.incident_id).team_id == incident.team_id
    what = f"{holder.runbook_name} ({holder.id}), which is {holder.status}"
    return LockHeld(
        f"{name} is locked by {what}; {_who(holder.requested_by)} asked for it.",
        hint="Wait for its end, or cancel it.",
        holder=holder.id if is_own else None,
    )


def _who(requester: str) -> str:
    """A mention of a person, or the workflow's name."""
    return requester.replace(":", " ") if requester.startswith("workflow:") else f"<@{requester}>"


def release_lock(work: Work, row: RunbookExecution) -> None:
    """The execution ended: the oldest one in the queue is next."""
    if row.lock_name is None or not row.holds_lock:
        return  # from the queue; to ask for the name here would be a deadlock with who grants it just now
    _serialize(work.session, row.lock_name)
    held = work.session.get_one(RunbookExecution, row.id, populate_existing=True)
    if not held.holds_lock:
        return
    held.holds_lock = False
    work.session.flush()
    in_queue = _of(row.lock_name).where(RunbookExecution.waiting_for == "lock")
    oldest = in_queue.order_by(RunbookExecution.created_at, RunbookExecution.id).limit(1).with_for_update()
    waiting = work.session.scalars(oldest).first()
    if waiting is not None:
        _grant(work, waiting)


def _grant(work: Work, waiting: RunbookExecution) -> None:
    waiting.holds_lock = True
    work.session.flush()
    loaded = load_locked(work.session, RUNBOOK, waiting.id)
    after = advance(loaded.state, LockGranted(), work.now).execution
    change = Change(RUNBOOK, waiting.id, waiting.revision, loaded.state, after, after.wake_at, True)
    saved = save(work.session, change)
    assert saved, "the row is locked"
    work.ring("runbook", waiting.id)


def _of(name: str) -> Select[RunbookExecution]:
    return select(RunbookExecution).where(RunbookExecution.lock_name == name)


def _serialize(session: Session, name: str) -> None:
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 1))"), {"name": name})
