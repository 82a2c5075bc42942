"""The handlers of Slack buttons. Each makes one call into core; the poster shows the result, from the database."""

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

from bot.cards.definition_approval import NO_LONGER_WORKS, Shown
from bot.cards.words import escape
from bot.entry_points import BUTTONS as IN_THE_POLICY
from core.decisions.people import Person
from core.errors import InvalidInput
from core.services.access.people import load_person
from core.services.library.approval import approve
from core.services.library.finding import find
from core.services.library.kinds import RUNBOOKS, WORKFLOWS, DefinitionKind, Row
from core.services.library.writing import Intent
from core.services.runs.approvals import StaleApproval, decide_gate, show_anew
from core.services.runs.control import VERDICTS, InDoubt, StaleVerdict, cancel, cancel_workflow, give_verdict
from core.services.runs.retries import retry
from core.services.shared import notices
from core.services.shared.notices import NoticeKind
from core.services.views.reading import view_approval
from core.unit_of_work import UnitOfWork, UnitOfWorkFactory


def press_approve(unit_of_work: UnitOfWorkFactory, value: str, user_id: str, *, single_admin: bool) -> str:
    """Approve the version that the card showed. Returns the sentence to reply with.

    Raises core's errors: Stale if the definition has another version or another content by now.
    """
    shown = Shown.of(value)

    def act(work: UnitOfWork) -> str:
        person = load_person(work, user_id, source="slack")
        if shown.kind == RUNBOOKS.noun:
            return _approve(work, person, RUNBOOKS, shown, single_admin)
        if shown.kind == WORKFLOWS.noun:
            return _approve(work, person, WORKFLOWS, shown, single_admin)
        raise InvalidInput(NO_LONGER_WORKS)

    return unit_of_work.run(act)


def _approve(
    work: UnitOfWork, person: Person, kind: DefinitionKind[Row], shown: Shown, single_admin: bool
) -> str:
    row = find(work, person, kind, shown.id)
    intent = Intent(read_version=shown.version, read_digest=shown.digest)
    approve(work, person, kind, row, intent, own_version_allowed=single_admin)
    return f"✅ {escape(row.name)} v{row.version} is approved and may run."


ATTEMPT = re.compile(r"[0-9]{1,9}")

# Returns the sentence for the person who pressed the button, or None.
ButtonHandler: TypeAlias = Callable[[UnitOfWork, Person, str], str | None]


def _approves(work: UnitOfWork, person: Person, value: str) -> str | None:
    """Approve at the gate. `value`: its id, and the beginning of the digest of what its card showed."""
    approval_id, _, seen = value.partition(":")
    gate = decide_gate(work, person, approval_id, approved=True, seen=seen)
    return view_approval(work, gate).nobody_left


def _judges(answer: str) -> ButtonHandler:
    def handle(work: UnitOfWork, person: Person, value: str) -> None:
        """Give the verdict. `value`: the run, the step, and the attempt that the card asks about."""
        execution_id, *about = value.split(":")
        give_verdict(work, person, execution_id, answer, _in_doubt(about))

    return handle


def _in_doubt(about: list[str]) -> InDoubt | None:
    """Return the step and attempt; None for the button of an earlier release, which does not carry them."""
    if not about:
        return None
    if len(about) != 2 or not ATTEMPT.fullmatch(about[1]):
        raise InvalidInput(NO_LONGER_WORKS)
    return InDoubt(about[0], int(about[1]))


def _cancels(work: UnitOfWork, person: Person, execution_id: str) -> None:
    cancel(work, person, execution_id)


def _cancels_workflow(work: UnitOfWork, person: Person, execution_id: str) -> str:
    """Cancel the workflow. The runs that it started continue; only the typed command cancels them, too."""
    row, _ = cancel_workflow(work, person, execution_id, with_runs=False)
    return f"🚫 Workflow {row.workflow_name} is cancelled. The runs that it started continue."


def _retries(work: UnitOfWork, person: Person, execution_id: str) -> None:
    """Retry the run. Repeated clicks by one person, and repeated deliveries by Slack, are one request."""
    key = f"slack:run.retry:{execution_id}:{person.slack_user_id}"
    retry(work, person, execution_id, request_key=key)


# By action_id.
BUTTONS: Mapping[str, ButtonHandler] = {
    "approval.approve": _approves,
    "run.cancel": _cancels,
    "run.retry": _retries,
    "workflow.cancel": _cancels_workflow,
    **{f"verdict.{answer}": _judges(answer) for answer in VERDICTS},
}


def press(unit_of_work: UnitOfWorkFactory, action_id: str, value: str, user_id: str) -> str | None:
    """Handle a pressed button in one transaction. Returns a sentence for the person who pressed it, if there is one.

    Raises core's errors. Then nothing is changed, except that an outdated card is shown again.
    """
    handle = BUTTONS.get(action_id)
    if handle is None or action_id not in IN_THE_POLICY:
        raise InvalidInput(NO_LONGER_WORKS)
    try:
        return unit_of_work.run(lambda work: handle(work, load_person(work, user_id, source="slack"), value))
    except StaleApproval as stale:
        with unit_of_work.begin() as work:
            show_anew(work, stale.approval_id)
        raise
    except StaleVerdict as stale:
        with unit_of_work.begin() as work:
            notices.mark_dirty(work, stale.execution_id, NoticeKind.VERDICT)
        raise
