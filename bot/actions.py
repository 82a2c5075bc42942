"""Buttons: what each does when it is pressed.

The button that approves a definition: exactly the version that its card showed.

The buttons: each is one decision of core's. What comes of it is shown by the poster, from the database.
"""

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

from bot.cards.definition_approval import Shown
from bot.cards.words import escape
from bot.entrances import BUTTONS as IN_THE_POLICY
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
    """Approve what was shown. Returns what there is to say.

    Raises core's errors: Stale where the definition is at another version by now, or says something else.
    """
    shown = Shown.of(value)

    def act(work: UnitOfWork) -> str:
        person = load_person(work, user_id, source="slack")
        if shown.kind == RUNBOOKS.noun:
            return _approve(work, person, RUNBOOKS, shown, single_admin)
        if shown.kind == WORKFLOWS.noun:
            return _approve(work, person, WORKFLOWS, shown, single_admin)
        raise InvalidInput("This button does nothing here any more.")

    return unit_of_work.run(act)


def _approve(
    work: UnitOfWork, person: Person, kind: DefinitionKind[Row], shown: Shown, single_admin: bool
) -> str:
    row = find(work, person, kind, shown.id)
    intent = Intent(read_version=shown.version, read_digest=shown.digest)
    approve(work, person, kind, row, intent, own_version_allowed=single_admin)
    return f"✅ {escape(row.name)} v{row.version} is approved and may run."


NOTHING_HERE = "This button does nothing here any more."
ATTEMPT = re.compile(r"[0-9]{1,9}")

ButtonHandler: TypeAlias = Callable[[UnitOfWork, Person, str], str | None]


def _decides(approved: bool) -> ButtonHandler:
    def deed(work: UnitOfWork, person: Person, value: str) -> str | None:
        """The value: the gate, and the beginning of the digest of what its card showed."""
        approval_id, _, seen = value.partition(":")
        gate = decide_gate(work, person, approval_id, approved=approved, seen=seen)
        work.session.flush()
        work.session.refresh(gate)  # its decisions were read before this one was added
        return view_approval(work, gate).nobody_left

    return deed


def _judges(answer: str) -> ButtonHandler:
    def deed(work: UnitOfWork, person: Person, value: str) -> None:
        """The value: the run, the step, and the attempt that the card asks about."""
        execution_id, *about = value.split(":")
        give_verdict(work, person, execution_id, answer, _in_doubt(about))

    return deed


def _in_doubt(about: list[str]) -> InDoubt | None:
    """None for a button that does not say it: of an earlier release."""
    if not about:
        return None
    if len(about) != 2 or not ATTEMPT.fullmatch(about[1]):
        raise InvalidInput(NOTHING_HERE)
    return InDoubt(about[0], int(about[1]))


def _cancels(work: UnitOfWork, person: Person, execution_id: str) -> None:
    cancel(work, person, execution_id)


def _cancels_workflow(work: UnitOfWork, person: Person, execution_id: str) -> str:
    """What it has started goes on: to cancel that too, it is typed."""
    row, _ = cancel_workflow(work, person, execution_id, with_runs=False)
    return f"🚫 The workflow {row.workflow_name} is cancelled. What it has started goes on."


def _retries(work: UnitOfWork, person: Person, execution_id: str) -> None:
    """One person's clicks on one run are one request, however often Slack brings them."""
    key = f"slack:run.retry:{execution_id}:{person.slack_user_id}"
    retry(work, person, execution_id, request_key=key)


# By action_id. What a deed answers is told to who pressed.
BUTTONS: Mapping[str, ButtonHandler] = {
    "approval.approve": _decides(approved=True),
    "approval.reject": _decides(approved=False),
    "run.cancel": _cancels,
    "run.retry": _retries,
    "workflow.cancel": _cancels_workflow,
    **{f"verdict.{answer}": _judges(answer) for answer in VERDICTS},
}


def press(unit_of_work: UnitOfWorkFactory, action_id: str, value: str, user_id: str) -> str | None:
    """Do what the button says, in one transaction. Returns what only who pressed is to be told, if anything.

    Raises core's errors; then nothing is changed, but a card that was out of date is told anew.
    """
    deed = BUTTONS.get(action_id)
    if deed is None or action_id not in IN_THE_POLICY:
        raise InvalidInput(NOTHING_HERE)
    try:
        return unit_of_work.run(lambda work: deed(work, load_person(work, user_id, source="slack"), value))
    except StaleApproval as stale:
        with unit_of_work.begin() as work:
            show_anew(work, stale.approval_id)
        raise
    except StaleVerdict as stale:
        with unit_of_work.begin() as work:
            notices.mark_dirty(work, stale.execution_id, NoticeKind.VERDICT)
        raise
