"""Cancels and judges runbook and workflow executions."""

from dataclasses import dataclass

from sqlalchemy import select

from core.decisions.people import Person
from core.decisions.policy_table import Action
from core.decisions.team_scope import check_may_respond
from core.errors import AlreadyDone, InvalidInput, Superseded
from core.services.executions.kinds import RUNBOOK, WORKFLOW
from core.services.executions.loading import load_locked
from core.services.runs.changes import apply_event
from core.services.runs.children import lock_below
from core.services.runs.finding import find_execution, find_workflow_execution
from core.services.runs.initiators import join_initiators
from core.services.shared import audit, notices
from core.services.shared.incident_scope import team_of
from core.services.shared.notices import NoticeKind
from core.statuses import ACTIVE, WaitingFor
from core.tables import Incident, RunbookExecution, WorkflowExecution
from core.unit_of_work import UnitOfWork
from core.values.execution import CancelRequested, Execution, VerdictGiven

VERDICTS = ("ran", "did_not_run", "run_again")


def cancel(
    work: UnitOfWork, person: Person, execution_id: str, action: Action = Action.RUN_CANCEL
) -> RunbookExecution:
    """Cancel a run. No step starts after this commits, and its worker stops a running one.

    `action`: the permission that the person needs. Raises NotFound, NotAllowed if the person is not in the incident's
    team, and Conflict if the run has ended.
    """
    row = find_execution(work, person, execution_id)
    check_may_respond(person, team_of(work, row), f"cancel {row.runbook_name}", action)
    lock_below(work, execution_id)
    loaded = load_locked(work.session, RUNBOOK, execution_id)
    if loaded.state.status.is_final:
        raise AlreadyDone(f"This run has already ended: {row.status}.")
    if loaded.state.outcome is not None:
        ending = (
            f"This run is already ending as {loaded.state.outcome.value}: its finally steps run to their end."
        )
        raise AlreadyDone(ending)
    before = {"status": row.status, "waiting_for": row.waiting_for}
    details = {"before": before, "after": {"cancel_requested": True}}
    audit.record(work, person, "runbook_execution.cancelled", row.id, details)
    apply_event(work, loaded, CancelRequested(f"<@{person.slack_user_id}>", row.worker is not None))
    work.session.refresh(row)
    return row


class StaleVerdict(Superseded):
    """The verdict is about another step or attempt than the current one. `execution_id`: the run to ask about again."""

    def __init__(self, message: str, execution_id: str, *, hint: str) -> None:
        super().__init__(message, hint=hint)
        self.execution_id = execution_id


@dataclass(frozen=True)
class InDoubt:
    """The step and attempt that a verdict is about."""

    step: str
    attempt: int


def give_verdict(
    work: UnitOfWork, person: Person, execution_id: str, answer: str, about: InDoubt | None
) -> RunbookExecution:
    """Record a person's answer to "did this step happen?".

    `about`: None if it comes from a button of an earlier release that does not say. A person who has the step run again
    becomes one of the run's initiators, and the approval before it is requested again. Raises InvalidInput for an
    unknown answer, Conflict if no verdict is needed any more, and StaleVerdict if another step or attempt is in doubt.
    """
    if answer not in VERDICTS:
        raise InvalidInput(f"A verdict must be one of {', '.join(VERDICTS)}.", field="verdict")
    row = find_execution(work, person, execution_id)
    check_may_respond(person, team_of(work, row), f"give a verdict on {row.runbook_name}", Action.RUN_VERDICT)
    loaded = load_locked(work.session, RUNBOOK, execution_id)
    _check_asked(row.id, loaded.state, about)
    if answer == "run_again":
        join_initiators(work, row, person, "ran_again")
    details = {"step": loaded.state.position, "before": {"step": "unknown"}, "after": {"verdict": answer}}
    audit.record(work, person, f"verdict.{answer}", row.id, details)
    apply_event(work, loaded, VerdictGiven(answer, f"<@{person.slack_user_id}>"))
    notices.mark_dirty(work, row.id, NoticeKind.VERDICT)
    work.session.refresh(row)
    return row


def _check_asked(execution_id: str, state: Execution, about: InDoubt | None) -> None:
    """Raise Conflict, with the current state, unless a verdict on this step and attempt is needed now."""
    position = state.position
    if position is None or state.waiting_for is not WaitingFor.VERDICT:
        raise Superseded("This run no longer needs a verdict.")
    step = state.steps[position]
    if about is None:
        sentence = "This button comes from an earlier release and does not say which step it is about."
        hint = f"Step {step.id} is in doubt now. Answer on its message, which is posted again."
        raise StaleVerdict(sentence, execution_id, hint=hint)
    if about.step != step.id:
        sentence = f"Step {step.id} is in doubt now, not {about.step}."
        raise StaleVerdict(sentence, execution_id, hint="Nothing was changed.")
    if about.attempt != step.attempt:
        sentence = f"Attempt {step.attempt} of step {step.id} is in doubt now, not attempt {about.attempt}."
        raise StaleVerdict(sentence, execution_id, hint="Nothing was changed.")


def cancel_workflow(
    work: UnitOfWork, person: Person, execution_id: str, *, with_runs: bool
) -> tuple[WorkflowExecution, int]:
    """Cancel a workflow execution. No action starts after this commits, and its worker stops a running one.

    `with_runs`: also cancel the runs that it started; otherwise they continue. Returns the execution and the number of
    runs that were cancelled. Raises NotFound, NotAllowed if the person is not in the incident's team, and Conflict if
    the execution has ended.
    """
    row = find_workflow_execution(work, person, execution_id)
    team = work.session.get_one(Incident, row.incident_id).team.name
    check_may_respond(person, team, f"cancel {row.workflow_name}", Action.RUN_CANCEL)
    # Locks are taken in the general order: a run before the workflow that waits for it.
    for run_id in _active_runs(work, row):
        lock_below(work, run_id)
        load_locked(work.session, RUNBOOK, run_id)
    loaded = load_locked(work.session, WORKFLOW, execution_id)
    if loaded.state.status.is_final:
        raise AlreadyDone(f"This workflow has already ended: {row.status}.")
    change = {"before": {"status": row.status}, "after": {"cancel_requested": True}}
    details = {"workflow": row.workflow_name, "with_runs": with_runs, **change}
    audit.record(work, person, "workflow_execution.cancelled", row.id, details)
    apply_event(work, loaded, CancelRequested(f"<@{person.slack_user_id}>", row.worker is not None))
    runs = _active_runs(work, row) if with_runs else []
    for run_id in runs:
        cancel(work, person, run_id)
    work.session.refresh(row)
    return row, len(runs)


def _active_runs(work: UnitOfWork, row: WorkflowExecution) -> list[str]:
    caused = select(RunbookExecution.id).where(
        RunbookExecution.workflow_execution_id == row.id, RunbookExecution.parent_execution_id.is_(None)
    )
    return list(
        work.session.scalars(caused.where(RunbookExecution.status.in_(ACTIVE)).order_by(RunbookExecution.id))
    )
