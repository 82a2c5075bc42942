"""What a change of an execution obliges us to do, in the transaction of the change."""

from sqlalchemy import select

from core.decisions.execution import Execution
from core.decisions.people import Person
from core.service import Work
from core.services import audit, notices
from core.services.notices import NewNotice, NoticeKind
from core.statuses import GateStatus, Status, WaitingFor
from core.tables import Approval, RunbookExecution, WorkflowExecution

from .awaited import answer_awaiting
from .kinds import AnyExecution
from .links import new_links
from .locks import release_lock
from .workflow_obligations import of_workflow

SYSTEM = Person("system", source="worker")


def obliges(before: Execution, after: Execution) -> bool:
    """Whether the change obliges us to anything beyond showing it."""
    waits_otherwise = before.waiting_for != after.waiting_for
    return after.status.is_final or waits_otherwise or bool(new_links(before, after))


def fulfil(work: Work, row: AnyExecution, before: Execution, after: Execution) -> None:
    """Close gates that are no longer waited for, ask for verdicts, tell the outcome, write the audit trail."""
    if isinstance(row, WorkflowExecution):
        of_workflow(work, row, before, after)
        return
    if before.waiting_for is WaitingFor.APPROVAL and after.waiting_for is not WaitingFor.APPROVAL:
        _close_gates(work, row, after)
    if after.waiting_for is WaitingFor.VERDICT and before.waiting_for is not WaitingFor.VERDICT:
        _ask_for_verdict(work, row, after)
    if after.status.is_final and not before.status.is_final:
        _tell_outcome(work, row, after)


def _close_gates(work: Work, row: RunbookExecution, after: Execution) -> None:
    gates = select(Approval).where(Approval.execution_id == row.id, Approval.status == GateStatus.OPEN)
    for gate in work.session.scalars(gates.with_for_update()):
        gate.status = GateStatus.EXPIRED if after.status is Status.TIMED_OUT else GateStatus.CANCELLED
        gate.closed_at = work.now
        notices.want_again(work, gate.id, NoticeKind.GATE)


def _ask_for_verdict(work: Work, row: RunbookExecution, after: Execution) -> None:
    position = after.position
    assert position is not None
    attempt = after.steps[position].attempt
    notices.owe(
        work,
        NewNotice(
            NoticeKind.VERDICT,
            row.id,
            row.incident_id,
            key=f"{position}.{attempt}",
            content={"position": position, "attempt": attempt},
            thread_of=row.id,
        ),
    )


def _tell_outcome(work: Work, row: RunbookExecution, after: Execution) -> None:
    release_lock(work, row)
    answer_awaiting(work, row, after)
    notices.owe(work, NewNotice(NoticeKind.OUTCOME, row.id, row.incident_id, thread_of=row.id))
    notices.want_again(work, row.id, NoticeKind.VERDICT)
    details = {"status": after.status.value, "error": after.error}
    audit.record(work, SYSTEM, "runbook_execution.ended", row.id, details)
