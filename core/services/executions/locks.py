"""Locks of runbooks: one execution at a time for what a definition names, such as `db/orders` of one team.

`lock_name` and `holds_lock` of the executions are the whole record; a unique index over the holders is the guard. An
advisory lock makes takers and releasers of one name queue up, so that a queue never misses its turn.
"""

from collections.abc import Mapping

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from core.advisory_locks import Seed, wait_for
from core.decisions.advance import advance
from core.definitions.runbook import RunbookDefinition, full_name, short_name
from core.definitions.templates import render_text
from core.errors import LockHeld
from core.services.executions.checkpoint import Change, save
from core.services.executions.loading import RUNBOOK, load_locked
from core.tables import Incident, RunbookExecution
from core.unit_of_work import UnitOfWork
from core.values.execution import LockGranted


def lock_name(
    definition: RunbookDefinition, parameters: Mapping[str, object], incident: Mapping[str, object]
) -> str | None:
    """Among the names of all teams; None where the definition has no lock. `incident`: as expressions see it.

    Raises ExpressionError, and InvalidInput for what is not this runbook's to lock.
    """
    if definition.lock is None:
        return None
    rendered = render_text(definition.lock, {"params": parameters, "incident": incident}, ("lock",))
    return full_name(definition.lock, rendered, definition.team, str(incident["team"]))


def take_lock(work: UnitOfWork, name: str, incident: Incident, requester: str = "", *, queue: bool) -> bool:
    """Whether the lock is free for a new execution, for this incident; False: it is to wait in the queue.

    Raises LockHeld where the runbook rejects instead of queueing, naming the holder to a `requester` who may see it.
    """
    _serialize(work.session, name)
    holder = holder_of(work, name)
    if holder is None:
        return True
    if not queue:
        raise _held(name, holder, may_see_holder(work, holder, incident, requester))
    return False


def holder_of(work: UnitOfWork, name: str) -> RunbookExecution | None:
    return work.session.scalars(_of(name).where(RunbookExecution.holds_lock)).one_or_none()


def may_see_holder(work: UnitOfWork, holder: RunbookExecution, incident: Incident, requester: str) -> bool:
    """Who runs something for this incident may see what runs for its team, and for no other; admins see all."""
    of_holder = work.session.get_one(Incident, holder.incident_id)
    return of_holder.team_id == incident.team_id or requester in work.admins


def _held(name: str, holder: RunbookExecution, is_visible: bool) -> LockHeld:
    if not is_visible:
        hint = "Wait for its end, or ask a platform admin."
        return LockHeld(f"{short_name(name)} is locked by another run.", hint=hint, holder=None)
    what = f"{holder.runbook_name} ({holder.id}), which is {holder.status}"
    return LockHeld(
        f"{short_name(name)} is locked by {what}; {_who(holder.requested_by)} asked for it.",
        hint="Wait for its end, or cancel it.",
        holder=holder.id,
    )


def _who(requester: str) -> str:
    """A mention of a person, or the workflow's name."""
    return requester.replace(":", " ") if requester.startswith("workflow:") else f"<@{requester}>"


def release_lock(work: UnitOfWork, row: RunbookExecution) -> None:
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


def _grant(work: UnitOfWork, waiting: RunbookExecution) -> None:
    waiting.holds_lock = True
    work.session.flush()
    loaded = load_locked(work.session, RUNBOOK, waiting.id)
    after = advance(loaded.state, LockGranted(), work.now).execution
    change = Change(RUNBOOK, waiting.id, waiting.revision, loaded.state, after, after.wake_at, True)
    saved = save(work.session, change)
    assert saved, "the row is locked"
    work.announces = True
    work.enqueue("runbook", waiting.id)


def _of(name: str) -> Select[RunbookExecution]:
    return select(RunbookExecution).where(RunbookExecution.lock_name == name)


def _serialize(session: Session, name: str) -> None:
    wait_for(session, Seed.RUNBOOK_LOCK, name)
