"""Runbook locks: one execution at a time for each lock name, such as `db/orders` of one team.

The executions' columns `lock_name` and `holds_lock` are the only record, and a unique index over the holders enforces
it. An advisory lock serializes those who take and release the same name, so that no waiting run is missed.
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
from core.services.executions.kinds import RUNBOOK
from core.services.executions.loading import load_locked
from core.services.shared import notices
from core.services.shared.notices import NoticeKind
from core.statuses import ACTIVE
from core.tables import Incident, RunbookExecution
from core.unit_of_work import UnitOfWork
from core.values.execution import LockGranted


def lock_name(
    definition: RunbookDefinition, parameters: Mapping[str, object], incident: Mapping[str, object]
) -> str | None:
    """Return the lock's name, qualified with its team, or None if the definition has no lock.

    `incident`: as expressions see it. Raises ExpressionError, and InvalidInput for a lock this runbook may not take.
    """
    if definition.lock is None:
        return None
    rendered = render_text(definition.lock, {"params": parameters, "incident": incident}, ("lock",))
    return full_name(definition.lock, rendered, definition.team, str(incident["team"]))


def take_lock(work: UnitOfWork, name: str, incident: Incident, requester: str = "", *, queue: bool) -> bool:
    """Return True if a new execution for this incident gets the lock, False if it must wait in the queue.

    Raises LockHeld if `queue` is False and the lock is held; the error names the holder if `requester` may see it.
    """
    _serialize(work.session, name)
    holder = holder_of(work, name)
    if holder is None:
        return True
    if not queue:
        raise _held(name, holder, may_see_holder(work, holder, incident, requester))
    return False


def holder_of(work: UnitOfWork, name: str) -> RunbookExecution | None:
    """Return the run that holds the lock of this qualified name, or None."""
    return work.session.scalars(_of(name).where(RunbookExecution.holds_lock)).one_or_none()


def may_see_holder(work: UnitOfWork, holder: RunbookExecution, incident: Incident, requester: str) -> bool:
    """True if the requester may know the holder: it runs for the same team, or the requester is a platform admin."""
    of_holder = work.session.get_one(Incident, holder.incident_id)
    return of_holder.team_id == incident.team_id or requester in work.admins


def _held(name: str, holder: RunbookExecution, is_visible: bool) -> LockHeld:
    if not is_visible:
        hint = "Wait until it has ended, or ask a platform admin."
        return LockHeld(f"{short_name(name)} is locked by another run.", hint=hint, holder=None)
    what = f"{holder.runbook_name} ({holder.id}), which is {holder.status}"
    return LockHeld(
        f"{short_name(name)} is locked by {what}, requested by {_who(holder.requested_by)}.",
        hint="Wait until it has ended, or cancel it.",
        holder=holder.id,
    )


def _who(requester: str) -> str:
    """Return a mention of the person, or the workflow's name."""
    return requester.replace(":", " ") if requester.startswith("workflow:") else f"<@{requester}>"


def release_lock(work: UnitOfWork, row: RunbookExecution) -> None:
    """Release the lock of an execution that has ended, and grant it to the oldest one in the queue."""
    if row.lock_name is None or not row.holds_lock:
        return  # it was still queued; taking the advisory lock here could deadlock with a grant that is under way
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
        _show_next_holder(work, row.lock_name)


def _grant(work: UnitOfWork, waiting: RunbookExecution) -> None:
    waiting.holds_lock = True
    work.session.flush()
    loaded = load_locked(work.session, RUNBOOK, waiting.id)
    after = advance(loaded.state, LockGranted(), work.now).execution
    change = Change(RUNBOOK, waiting.id, waiting.revision, loaded.state, after, after.wake_at, released=True)
    saved = save(work.session.connection(), change)
    assert saved, "the row is locked"
    work.announces = True
    work.enqueue("runbook", waiting.id)


def _show_next_holder(work: UnitOfWork, name: str) -> None:
    """Have the cards of the new holder, and of those who go on waiting for it, shown again."""
    shown = _of(name).where(RunbookExecution.status.in_(ACTIVE)).with_only_columns(RunbookExecution.id)
    notices.mark_all_dirty(work, list(work.session.scalars(shown)), NoticeKind.HEADLINE)


def _of(name: str) -> Select[RunbookExecution]:
    return select(RunbookExecution).where(RunbookExecution.lock_name == name)


def _serialize(session: Session, name: str) -> None:
    wait_for(session, Seed.RUNBOOK_LOCK, name)
