"""The gate: the message that asks for approval, and once it is decided says by whom."""

from dataclasses import dataclass

from bot.cards.about import freeze_blocks, freeze_words, metadata, parameter_blocks, plain_title, tag, title
from bot.cards.blocks import Block, Message, actions, button, context, section
from bot.cards.gate_changes import change_blocks, change_words
from bot.cards.limits import MESSAGE_TEXT
from bot.cards.proposal import proposal_blocks
from bot.cards.request_blocks import Space, request_blocks, request_lines, where_full_text_is
from bot.cards.steps import step_title
from bot.cards.words import (
    GATE_SYMBOLS,
    bounded,
    deadline,
    escape,
    escape_message,
    escape_sentence,
    moment,
    one_line,
    visible,
    who,
)
from core.decisions.gates import SHORTEST_DIGEST
from core.decisions.initiators import Initiator
from core.statuses import GateStatus
from core.views.executions import ApprovalDecisionView, ApprovalView, ExecutionView

APPROVE, REJECT, COMMENT = "approval.approve", "approval.reject", "approval.comment"
MOST_PINGED = 10
MOST_NEXT = 3
REASON_LENGTH = 500


@dataclass(frozen=True)
class Copy:
    """A copy of a gate outside of its run's thread. `channel`: where the incident is handled, None if nowhere yet.

    `reader`: whose direct message it is; None in a channel.
    """

    channel: str | None
    reader: str | None = None

    def is_for(self, approval: ApprovalView) -> bool:
        """Return whether the reader is still asked, or has decided."""
        concerned = {*approval.people, *(each.slack_user_id for each in approval.decisions)}
        return self.reader is None or self.reader in concerned


def gate(
    execution: ExecutionView, approval: ApprovalView, *, page: str = "", copy: Copy | None = None
) -> Message:
    """Return an open gate with what it allows to run and its buttons; a closed one with who decided.

    `copy`: set for one that is shown elsewhere as well.
    """
    if copy is not None and not copy.is_for(approval):
        return _no_longer_asked(approval)
    is_open = approval.status is GateStatus.OPEN
    blocks = _open_blocks(execution, approval, page, copy) if is_open else _closed_blocks(execution, approval)
    return Message(_text(execution, approval), [*blocks, tag(execution, page)], metadata(execution))


def _no_longer_asked(approval: ApprovalView) -> Message:
    """Return what is left of a direct message to somebody who may not decide any more, and so may not see it either."""
    said = "🚫 You are no longer asked to decide here: your role has changed since."
    return Message(said, [section(said, block_id=f"gate.{approval.id}")])


def _open_blocks(
    execution: ExecutionView, approval: ApprovalView, page: str, copy: Copy | None
) -> list[Block]:
    lead = (
        f"{GATE_SYMBOLS[approval.status]} *Approval needed* for {title(execution)}{_place(execution, copy)}"
    )
    pings = "" if copy is not None and copy.reader is not None else _pings(approval)
    lines = [f"{lead}, requested by {who(approval.requester)}", pings]
    if approval.shown is None:
        lines.append(f"Next: {_next(execution, approval)}")
    return [
        section("\n".join(line for line in lines if line), block_id=f"gate.{approval.id}"),
        *gate_body(execution, approval, Space(where_full_text_is(execution, page))),
        *freeze_blocks(execution.freeze),
        decision_buttons(approval),
        *_initiators(approval),
    ]


def _place(execution: ExecutionView, copy: Copy | None) -> str:
    """Return where the run belongs, for those who do not read it there."""
    if copy is None:
        return ""
    channel = f" in <#{copy.channel}>" if copy.channel is not None else ""
    return f" (inc-{execution.incident_number}{channel})"


def gate_body(execution: ExecutionView, approval: ApprovalView, space: Space) -> list[Block]:
    """Return what people must know before they decide: why it is asked again, what will be sent, who may decide."""
    return [
        *(
            [section(f"🔁 *Approval is needed again:* {escape_sentence(approval.asked_again.strip())}")]
            if approval.asked_again
            else []
        ),
        *proposal_blocks(execution),
        *([section(_said(approval.message))] if approval.message.strip() else []),
        *_requests(execution, approval, space),
        *change_blocks(execution, approval, space.full_text),
        *([section(f"⚠️ {escape_sentence(approval.nobody_left.strip())}")] if approval.nobody_left else []),
        section(_terms(approval)),
    ]


def _requests(execution: ExecutionView, approval: ApprovalView, space: Space) -> list[Block]:
    if approval.shown is not None:
        return request_blocks(execution, approval.shown, space)
    earlier = (
        "⚠️ An earlier release opened this gate and did not show what will be sent. "
        "Approve opens it again, with what will be sent."
    )
    return [*parameter_blocks(execution), section(earlier)]


def _initiators(approval: ApprovalView) -> list[Block]:
    """Return in small print who else brought the run about; the requester is in the first line."""
    others = [each for each in approval.initiators if each.deed != "asked"]
    if not others:
        return []
    said = [f"{who(each.who)} {Initiator(each.who, each.deed).said}" for each in others[:MOST_PINGED]]
    more = f" and {len(others) - len(said)} more" if len(others) > len(said) else ""
    return [context(f"{'; '.join(said)}{more}.")]


def _pings(approval: ApprovalView) -> str:
    """Return mentions of the first few: each notifies a person, so not everybody in a large team is mentioned."""
    pinged = [f"<@{person}>" for person in approval.people[:MOST_PINGED]]
    more = len(approval.people) - len(pinged)
    return " ".join(pinged) + (f" and {more} more" if more > 0 else "")


