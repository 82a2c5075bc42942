"""Applies events to executions, together with the side effects of the change, in one transaction.

People's changes (decisions, cancels, verdicts) go through `apply_event` and need no worker; the executor calls
`apply_side_effects` itself. A run that a workflow action waits for answers the action in the transaction in which the
run ends. The wait began in the transaction that created the run, so the end cannot come before the wait.
"""

from collections.abc import Callable, Sequence

from sqlalchemy import CTE, null, select, update

from core.decisions.advance import advance
from core.decisions.children import plan_of
from core.decisions.gates import GATE
from core.decisions.initiators import initiators_from_json
from core.decisions.people import Person
from core.decisions.states import blame
from core.definitions.steps import types_called_back
from core.fault_injection import fail_point
from core.services.executions import secret_parameters
from core.services.executions.checkpoint import Change, save
from core.services.executions.kinds import RUNBOOK, WORKFLOW, AnyExecution
from core.services.executions.loading import Loaded, load_locked
from core.services.executions.locks import release_lock
from core.services.incidents.changes import Cause, add_link
from core.services.runs import children
from core.services.runs.links import Link, new_links
from core.services.shared import audit, notices
from core.services.shared.notices import NewNotice, NoticeKind
from core.services.starts.bounds import notify_failure
from core.statuses import GateStatus, InputStatus, Status, WaitingFor
from core.tables import (
    Approval,
    Callback,
    Incident,
    IncidentEvent,
    InputRequest,
    JsonObject,
    RunbookExecution,
    WorkflowExecution,
)
from core.unit_of_work import UnitOfWork
from core.values.execution import (
    Answered,
    CancelRequested,
    ChildrenChanged,
    Event,
    Execution,
    Failed,
    Json,
    Step,
    Succeeded,
)

ApplySideEffects = Callable[[UnitOfWork, Loaded, Execution], None]


def apply(work: UnitOfWork, loaded: Loaded, event: Event, apply_side_effects: ApplySideEffects) -> Execution:
    """Advance a locked execution, save it, apply the side effects of the change, and enqueue a job if it is due.

    `apply_side_effects`: called with the new state. A worker that holds the execution keeps it, and finds the new
    revision at its next checkpoint. Returns the new state.
    """
    row, before = loaded.row, loaded.state
    after = advance(before, event, work.now).execution
    if after == before:
        return after
    held = row.worker is not None
    change = Change(
        loaded.kind,
        row.id,
        row.revision,
        before,
        after,
        after.wake_at,
        released=not held,
        leased=held and not after.status.is_final,
    )
    work.session.flush()
    saved = save(work.session.connection(), change)
    assert saved, "the row is locked, so nobody else can have changed it"
    work.announces = True
    apply_side_effects(work, loaded, after)
    if not held and after.wake_at is not None:
        work.enqueue(loaded.kind.name, row.id)
    return after


def apply_event(work: UnitOfWork, loaded: Loaded, event: Event) -> Execution:
    """Call `apply` with the side effects that every change of an execution has."""
    return apply(
        work,
        loaded,
        event,
        lambda work, loaded, after: apply_side_effects(work, loaded.row, loaded.state, after),
    )


def answer_awaiting(work: UnitOfWork, row: RunbookExecution, after: Execution) -> None:
    """Answer the workflow action that waits for this run, if there is one. `after`: how the run ended."""
    if row.awaited_by is None or row.workflow_execution_id is None:
        return
    loaded = load_locked(work.session, WORKFLOW, row.workflow_execution_id)
    result = result_of(row, after)
    if isinstance(result, Failed) and not _may_repeat(loaded, row.awaited_by):
        result = Failed(result.error, result.output, final=True)
    apply(work, loaded, Answered(row.awaited_by, result), _apply_workflow_side_effects)


def _apply_workflow_side_effects(work: UnitOfWork, loaded: Loaded, after: Execution) -> None:
    assert isinstance(loaded.row, WorkflowExecution)
    of_workflow(work, loaded.row, loaded.state, after)


def result_of(row: RunbookExecution, after: Execution) -> Succeeded | Failed:
    """Return the action's result for the end of the run. Its output has the run's status and what its steps saved."""
    output: dict[str, Json] = {
        "execution_id": row.id,
        "runbook": row.runbook_name,
        "status": after.status.value,
        "error": after.error,
        "steps": {step.id: {"status": step.status.value, "saved": dict(step.saved)} for step in after.steps},
    }
    if after.status is Status.SUCCEEDED:
        return Succeeded(output)
    return Failed(
        f"{row.runbook_name} ({row.id}) {_ended(after.status)}. {after.error or ''}".strip(), output
    )


def _ended(status: Status) -> str:
    return {Status.CANCELLED: "was cancelled", Status.TIMED_OUT: "timed out"}.get(status, "failed")


def _may_repeat(loaded: Loaded, action_id: str) -> bool:
    """True if the action says that it is safe to run the runbook again."""
    action = next(part for part in loaded.parts if part.id == action_id)
    return action.retry is not None and action.retry.safe


