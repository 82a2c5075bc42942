"""The reminder of an open gate, and the message that says that it was escalated: they mention who may decide."""

from bot.cards.about import metadata, plain_title, tag
from bot.cards.blocks import Message, section
from bot.cards.gate import MOST_PINGED
from bot.cards.limits import MESSAGE_TEXT
from bot.cards.words import bounded, deadline, escape_sentence, seconds_words, who
from core.decisions.gate_times import Prompt
from core.statuses import GateStatus
from core.views.executions import ApprovalView, ExecutionView


def reminder(
    execution: ExecutionView, approval: ApprovalView, prompt: Prompt, *, page: str = ""
) -> Message | None:
    """Return the message, or None if the gate is no longer open: then nobody has to be reminded."""
    if approval.status is not GateStatus.OPEN:
        return None
    said = _escalated(execution, approval) if prompt is Prompt.ESCALATED else _due(execution, approval)
    text = bounded(said, MESSAGE_TEXT)
    lead = section(text, block_id=f"reminder.{approval.id}.{prompt}")
    return Message(text, [lead, tag(execution, page)], metadata(execution))


def _due(execution: ExecutionView, approval: ApprovalView) -> str:
    waits = f"⏳ {_asked(approval)}{plain_title(execution)} still waits for approval"
    until = f" Time until {deadline(approval.opened_at, approval.expires_at)}." if approval.expires_at else ""
    return f"{waits}, requested by {who(approval.requester)}.{_so_far(approval)}{until} {WHERE}"


def _escalated(execution: ExecutionView, approval: ApprovalView) -> str:
    escalation = approval.escalation
    to = escalation.to if escalation is not None else None
    waited = seconds_words((escalation.at - approval.opened_at).total_seconds()) if escalation else ""
    lead = f"🔔 {plain_title(execution)} has waited {waited} for approval."
    now = f" Now {escape_sentence(to)} may decide, too." if to else ""
    until = f" Time until {deadline(approval.opened_at, approval.expires_at)}." if approval.expires_at else ""
    return f"{lead}{now}{_so_far(approval)}{until} {_asked(approval)}{WHERE}"


WHERE = "The approval request has the buttons."


def _asked(approval: ApprovalView) -> str:
    """Return mentions of the first few who may decide and have not."""
    decided = {each.slack_user_id for each in approval.decisions}
    left = [person for person in approval.people if person not in decided]
    more = f" and {len(left) - MOST_PINGED} more" if len(left) > MOST_PINGED else ""
    named = " ".join(f"<@{person}>" for person in left[:MOST_PINGED])
    return f"{named}{more}: " if named else ""


def _so_far(approval: ApprovalView) -> str:
    if approval.count == 1:
        return ""
    return f" {sum(each.approved for each in approval.decisions)} of {approval.count} have approved."