def _next(execution: ExecutionView, approval: ApprovalView) -> str:
    """Return the steps after the gate, by name and type."""
    position = next((i for i, step in enumerate(execution.steps) if step.id == approval.step), None)
    later = execution.steps[position + 1 :] if position is not None else []
    if not later:
        return "nothing, this was the last step"
    shown = [f"*{step_title(step)}* ({escape(step.type)})" for step in later[:MOST_NEXT]]
    more = len(later) - len(shown)
    return ", then ".join(shown) + (f", then {more} more" if more > 0 else "")


def _next_lines(execution: ExecutionView, approval: ApprovalView) -> list[str]:
    """Return what will be sent once it is approved, one line for each step, as far as the gate shows it."""
    if not approval.shown:
        return [f"Next: {_next(execution, approval)}."]
    return ["Next:", *request_lines(approval.shown)]


def _said(message: str) -> str:
    return escape_message(message.strip())


def _terms(approval: ApprovalView) -> str:
    """Return who may decide, how many must approve, and by when."""
    sentence = f"May decide: {escape_sentence(approval.approvers)}."
    if approval.count > 1:
        sentence += f" {approval.count} must approve; {_so_far(approval)}."
    if approval.expires_at is not None:
        sentence += f" Until {deadline(approval.opened_at, approval.expires_at)}."
    return "\n".join(
        [sentence + _escalation(approval), *map(_comment, filter(_has_comment, approval.decisions))]
    )


def _escalation(approval: ApprovalView) -> str:
    """Return who may decide as well later on, if nobody does before. It names nobody: a mention would notify them."""
    found = approval.escalation
    if found is None or found.is_done:
        return ""
    to = "others" if found.to is not None and "<@" in found.to else escape(found.to or "")
    places = [to, f"<#{found.channel}>" if found.channel else ""]
    return f" Escalates to {' and '.join(filter(None, places))} at {moment(found.at)}."


def _so_far(approval: ApprovalView) -> str:
    approved = [f"<@{decision.slack_user_id}>" for decision in approval.decisions if decision.approved]
    missing = approval.count - len(approved)
    return f"so far {', '.join(approved)}; {missing} more to come" if approved else "nobody has so far"


def _has_comment(decision: ApprovalDecisionView) -> bool:
    return bool(decision.reason.strip())


def _comment(decision: ApprovalDecisionView) -> str:
    return f"📝 <@{decision.slack_user_id}>: {_reason(decision)}"


def decision_buttons(approval: ApprovalView) -> Block:
    """Return the buttons. One tap approves; the other two open a form (bot.modals.decision_form)."""
    value = gate_value(approval)
    approve = button(APPROVE, "Approve", value, style="primary")
    reject = button(REJECT, "Reject…", value, style="danger")
    comment = button(COMMENT, "Approve with comment…", value)
    return actions([approve, reject, comment], block_id=f"approval.{approval.id}")


def gate_value(approval: ApprovalView) -> str:
    """Return the buttons' value: the gate's id, and the beginning of the digest of what the card shows."""
    return f"{approval.id}:{approval.digest[:SHORTEST_DIGEST]}" if approval.digest else approval.id


def _closed_blocks(execution: ExecutionView, approval: ApprovalView) -> list[Block]:
    lead = f"{GATE_SYMBOLS[approval.status]} *{_verdict(approval)}* {title(execution)}, requested by "
    lines = [lead + who(approval.requester), *map(_decision_line, approval.decisions)]
    return [section("\n".join(lines), block_id=f"gate.{approval.id}")]


def _verdict(approval: ApprovalView) -> str:
    return {
        GateStatus.OPEN: "Approval needed:",
        GateStatus.APPROVED: "Approved:",
        GateStatus.REJECTED: "Rejected:",
        GateStatus.EXPIRED: "Expired, nobody decided in time:",
        GateStatus.CANCELLED: "Approval no longer needed:",
        GateStatus.VOID: "Approved, then needed again:",
    }[approval.status]


def _decision_line(decision: ApprovalDecisionView) -> str:
    word = "approved" if decision.approved else "rejected"
    reason = _reason(decision)
    return f"<@{decision.slack_user_id}> {word} at {moment(decision.created_at)}{f': {reason}' if reason else ''}"


def _reason(decision: ApprovalDecisionView) -> str:
    return bounded(escape(one_line(visible(decision.reason))), REASON_LENGTH)


def _text(execution: ExecutionView, approval: ApprovalView) -> str:
    sentence = f"{GATE_SYMBOLS[approval.status]} {_verdict(approval)} {plain_title(execution)}"
    if approval.status is GateStatus.OPEN:
        lead = f"{sentence}, requested by {who(approval.requester)}."
        again = (
            f"Approval is needed again: {escape_sentence(approval.asked_again.strip())}"
            if approval.asked_again
            else ""
        )
        nobody = escape_sentence((approval.nobody_left or "").strip())
        first = " ".join(filter(None, [lead, again, _pings(approval), nobody]))
        between = "\n" if approval.shown else " "
        changed = change_words(execution, approval)
        said = [first, *_next_lines(execution, approval), changed, freeze_words(execution.freeze)]
        return bounded(between.join(filter(None, said)), MESSAGE_TEXT)
    sentence += ". " + " ".join(f"{_decision_line(decision)}." for decision in approval.decisions)
    return bounded(sentence.strip(), MESSAGE_TEXT)
