"""What a change of an execution obliges us to do, in the transaction of the change."""

from sqlalchemy import null, select, update

from core.decisions.execution import Execution, Step
from core.decisions.gates import GATE
from core.decisions.people import Person
from core.service import Work
from core.services import audit, notices, secret_parameters
from core.services.notices import NewNotice, NoticeKind
from core.statuses import GateStatus, Status, WaitingFor
from core.tables import Approval, Callback, RunbookExecution, WorkflowExecution

from .awaited import answer_awaiting
from .kinds import AnyExecution
from .links import new_links
from .locks import release_lock
from .workflow_obligations import details_of_end, of_workflow

SYSTEM = Person("system", source="worker")


def obliges(before: Execution, after: Execution) -> bool:
    """Whether the change obliges us to anything beyond showing it."""
    waits_otherwise = before.waiting_for != after.waiting_for
    has_waited = _left_gate(before, after) is not None
    is_void = bool(_taken_back(before, after))
    return after.status.is_final or waits_otherwise or has_waited or is_void or bool(new_links(before, after))


def _left_gate(before: Execution, after: Execution) -> int | None:
    """The position of the gate that is not waited for any more: the next step may be a gate, too."""
    is_there = after.waiting_for is WaitingFor.APPROVAL and after.position == before.position
    return before.position if before.waiting_for is WaitingFor.APPROVAL and not is_there else None


def _taken_back(before: Execution, after: Execution) -> list[int]:
    """The positions of gates that were passed, and are asked again."""
    pairs = enumerate(zip(before.steps, after.steps, strict=True))
    return [
        at for at, (old, new) in pairs if old.type == GATE and new is not old and _is_taken_back(old, new)
    ]


def _is_taken_back(old: Step, new: Step) -> bool:
    return old.status is Status.SUCCEEDED and new.status is not Status.SUCCEEDED


def fulfil(work: Work, row: AnyExecution, before: Execution, after: Execution) -> None:
    """Close gates that are no longer waited for, ask for verdicts, tell the outcome, write the audit trail."""
    if isinstance(row, WorkflowExecution):
        of_workflow(work, row, before, after)
        return
    gate = _left_gate(before, after)
    if gate is not None:
        _close_gate(work, row, gate, after.steps[gate].status)
    for position in _taken_back(before, after):
        _void(work, row, before.steps[position], after.steps[position])
    if after.waiting_for is WaitingFor.VERDICT and before.waiting_for is not WaitingFor.VERDICT:
        _ask_for_verdict(work, row, after)
    if after.status.is_final and not before.status.is_final:
        _tell_outcome(work, row, before, after)
    if after.status is Status.SUCCEEDED:  # what failed may be retried
        secret_parameters.forget(work, row)


def _close_gate(work: Work, row: RunbookExecution, position: int, status: Status) -> None:
    gates = select(Approval).where(
        Approval.execution_id == row.id, Approval.position == position, Approval.status == GateStatus.OPEN
    )
    for gate in work.session.scalars(gates.with_for_update()):
        gate.status = GateStatus.EXPIRED if status is Status.TIMED_OUT else GateStatus.CANCELLED
        gate.closed_at = work.now
        notices.want_again(work, gate.id, NoticeKind.GATE)


def _void(work: Work, row: RunbookExecution, before: Step, after: Step) -> None:
    """The approval does not hold any more. One that an earlier run was given stays as it is, which it held for."""
    output = before.output if isinstance(before.output, dict) else {}
    gate = work.session.get(Approval, str(output.get("approval")), with_for_update=True)
    if gate is None:
        return
    if gate.execution_id == row.id:
        gate.status = GateStatus.VOID
        notices.want_again(work, gate.id, NoticeKind.GATE)
    change = {"before": {"status": GateStatus.APPROVED.value}, "after": {"status": GateStatus.VOID.value}}
    details = {"execution": row.id, "reason": after.error or _why_asked_again(work, row), **change}
    audit.record(work, SYSTEM, "approval.voided", gate.id, details)


def _why_asked_again(work: Work, row: RunbookExecution) -> str | None:
    """Where the gate is open again already, in this transaction."""
    open_gate = select(Approval.asked_again).where(
        Approval.execution_id == row.id, Approval.status == GateStatus.OPEN
    )
    return work.session.scalars(open_gate).first()


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


def _tell_outcome(work: Work, row: RunbookExecution, before: Execution, after: Execution) -> None:
    release_lock(work, row)
    _forget_callbacks(work, row)
    answer_awaiting(work, row, after)
    notices.owe(work, NewNotice(NoticeKind.OUTCOME, row.id, row.incident_id, thread_of=row.id))
    notices.want_again(work, row.id, NoticeKind.VERDICT)
    audit.record(work, SYSTEM, "runbook_execution.ended", row.id, details_of_end(before, after))


def _forget_callbacks(work: Work, row: RunbookExecution) -> None:
    """What came for steps that never read it may hold a secret of ours, and nobody has looked."""
    unread = (Callback.execution_id == row.id, Callback.body.is_not(None))
    work.session.execute(update(Callback).where(*unread).values(body=null()))
