"""The gate: the message that asks for approval, and later says who decided."""

from bot.cards.about import freeze_blocks, freeze_words, metadata, parameter_blocks, plain_title, tag, title
from bot.cards.blocks import Block, Confirm, Message, actions, button, context, section
from bot.cards.deeds import Space, deed_blocks, deed_lines, where_whole
from bot.cards.limits import MESSAGE_TEXT
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
    """While the gate is open, with what it lets run and both buttons; afterwards without, saying who decided."""
    is_open = approval.status is GateStatus.OPEN
    blocks = _open_blocks(execution, approval, page) if is_open else _closed_blocks(execution, approval)
    return Message(_text(execution, approval), [*blocks, tag(execution, page)], metadata(execution))


def _open_blocks(execution: ExecutionView, approval: ApprovalView, page: str) -> list[Block]:
    lead = f"{GATE_SYMBOLS[approval.status]} *Approval needed* for {title(execution)}"
    lines = [f"{lead}, asked for by {who(approval.requester)}", _pings(approval)]
    if approval.shown is None:
        lines.append(f"Next: {_next(execution, approval)}")
    return [
        section("\n".join(line for line in lines if line), block_id=f"gate.{approval.id}"),
        *gate_body(execution, approval, Space(where_whole(execution, page))),
        *freeze_blocks(execution.freeze),
        decision_buttons(execution, approval),
        *_brought_about(approval),
    ]


def gate_body(execution: ExecutionView, approval: ApprovalView, space: Space) -> list[Block]:
    """What people must know before they decide: why it is asked again, what will be sent, who may decide."""
    return [
        *([section(f"🔁 *Asked again:* {_said(approval.asked_again)}")] if approval.asked_again else []),
        *([section(_said(approval.message))] if approval.message.strip() else []),
        *_deeds(execution, approval, space),
        *([section(f"⚠️ {_said(approval.nobody_left)}")] if approval.nobody_left else []),
        section(_terms(approval)),
    ]


def _deeds(execution: ExecutionView, approval: ApprovalView, space: Space) -> list[Block]:
    if approval.shown is not None:
        return deed_blocks(execution, approval.shown, space)
    earlier = (
        "⚠️ An earlier release asked this, and did not say what will be sent. Approve asks it anew, with that."
    )
    return [*parameter_blocks(execution), section(earlier)]


def _brought_about(approval: ApprovalView) -> list[Block]:
    """In small print, where it was more than to ask for it: that stands in the first line."""
    others = [each for each in approval.initiators if each.deed != "asked"]
    if not others:
        return []
    said = [f"{who(each.who)} {Initiator(each.who, each.deed).said}" for each in others[:MOST_PINGED]]
    more = f" and {len(others) - len(said)} more" if len(others) > len(said) else ""
    return [context(f"{'; '.join(said)}{more}.")]


def _pings(approval: ApprovalView) -> str:
    """Each of them is notified, so a large team is not named to the last."""
    pinged = [f"<@{person}>" for person in approval.people[:MOST_PINGED]]
    more = len(approval.people) - len(pinged)
    return " ".join(pinged) + (f" and {more} more" if more > 0 else "")


def _next(execution: ExecutionView, approval: ApprovalView) -> str:
    """What happens once it is approved: the steps behind the gate, by name and type."""
    position = next((i for i, step in enumerate(execution.steps) if step.id == approval.step), None)
    later = execution.steps[position + 1 :] if position is not None else []
    if not later:
        return "nothing more, this was the last step"
    shown = [f"*{step_title(step)}* ({escape(step.type)})" for step in later[:MOST_NEXT]]
    more = len(later) - len(shown)
    return ", then ".join(shown) + (f", then {more} more" if more > 0 else "")


def _next_lines(execution: ExecutionView, approval: ApprovalView) -> list[str]:
    """What happens once it is approved: what will be sent, in a line each, as far as the gate shows it."""
    if not approval.shown:
        return [f"Next: {_next(execution, approval)}."]
    return ["Next:", *deed_lines(approval.shown)]


def _said(message: str) -> str:
    return escape_sentence(message.strip())


def _terms(approval: ApprovalView) -> str:
    """Who may decide, how many must, until when."""
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
        text=f"{execution.runbook} does not go on. Nobody can approve it afterwards; it would have to be run again.",
        confirm="Reject",
    )
    value = gate_value(approval)
    approve = button("approval.approve", "Approve", value, style="primary")
    reject = button("approval.reject", "Reject", value, style="danger", confirm=confirm)
    return actions([approve, reject], block_id=f"approval.{approval.id}")


def gate_value(approval: ApprovalView) -> str:
    """What the buttons carry: the gate, and the beginning of the digest of what the card shows."""
    return f"{approval.id}:{approval.digest[:SHORTEST_DIGEST]}" if approval.digest else approval.id


def _closed_blocks(execution: ExecutionView, approval: ApprovalView) -> list[Block]:
    lead = f"{GATE_SYMBOLS[approval.status]} *{_verdict(approval)}* {title(execution)}, asked for by "
    lines = [lead + who(approval.requester), *map(_decision_line, approval.decisions)]
    return [section("\n".join(lines), block_id=f"gate.{approval.id}")]


def _verdict(approval: ApprovalView) -> str:
    return {
        GateStatus.OPEN: "Approval needed:",
        GateStatus.APPROVED: "Approved:",
        GateStatus.REJECTED: "Rejected:",
        GateStatus.EXPIRED: "Nobody decided in time:",
        GateStatus.CANCELLED: "No approval needed any more:",
        GateStatus.VOID: "Approved, and then asked again:",
    }[approval.status]


def _decision_line(decision: ApprovalDecisionView) -> str:
    word = "approved" if decision.approved else "rejected"
    reason = bounded(escape(one_line(decision.reason)), REASON_LENGTH)
    return f"<@{decision.slack_user_id}> {word} at {moment(decision.created_at)}{f': {reason}' if reason else ''}"


def _text(execution: ExecutionView, approval: ApprovalView) -> str:
    sentence = f"{GATE_SYMBOLS[approval.status]} {_verdict(approval)} {plain_title(execution)}"
    if approval.status is GateStatus.OPEN:
        lead = f"{sentence}, asked for by {who(approval.requester)}."
        again = f"Asked again: {_said(approval.asked_again)}" if approval.asked_again else ""
        nobody = _said(approval.nobody_left or "")
        first = " ".join(filter(None, [lead, again, _pings(approval), nobody]))
        between = "\n" if approval.shown else " "
        said = [first, *_next_lines(execution, approval), freeze_words(execution.freeze)]
        return bounded(between.join(filter(None, said)), MESSAGE_TEXT)
    sentence += ". " + " ".join(f"{_decision_line(decision)}." for decision in approval.decisions)
    return bounded(sentence.strip(), MESSAGE_TEXT)
