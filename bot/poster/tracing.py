"""The span of a message: part of the trace of the request that caused what it tells."""

from contextlib import AbstractContextManager, nullcontext

from sqlalchemy import func, literal, select

from bot.poster.claims import Claim
from core.tables import Approval, InputRequest, RunbookExecution, WorkflowExecution
from core.tracing import is_traced, span
from core.unit_of_work import UnitOfWork, UnitOfWorkFactory


def delivery(unit_of_work: UnitOfWorkFactory, claim: Claim) -> AbstractContextManager[object]:
    """Return the span in which the notice is delivered. Without a tracer, nothing is looked up."""
    if not is_traced():
        return nullcontext()
    with unit_of_work.begin() as work:
        origin = _origin_of(work, claim)
    return span("message", origin, id=claim.notice_id, kind=claim.kind.value, subject=claim.subject_id)


def _origin_of(work: UnitOfWork, claim: Claim) -> str:
    """Return the request that caused the execution which the notice is about; the subject itself if none did."""
    subject = claim.thread_of or claim.subject_id
    of_gate = select(Approval.execution_id).where(Approval.id == subject).scalar_subquery()
    asked = select(InputRequest.execution_id).where(InputRequest.id == subject).scalar_subquery()
    execution = func.coalesce(of_gate, asked, literal(subject))
    for table in (RunbookExecution, WorkflowExecution):
        found = work.session.execute(select(table.id, table.request_id).where(table.id == execution)).first()
        if found is not None:
            return found.request_id or str(found.id)
    return subject
