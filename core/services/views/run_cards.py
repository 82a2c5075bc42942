"""Gathers what the card of a run says besides the run itself. No permission is checked here.

A card is posted in the incident's channel, so it says only what the incident's team may know.
"""

from sqlalchemy import or_, select

from core.decisions.resume import resume
from core.definitions.runbook import short_name
from core.errors import Conflict, InvalidInput
from core.services.analytics.usual import usual_seconds
from core.services.executions.kinds import RUNBOOK
from core.services.executions.loading import load
from core.services.executions.locks import holder_of, may_see_holder
from core.services.runs.children import check_no_child_in_doubt
from core.statuses import ACTIVE, GateStatus, Status, WaitingFor
from core.tables import Approval, ApprovalDecision, Incident, RunbookExecution
from core.unit_of_work import UnitOfWork
from core.views.run_cards import CardFacts, HolderView, LockView, RetryView

RETRIED = frozenset({Status.FAILED, Status.CANCELLED, Status.TIMED_OUT})


def card_facts(work: UnitOfWork, row: RunbookExecution) -> CardFacts:
    """Return the facts that the card of a run in this state needs; the others stay empty."""
    incident = work.session.get_one(Incident, row.incident_id)
    is_active = row.status in ACTIVE
    return CardFacts(
        usual_seconds=usual_seconds(work, row.runbook_id, incident.team_id) if is_active else None,
        approved_by=_approved_by(work, row),
        lock=_lock(work, row, incident) if is_active else None,
        retry=_retry(work, row),
    )


def _approved_by(work: UnitOfWork, row: RunbookExecution) -> tuple[str, ...]:
    """Return who approved a gate of the run or of its child runs, each once."""
    below = select(RunbookExecution.id).where(RunbookExecution.root_execution_id == row.id)
    query = (
        select(ApprovalDecision.slack_user_id)
        .join(Approval)
        .where(or_(Approval.execution_id == row.id, Approval.execution_id.in_(below)))
        .where(Approval.status == GateStatus.APPROVED, ApprovalDecision.approved)
        .order_by(ApprovalDecision.created_at, ApprovalDecision.slack_user_id)
    )
    return tuple(dict.fromkeys(work.session.scalars(query)))


def _lock(work: UnitOfWork, row: RunbookExecution, incident: Incident) -> LockView | None:
    if row.lock_name is None:
        return None
    name = short_name(row.lock_name)
    if row.waiting_for != WaitingFor.LOCK:
        return LockView(name, is_held=row.holds_lock)
    holder = holder_of(work, row.lock_name)
    if holder is None or not may_see_holder(work, holder, incident, ""):
        return LockView(name, is_held=False)
    return LockView(name, False, HolderView(holder.id, holder.runbook_name, holder.requested_by))


def _retry(work: UnitOfWork, row: RunbookExecution) -> RetryView | None:
    """Return what the Retry button would do; None if there is nothing to retry."""
    if row.status not in RETRIED or row.parent_execution_id is not None:
        return None
    state = load(work.session, RUNBOOK, row).state
    try:
        resumption = resume(state, from_step=None, by="", now=work.now)
        check_no_child_in_doubt(work, row)
    except (Conflict, InvalidInput) as error:
        return RetryView(refused=str(error))
    again = tuple(step.id for step in state.steps[resumption.position :])
    return RetryView(again[0], again, tuple(state.steps[at].id for at in resumption.asks))
