"""Runbook executions: cancelled, judged."""

from core.decisions.execution import CancelRequested, VerdictGiven
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


def give_verdict(work: Work, person: Person, execution_id: str, answer: str) -> RunbookExecution:
    """A person's answer to "did this step happen?".

    Raises InvalidInput for an unknown answer, Conflict if nobody asks any more.
    """
    if answer not in VERDICTS:
        raise InvalidInput(f"A verdict is one of {', '.join(VERDICTS)}.", field="verdict")
    row = find_execution(work, person, execution_id)
    check_may_respond(person, team_of(work, row), f"give a verdict on {row.runbook_name}", Action.RUN_VERDICT)
    loaded = load_locked(work.session, RUNBOOK, execution_id)
    if loaded.state.waiting_for is not WaitingFor.VERDICT:
        raise Conflict("No verdict is waited for here any more.")
    details = {"step": loaded.state.position, "before": {"step": "unknown"}, "after": {"verdict": answer}}
    audit.record(work, person, f"verdict.{answer}", row.id, details)
    apply_event(work, loaded, VerdictGiven(answer, f"<@{person.slack_user_id}>"))
    notices.want_again(work, row.id, NoticeKind.VERDICT)
    work.session.refresh(row)
    return row
