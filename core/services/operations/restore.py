"""Detects a restored copy of the database, and prevents repeating what happened after the copy was taken.

In one transaction it starts a new generation, freezes everything, marks every step that is not finished as possibly
done, ends every lease, and has every message that may have been posted looked up first.
"""

from secrets import token_hex

import structlog
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert

from core.advisory_locks import freeze_alone
from core.decisions.installation import DECLARED, REASONS, DatabaseChange, Place, what_happened
from core.decisions.people import Person
from core.services.freezes.declaring import freeze_everything
from core.services.operations.installation import THE_ROW, is_as_known, move_mark, present_place
from core.services.shared import audit, notices
from core.tables import Installation
from core.unit_of_work import UnitOfWork, UnitOfWorkFactory, Witness

SYSTEM = Person("system", source="restore")
SUBJECT = "installation"  # of the audit trail
TABLES = {"runbook_executions": "step_executions", "workflow_executions": "action_executions"}

# These statements change any number of rows at once, so they are SQL; `{table}` and `{steps}` are a pair of TABLES.
# Marks the unfinished steps of active executions as possibly done.
MAYBE_DONE = """
UPDATE {steps} SET maybe_done = true
WHERE status IN ('pending', 'running', 'waiting', 'unknown')
    AND execution_id IN (SELECT id FROM {table} WHERE status IN ('pending', 'running', 'waiting'))
"""

# Ends the leases of active executions. Returns their ids.
RELEASE = """
UPDATE {table} SET worker = NULL, wake_at = :now, rung_at = NULL, fence = fence + 1, revision = revision + 1
WHERE worker IS NOT NULL AND status IN ('pending', 'running', 'waiting')
RETURNING id
"""

# The number of active executions.
COUNT_ACTIVE = "SELECT count(*) FROM {table} WHERE status IN ('pending', 'running', 'waiting')"

# Has every undelivered notice looked up in Slack before it is posted. As SQL: one statement for all rows.
MAYBE_SENT = text("""
UPDATE notices SET uncertain = true, leased_until = NULL WHERE message_ts IS NULL AND abandoned_at IS NULL
""")

log = structlog.get_logger()


def settle(unit_of_work: UnitOfWorkFactory) -> DatabaseChange:
    """Find out what happened to the database, and handle it. The first process that gets here does so.

    Call it when a process starts, and when `is_as_known` is False. The identity of a new database is recorded.
    """
    with unit_of_work.begin() as work:
        return _settle(work, unit_of_work.witness)


def settle_and_mark(unit_of_work: UnitOfWorkFactory) -> DatabaseChange:
    """Settle, and then remember outside the database how far it has come."""
    with unit_of_work.begin() as work:
        happened = _settle(work, unit_of_work.witness)
        moved = move_mark(work)
    unit_of_work.witness.remember(*moved)
    return happened


def _settle(work: UnitOfWork, witness: Witness) -> DatabaseChange:
    line = _line(work)
    # It is read before the mark, so that it cannot be ahead of the mark by chance.
    witnessed = witness.recall(line)
    if is_as_known(work.session) and not _is_behind(work, line, witnessed):
        return DatabaseChange.NOTHING
    row = _locked(work)
    known, present = Place(row.identity, row.timeline), present_place(work.session)
    happened = what_happened(known, present, row.mark, witnessed if row.line == line else row.mark)
    if happened is DatabaseChange.TAKEN_OVER:
        _move(work, row, present)
        audit.record(work, SYSTEM, "installation.taken_over", SUBJECT, _change(known, present))
    elif happened.is_restore:
        _restore(work, SYSTEM, row, present, REASONS[happened])
    return happened


def declare_restored(work: UnitOfWork, person: Person) -> int:
    """Handle a restore that cannot be detected automatically. Return the new generation."""
    _line(work)
    row = _locked(work)
    _restore(work, person, row, present_place(work.session), DECLARED)
    return row.generation


def _line(work: UnitOfWork) -> str:
    """Return the name of the database's line of history. A database without a row gets one."""
    present = present_place(work.session)
    new = {"id": THE_ROW, "identity": present.identity, "timeline": present.timeline, "line": token_hex(8)}
    work.session.execute(insert(Installation).values(new).on_conflict_do_nothing())
    return work.session.get_one(Installation, THE_ROW, populate_existing=True).line


def _is_behind(work: UnitOfWork, line: str, witnessed: int | None) -> bool:
    row = work.session.get_one(Installation, THE_ROW, populate_existing=True)
    return witnessed is not None and row.line == line and witnessed > row.mark


def _locked(work: UnitOfWork) -> Installation:
    """Lock the row. The lock for freezes comes first, in the general order, so nobody starts a run meanwhile."""
    freeze_alone(work.session)
    return work.session.get_one(Installation, THE_ROW, populate_existing=True, with_for_update=True)


def _move(work: UnitOfWork, row: Installation, present: Place) -> None:
    row.identity, row.timeline = present.identity, present.timeline
    work.session.flush()


def _restore(work: UnitOfWork, person: Person, row: Installation, present: Place, reason: str) -> None:
    known = Place(row.identity, row.timeline)
    row.generation, row.restored_at, row.line, row.mark = row.generation + 1, work.now, token_hex(8), 0
    _move(work, row, present)
    frozen = freeze_everything(work, person, _reason_of_freeze(reason))
    doubtful = {table: _doubt(work, table, steps) for table, steps in TABLES.items()}
    work.session.execute(MAYBE_SENT)
    notices.announce(work)
    details = {"reason": reason, "generation": row.generation, "freeze": frozen.id, **doubtful}
    audit.record(work, person, "installation.restored", SUBJECT, {**details, **_change(known, present)})
    log.error("restored database detected: everything is frozen", reason=reason, generation=row.generation)


def _reason_of_freeze(reason: str) -> str:
    return (
        f"{reason}. What happened after the copy was taken is not known, so steps that must not be repeated need a "
        "verdict. Review what is open, then unfreeze"
    )


def _doubt(work: UnitOfWork, table: str, steps: str) -> int:
    """Mark unfinished steps as possibly done, end all leases, enqueue jobs. Return how many executions are active."""
    work.session.execute(text(MAYBE_DONE.format(table=table, steps=steps)))
    kind = table.partition("_")[0]
    for execution_id in work.session.scalars(text(RELEASE.format(table=table)), {"now": work.now}):
        work.enqueue(kind, execution_id)
    return int(work.session.scalar(text(COUNT_ACTIVE.format(table=table))) or 0)


def _change(known: Place, present: Place) -> dict[str, object]:
    return {"before": _shown(known), "after": _shown(present)}


def _shown(place: Place) -> dict[str, str]:
    return {"identity": place.identity, "timeline": place.timeline}
