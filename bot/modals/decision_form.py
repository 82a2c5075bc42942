"""The form in which a person says why they reject, or adds a comment to an approval; and deciding from it.

The form carries what the button carried: the gate, and the digest of what its card showed. So what was read is what is
decided, however long the form stays open.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from bot.cards.about import title
from bot.cards.blocks import Block, section
from bot.cards.definition_approval import NO_LONGER_WORKS
from bot.cards.gate import COMMENT, REASON_LENGTH, REJECT
from bot.modals.form import Submitted, View
from core.errors import InvalidInput
from core.services.access.people import load_person
from core.services.runs.approvals import StaleApproval, check_can_decide, decide_gate, show_anew
from core.services.views.reading import view_approval, view_execution
from core.tables import RunbookExecution
from core.unit_of_work import UnitOfWork, UnitOfWorkFactory
from core.views.executions import ExecutionView

CALLBACK_ID = "approval.form"
FIELD, ACTION = "decision.reason", "value"
BUTTONS = (REJECT, COMMENT)  # those that open the form


@dataclass(frozen=True)
class Subject:
    """What is decided; stored in the view. `gate`: the value of the button, see bot.cards.gate.gate_value.

    `response_url`: of the click, for the reply.
    """

    gate: str
    approved: bool
    response_url: str = ""

    @property
    def approval_id(self) -> str:
        return self.gate.partition(":")[0]

    @property
    def seen(self) -> str:
        return self.gate.partition(":")[2]

    @property
    def instead(self) -> str:
        """How to decide without the form."""
        what = "approve COMMENT" if self.approved else "reject REASON"
        return f"The form cannot be shown. Type: `/runbook decide {self.gate} {what}`"


def pressed(action_id: str, value: str, response_url: str) -> Subject:
    """Return the subject of the form that a button opens."""
    return Subject(value, approved=action_id == COMMENT, response_url=response_url)


Result = TypeVar("Result")


def open_decision_form(unit_of_work: UnitOfWorkFactory, subject: Subject, user_id: str) -> View:
    """Return the form. Raises core's errors, if the person may not decide or comes too late, before anybody writes."""

    def act(work: UnitOfWork) -> View:
        person = load_person(work, user_id, source="slack")
        gate = check_can_decide(
            work, person, subject.approval_id, approved=subject.approved, seen=subject.seen
        )
        run = work.session.get_one(RunbookExecution, gate.execution_id)
        return decision_form(view_execution(work, run), subject)

    return with_anew(unit_of_work, act)


def with_anew(unit_of_work: UnitOfWorkFactory, act: Callable[[UnitOfWork], Result]) -> Result:
    """Act in one transaction. If the person saw an outdated card, it is shown again, and StaleApproval raised."""
    try:
        return unit_of_work.run(act)
    except StaleApproval as stale:
        with unit_of_work.begin() as work:
            show_anew(work, stale.approval_id)
        raise


def decision_form(execution: ExecutionView, subject: Subject) -> View:
    """Return the view for `views.open`: https://docs.slack.dev/reference/views/modal-views."""
    words = _APPROVING if subject.approved else _REJECTING
    about = f"{title(execution)} for inc-{execution.incident_number}. {words.follows}"
    return {
        "type": "modal",
        "callback_id": CALLBACK_ID,
        "title": _plain(words.title),
        "submit": _plain(words.submit),
        "close": _plain("Back"),
        "private_metadata": json.dumps(asdict(subject)),
        "blocks": [section(about), _field(words.label)],
    }


@dataclass(frozen=True)
class _Words:
    title: str
    submit: str
    label: str
    follows: str


_REJECTING = _Words(
    "Reject", "Reject", "Why?", "The run ends here. To do it after all, the runbook has to be run again."
)
_APPROVING = _Words(
    "Approve with comment", "Approve", "Comment", "You approve what the message shows, and the run continues."
)


def _field(label: str) -> Block:
    """https://docs.slack.dev/reference/block-kit/block-elements/plain-text-input-element."""
    entry: Block = {
        "type": "plain_text_input",
        "action_id": ACTION,
        "multiline": True,
        "max_length": REASON_LENGTH,
        "focus_on_load": True,
    }
    hint = "It stays on the message and in the audit trail."
    return {
        "type": "input",
        "block_id": FIELD,
        "label": _plain(label),
        "element": entry,
        "hint": _plain(hint),
    }


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text}


def submit_decision(unit_of_work: UnitOfWorkFactory, view: Mapping[str, Any], user_id: str) -> Submitted:
    """Decide, with what was written. Raises core's errors if the gate was decided, has expired, or has changed."""
    subject, written = subject_of(view), _written(view["state"])
    if not written or len(written) > REASON_LENGTH:
        return Submitted(errors={FIELD: _wrong(written)})

    def act(work: UnitOfWork) -> Submitted:
        person = load_person(work, user_id, source="slack")
        gate = decide_gate(
            work,
            person,
            subject.approval_id,
            approved=subject.approved,
            reason=written,
            seen=subject.seen,
        )
        return Submitted(view_approval(work, gate).nobody_left or "")

    return with_anew(unit_of_work, act)


def subject_of(view: Mapping[str, Any]) -> Subject:
    """Return what the view stores. Raises InvalidInput for what this release has not stored."""
    try:
        stored = json.loads(view["private_metadata"])
        return Subject(str(stored["gate"]), stored["approved"] is True, str(stored["response_url"]))
    except (ValueError, KeyError, TypeError):
        raise InvalidInput(NO_LONGER_WORKS) from None


def _written(state: Mapping[str, Any]) -> str:
    return str(state.get("values", {}).get(FIELD, {}).get(ACTION, {}).get("value") or "").strip()


def _wrong(written: str) -> str:
    """Return what is wrong. Slack's field has the same bounds; this is for what does not come from it."""
    if not written:
        return "Write a few words: the others will want to know why."
    return f"At most {REASON_LENGTH} characters; this has {len(written):,}."
