"""Runbook executions: cancelled, judged."""

from dataclasses import dataclass

from core.decisions.execution import CancelRequested, Execution, VerdictGiven
from core.decisions.initiators import initiated_by, initiators_from_json, initiators_to_json, joined
from core.decisions.people import Person
from core.decisions.policy_table import Action
from core.decisions.team_scope import check_may_respond
from core.errors import Conflict, InvalidInput
from core.execution.changes import apply_event
from core.execution.kinds import RUNBOOK
from core.execution.rows import load_locked
from core.service import Work
from core.services import audit, notices
from core.services.notices import NoticeKind
from core.services.run_search import find_execution, team_of
from core.statuses import WaitingFor
from core.tables import RunbookExecution

VERDICTS = ("ran", "did_not_run", "run_again")


def cancel(work: Work, person: Person, execution_id: str) -> RunbookExecution:
    """No step starts after this commits; a running one is stopped by its worker.

    Raises NotFound, NotAllowed for somebody of another team, Conflict if it has ended.
    """
    row = find_execution(work, person, execution_id)
    check_may_respond(person, team_of(work, row), f"cancel {row.runbook_name}", Action.RUN_CANCEL)
    loaded = load_locked(work.session, RUNBOOK, execution_id)
    if loaded.state.status.is_final:
        raise Conflict(f"This run has already ended: {row.status}.")
    before = {"status": row.status, "waiting_for": row.waiting_for}
    details = {"before": before, "after": {"cancel_requested": True}}
    audit.record(work, person, "runbook_execution.cancelled", row.id, details)
    apply_event(work, loaded, CancelRequested(f"<@{person.slack_user_id}>", row.worker is not None))
    work.session.refresh(row)
    return row


class StaleVerdict(Conflict):
    """Another step, or attempt, is asked about now. `execution_id`: of the run whose questions are to be told anew."""

    def __init__(self, message: str, execution_id: str, *, hint: str) -> None:
        super().__init__(message, hint=hint)
        self.execution_id = execution_id


@dataclass(frozen=True)
class InDoubt:
    """Which attempt of which step an answer is about."""

    step: str
    attempt: int


def give_verdict(
    work: Work, person: Person, execution_id: str, answer: str, about: InDoubt | None
) -> RunbookExecution:
    """A person's answer to "did this step happen?". `about`: None where it comes from a button that does not say.

    Whoever has it run again brings that about, and the approval before it is asked for again.
    Raises InvalidInput for an unknown answer, Conflict if nobody asks any more, StaleVerdict where something else is
    asked about.
    """
    if answer not in VERDICTS:
        raise InvalidInput(f"A verdict is one of {', '.join(VERDICTS)}.", field="verdict")
    row = find_execution(work, person, execution_id)
    check_may_respond(person, team_of(work, row), f"give a verdict on {row.runbook_name}", Action.RUN_VERDICT)
    loaded = load_locked(work.session, RUNBOOK, execution_id)
    _check_asked(row.id, loaded.state, about)
    if answer == "run_again":
        known = initiators_from_json(row.initiators)
        row.initiators = initiators_to_json(joined(known, initiated_by(person, "ran_again")))
    details = {"step": loaded.state.position, "before": {"step": "unknown"}, "after": {"verdict": answer}}
    audit.record(work, person, f"verdict.{answer}", row.id, details)
    apply_event(work, loaded, VerdictGiven(answer, f"<@{person.slack_user_id}>"))
    notices.want_again(work, row.id, NoticeKind.VERDICT)
    work.session.refresh(row)
    return row


def _check_asked(execution_id: str, state: Execution, about: InDoubt | None) -> None:
    """Raise a Conflict, with how things stand, unless it is this that is asked about now."""
    position = state.position
    if position is None or state.waiting_for is not WaitingFor.VERDICT:
        raise Conflict("No verdict is waited for here any more.")
    step = state.steps[position]
    if about is None:
        said = "This button is of an earlier release and does not say which step it means."
        hint = f"Step {step.id} is asked about now. Answer on its message, which is told anew."
        raise StaleVerdict(said, execution_id, hint=hint)
    if about.step != step.id:
        said = f"Step {step.id} is asked about now, not {about.step}."
        raise StaleVerdict(said, execution_id, hint="Nothing was changed.")
    if about.attempt != step.attempt:
        said = f"Attempt {step.attempt} of step {step.id} is asked about now, not attempt {about.attempt}."
        raise StaleVerdict(said, execution_id, hint="Nothing was changed.")