SYSTEM = Person("system", source="worker")


def of_workflow(work: UnitOfWork, row: WorkflowExecution, before: Execution, after: Execution) -> None:
    """Apply the side effects of a change of a workflow execution: links, and at its end audit entry and notices."""
    links = new_links(before, after)
    if links:
        _keep_links(work, row, links)
    if not after.status.is_final or before.status.is_final:
        return
    audit.record(work, SYSTEM, "workflow_execution.ended", row.id, details_of_end(before, after))
    if after.status in (Status.FAILED, Status.TIMED_OUT):
        notify_failure(work, row, after.status, _what_failed(after))


def details_of_end(before: Execution, after: Execution) -> JsonObject:
    """Return the details of the audit entry for the end of an execution."""
    change = {"before": {"status": before.status.value}, "after": {"status": after.status.value}}
    return {"status": after.status.value, "error": after.error, **change}


def _what_failed(after: Execution) -> str:
    """Return the action that ended the workflow, with its error; otherwise the workflow's error and how far it got."""
    for step in reversed(after.steps):
        if after.error == blame(step, step.error):
            return f"Action *{step.id}*: {step.error}"
    left = [step.id for step in after.steps if step.status in (Status.TIMED_OUT, Status.UNKNOWN)]
    return f"{after.error} Action *{left[-1]}* had not ended." if left else after.error or ""


def _keep_links(work: UnitOfWork, row: WorkflowExecution, links: Sequence[Link]) -> None:
    incident = work.session.get_one(Incident, row.incident_id)
    event = work.session.get_one(IncidentEvent, row.event_id)
    person = Person(f"workflow:{row.workflow_name}", source="workflow")
    cause = Cause(person, event.depth + 1, initiators_from_json(event.initiators))
    for link in links:
        add_link(work, cause, incident, link.name, link.url)


def has_side_effects(before: Execution, after: Execution) -> bool:
    """True if the change has side effects beyond updating the execution's cards."""
    wait_changed = before.waiting_for != after.waiting_for
    left_gate = _left(WaitingFor.APPROVAL, before, after) is not None
    is_void = bool(_voided(before, after))
    changed = wait_changed or left_gate or is_void or ends_children(before, after)
    return after.status.is_final or changed or bool(new_links(before, after))


def ends_children(before: Execution, after: Execution) -> bool:
    """True if the run's outcome has just been decided, or it has ended, while it may have child runs.

    A cancel ends them at once, even if a worker that holds the run has yet to learn of it.
    """
    is_decided = before.outcome is None and (after.outcome is not None or after.status.is_final)
    is_cancelled = after.cancel_requested and not before.cancel_requested
    return (is_decided or is_cancelled) and any(plan_of(step) is not None for step in before.steps)


def _left(awaited: WaitingFor, before: Execution, after: Execution) -> int | None:
    """Return the position of the step of this kind that the run no longer waits at, if any.

    The next step may be one of the same kind.
    """
    still_waits = after.waiting_for is awaited and after.position == before.position
    return before.position if before.waiting_for is awaited and not still_waits else None


def _voided(before: Execution, after: Execution) -> list[int]:
    """Return the positions of gates that had been passed and are asked again."""
    pairs = enumerate(zip(before.steps, after.steps, strict=True))
    return [at for at, (old, new) in pairs if old.type == GATE and new is not old and _is_voided(old, new)]


def _is_voided(old: Step, new: Step) -> bool:
    return old.status is Status.SUCCEEDED and new.status is not Status.SUCCEEDED


def apply_side_effects(work: UnitOfWork, row: AnyExecution, before: Execution, after: Execution) -> None:
    """Close gates, void approvals, ask for verdicts, and announce the outcome, as the change requires."""
    if isinstance(row, WorkflowExecution):
        of_workflow(work, row, before, after)
        return
    gate, asked = _left(WaitingFor.APPROVAL, before, after), _left(WaitingFor.INPUT, before, after)
    if gate is not None:
        _close_gate(work, row, gate, after.steps[gate].status)
    if asked is not None:
        _close_input(work, row, asked, after.steps[asked].status)
    for position in _voided(before, after):
        _void(work, row, before.steps[position], after.steps[position])
    if after.waiting_for is WaitingFor.VERDICT and before.waiting_for is not WaitingFor.VERDICT:
        _ask_for_verdict(work, row, after)
    if before.waiting_for is WaitingFor.VERDICT and after.waiting_for is not WaitingFor.VERDICT:
        notices.mark_dirty(work, row.id, NoticeKind.VERDICT)
    if ends_children(before, after):
        cancel_children(work, row, "its parent run")
    if after.status.is_final and not before.status.is_final:
        _finish(work, row, before, after)
    if after.status is Status.SUCCEEDED:  # otherwise it may be retried with them
        secret_parameters.forget(work, row)


