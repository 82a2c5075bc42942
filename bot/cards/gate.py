"""The gate: the message that asks for approval, and once it is decided says by whom."""

from bot.cards.about import freeze_blocks, freeze_words, metadata, parameter_blocks, plain_title, tag, title
from bot.cards.blocks import Block, Confirm, Message, actions, button, context, section
from bot.cards.limits import MESSAGE_TEXT
from bot.cards.request_blocks import Space, request_blocks, request_lines, where_full_text_is
from bot.cards.steps import step_title
from bot.cards.words import GATE_SYMBOLS, bounded, deadline, escape, escape_sentence, moment, one_line, who
from core.decisions.gates import SHORTEST_DIGEST
from core.decisions.initiators import Initiator
from core.statuses import GateStatus
from core.views.executions import ApprovalDecisionView, ApprovalView, ExecutionView

MOST_PINGED = 10
MOST_NEXT = 3
REASON_LENGTH = 500


def gate(execution: ExecutionView, approval: ApprovalView, *, page: str = "") -> Message:
    """Return an open gate with what it allows to run and both buttons; a closed one with who decided."""
    is_open = approval.status is GateStatus.OPEN
    blocks = _open_blocks(execution, approval, page) if is_open else _closed_blocks(execution, approval)
    return Message(_text(execution, approval), [*blocks, tag(execution, page)], metadata(execution))


def _open_blocks(execution: ExecutionView, approval: ApprovalView, page: str) -> list[Block]:
    lead = f"{GATE_SYMBOLS[approval.status]} *Approval needed* for {title(execution)}"
    lines = [f"{lead}, requested by {who(approval.requester)}", _pings(approval)]
    if approval.shown is None:
        lines.append(f"Next: {_next(execution, approval)}")
    return [
        section("\n".join(line for line in lines if line), block_id=f"gate.{approval.id}"),
        *gate_body(execution, approval, Space(where_full_text_is(execution, page))),
        *freeze_blocks(execution.freeze),
        decision_buttons(execution, approval),
        *_initiators(approval),
    ]


def gate_body(execution: ExecutionView, approval: ApprovalView, space: Space) -> list[Block]:
    """Return what people must know before they decide: why it is asked again, what will be sent, who may decide."""
    return [
        *(
            [section(f"🔁 *Approval is needed again:* {_said(approval.asked_again)}")]
            if approval.asked_again
            else []
        ),
        *([section(_said(approval.message))] if approval.message.strip() else []),
        *_requests(execution, approval, space),
        *([section(f"⚠️ {_said(approval.nobody_left)}")] if approval.nobody_left else []),
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
    return escape_sentence(message.strip())


def _terms(approval: ApprovalView) -> str:
    """Return who may decide, how many must approve, and by when."""
    sentence = f"May decide: {escape_sentence(approval.approvers)}."
    if approval.count > 1:
        sentence += f" {approval.count} must approve{_so_far(approval)}."
    if approval.expires_at is not None:
        sentence += f" Until {deadline(approval.opened_at, approval.expires_at)}."
    return sentence


def _so_far(approval: ApprovalView) -> str:
    approved = [f"<@{decision.slack_user_id}>" for decision in approval.decisions if decision.approved]
    return f"; so far {', '.join(approved)}" if approved else ""


def decision_buttons(execution: ExecutionView, approval: ApprovalView) -> Block:
    confirm = Confirm(
        title="Reject?",
        text=f"{execution.runbook} ends here. It cannot be approved afterwards; it would have to be run again.",
        confirm="Reject",
    )
    value = gate_value(approval)
    approve = button("approval.approve", "Approve", value, style="primary")
    reject = button("approval.reject", "Reject", value, style="danger", confirm=confirm)
    return actions([approve, reject], block_id=f"approval.{approval.id}")


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
    reason = bounded(escape(one_line(decision.reason)), REASON_LENGTH)
    return f"<@{decision.slack_user_id}> {word} at {moment(decision.created_at)}{f': {reason}' if reason else ''}"


def _text(execution: ExecutionView, approval: ApprovalView) -> str:
    sentence = f"{GATE_SYMBOLS[approval.status]} {_verdict(approval)} {plain_title(execution)}"
    if approval.status is GateStatus.OPEN:
        lead = f"{sentence}, requested by {who(approval.requester)}."
        again = f"Approval is needed again: {_said(approval.asked_again)}" if approval.asked_again else ""
        nobody = _said(approval.nobody_left or "")
        first = " ".join(filter(None, [lead, again, _pings(approval), nobody]))
        between = "\n" if approval.shown else " "
        said = [first, *_next_lines(execution, approval), freeze_words(execution.freeze)]
        return bounded(between.join(filter(None, said)), MESSAGE_TEXT)
    sentence += ". " + " ".join(f"{_decision_line(decision)}." for decision in approval.decisions)
    return bounded(sentence.strip(), MESSAGE_TEXT)