def _close_gate(work: UnitOfWork, row: RunbookExecution, position: int, status: Status) -> None:
    gates = select(Approval).where(
        Approval.execution_id == row.id, Approval.position == position, Approval.status == GateStatus.OPEN
    )
    for gate in work.session.scalars(gates.with_for_update()):
        gate.status = GateStatus.EXPIRED if status is Status.TIMED_OUT else GateStatus.CANCELLED
        gate.closed_at = work.now
        notices.mark_dirty(work, gate.id, NoticeKind.GATE)


def _close_input(work: UnitOfWork, row: RunbookExecution, position: int, status: Status) -> None:
    """Close the step's request for values, unless somebody has answered it."""
    of_step = (InputRequest.execution_id == row.id, InputRequest.position == position)
    still_open = select(InputRequest).where(*of_step, InputRequest.status == InputStatus.OPEN)
    for request in work.session.scalars(still_open.with_for_update()):
        request.status = InputStatus.EXPIRED if status is Status.TIMED_OUT else InputStatus.CANCELLED
        request.closed_at = work.now
        notices.mark_dirty(work, request.id, NoticeKind.INPUT)


def _void(work: UnitOfWork, row: RunbookExecution, before: Step, after: Step) -> None:
    """Void the approval. One that was given for an earlier run, of which this is a retry, keeps its status."""
    output = before.output if isinstance(before.output, dict) else {}
    gate = work.session.get(Approval, str(output.get("approval")), with_for_update=True)
    if gate is None:
        return
    if gate.execution_id == row.id:
        gate.status = GateStatus.VOID
        notices.mark_dirty(work, gate.id, NoticeKind.GATE)
    change = {"before": {"status": GateStatus.APPROVED.value}, "after": {"status": GateStatus.VOID.value}}
    details = {"execution": row.id, "reason": after.error or _why_asked_again(work, row), **change}
    audit.record(work, SYSTEM, "approval.voided", gate.id, details)


def _why_asked_again(work: UnitOfWork, row: RunbookExecution) -> str | None:
    """Return the reason from the gate that this transaction has already opened again, if it has."""
    open_gate = select(Approval.asked_again).where(
        Approval.execution_id == row.id, Approval.status == GateStatus.OPEN
    )
    return work.session.scalars(open_gate).first()


def _ask_for_verdict(work: UnitOfWork, row: RunbookExecution, after: Execution) -> None:
    position = after.position
    assert position is not None
    attempt = after.steps[position].attempt
    notices.enqueue_notice(
        work,
        NewNotice(
            NoticeKind.VERDICT,
            row.id,
            row.incident_id,
            key=f"{position}.{attempt}",
            content={"position": position, "attempt": attempt},
            thread_of=row.root_execution_id or row.id,
        ),
    )


def cancel_children(work: UnitOfWork, row: RunbookExecution, by: str) -> None:
    """Cancel the child runs; the run itself ends once they have. Whoever calls this has locked them (lock_below)."""
    children.drop_unstarted(work, row.id, "It was not started, because its parent run was ending.")
    for child_id in children.active_children(work, row.id):
        loaded = load_locked(work.session, RUNBOOK, child_id)
        apply_event(work, loaded, CancelRequested(by, loaded.row.worker is not None))


def _tell_parent(work: UnitOfWork, row: RunbookExecution) -> None:
    """Start the next sibling, or wake the parent: its step is over, or has to cancel the others."""
    assert row.parent_execution_id is not None
    loaded = load_locked(work.session, RUNBOOK, row.parent_execution_id)
    position = loaded.state.position
    step = loaded.state.steps[position] if position is not None else None
    plan = plan_of(step) if step is not None else None
    notices.mark_dirty(work, row.root_execution_id or row.parent_execution_id, NoticeKind.HEADLINE)
    if step is None or plan is None or step.id != row.parent_step:
        return
    following = children.continue_children(work, loaded.row.id, step, plan, is_ending=loaded.state.is_ending)
    if following.is_over or following.cancel:
        apply_event(work, loaded, ChildrenChanged())


def _finish(work: UnitOfWork, row: RunbookExecution, before: Execution, after: Execution) -> None:
    release_lock(work, row)
    if any(step.type in types_called_back() for step in before.steps):
        _forget_callbacks(work, row)
    told: list[CTE] = []
    if row.parent_execution_id is not None:
        fail_point("parent.before")
        _tell_parent(work, row)
        fail_point("parent.after")
    else:
        answer_awaiting(work, row, after)
        outcome = NewNotice(NoticeKind.OUTCOME, row.id, row.incident_id, thread_of=row.id)
        told.append(notices.enqueued(work, outcome))
    if any(step.status is Status.UNKNOWN for step in (*before.steps, *after.steps)):
        notices.mark_dirty(work, row.id, NoticeKind.VERDICT)  # its card says how the run ended
    details = details_of_end(before, after)
    audit.record(work, SYSTEM, "runbook_execution.ended", row.id, details, together=told)


def _forget_callbacks(work: UnitOfWork, row: RunbookExecution) -> None:
    """Delete callback bodies that no step has read: they may contain secrets, and were never masked."""
    unread = (Callback.execution_id == row.id, Callback.body.is_not(None))
    work.session.execute(update(Callback).where(*unread).values(body=null()))
