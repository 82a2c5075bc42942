"""`approvals`: the open gates that the person may see. `decide`: what the buttons of a gate do, typed."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select

from bot.cards.about import title
from bot.cards.blocks import Block, section
from bot.cards.gate import REASON_LENGTH, decision_buttons, gate_body
from bot.cards.request_blocks import Space
from bot.cards.words import GATE_SYMBOLS, deadline, escape_sentence, one_line, who
from bot.commands.call import Command, CommandCall, Reply, usage_hint
from core.decisions.people import Person
from core.errors import InvalidInput
from core.services.runs.approvals import decide_gate, open_gates
from core.services.views.executions import view_approvals, view_executions
from core.services.views.reading import view_approval
from core.statuses import GateStatus
from core.tables import RunbookExecution
from core.unit_of_work import UnitOfWork
from core.views.executions import ApprovalView, ExecutionView

MOST_LISTED = 15
MOST_IN_FULL = 3  # shown with their requests and buttons; a message has at most 50 blocks
ROOM, MOST_STEPS = 2_500, 8  # characters and steps of each of those


def approvals(work: UnitOfWork, person: Person, _call: CommandCall) -> Reply:
    """List the open gates, oldest first; those that the person may decide with their requests and buttons."""
    gates = open_gates(work, person)
    if not gates:
        return Reply("Nothing is waiting for approval.")
    views = view_approvals(work, gates[:MOST_LISTED])
    in_full = [view.id for view in views if person.slack_user_id in view.people][:MOST_IN_FULL]
    blocks: list[Block] = []
    executions = _executions(work, [view.execution_id for view in views])
    for view in views:
        execution = executions[view.execution_id]
        blocks += _in_full(execution, view) if view.id in in_full else [section(_line(execution, view))]
    if len(gates) > MOST_LISTED:
        blocks.append(section(f"… {len(gates) - MOST_LISTED} more"))
    return Reply(f"{GATE_SYMBOLS[GateStatus.OPEN]} {len(gates)} waiting for approval.", tuple(blocks))


def _executions(work: UnitOfWork, ids: Sequence[str]) -> Mapping[str, ExecutionView]:
    rows = work.session.scalars(select(RunbookExecution).where(RunbookExecution.id.in_(ids))).all()
    return {view.id: view for view in view_executions(work, rows)}


def _in_full(execution: ExecutionView, approval: ApprovalView) -> list[Block]:
    space = Space("The message in the channel shows more", ROOM, MOST_STEPS)
    lead = section(_lead(execution, approval))
    return [lead, *gate_body(execution, approval, space), decision_buttons(approval)]


def _line(execution: ExecutionView, approval: ApprovalView) -> str:
    """Return the gate without buttons: what will be sent is on the gate's own message."""
    said = approval.nobody_left or f"May decide: {approval.approvers}."
    return f"{_lead(execution, approval)} {escape_sentence(said)}"


def _lead(execution: ExecutionView, approval: ApprovalView) -> str:
    until = f", until {deadline(approval.opened_at, approval.expires_at)}" if approval.expires_at else ""
    return (
        f"{GATE_SYMBOLS[approval.status]} {title(execution)} for inc-{execution.incident_number}, requested by "
        f"{who(approval.requester)}{until}."
    )


DECIDE = "decide APPROVAL approve|reject [REASON]"
ANSWERS = {"approve": True, "reject": False}


def decide(work: UnitOfWork, person: Person, call: CommandCall) -> Reply:
    """Decide as the buttons do. The approval is named with the digest of what its message shows, as buttons do, too.

    Raises core's errors. A rejection needs a reason, an approval the digest: nobody approves what they have not seen.
    """
    named = call.first
    verb = call.behind_first()
    approved, reason = ANSWERS.get(verb.first.lower()), one_line(verb.behind_first().text)
    approval_id, _, seen = named.partition(":")
    if approved is None:
        raise InvalidInput("What to decide is missing.", hint=usage_hint(call, DECIDE))
    _check_typed(call, approved=approved, reason=reason, seen=seen)
    gate = decide_gate(work, person, approval_id, approved=approved, reason=reason, seen=seen or None)
    view = view_approval(work, gate)
    return Reply(_decided(view, person), ())


def _check_typed(call: CommandCall, *, approved: bool, reason: str, seen: str) -> None:
    if approved and not seen:
        raise InvalidInput(
            "The approval's id is not enough to approve: it does not say what you have read.",
            hint=f"`{call.command} approvals` shows what will be sent, with buttons.",
        )
    if not approved and not reason:
        raise InvalidInput("The reason is missing.", hint=usage_hint(call, "decide APPROVAL reject REASON"))
    if len(reason) > REASON_LENGTH:
        raise InvalidInput(f"The reason has {len(reason):,} characters; at most {REASON_LENGTH} fit.")


def _decided(view: ApprovalView, person: Person) -> str:
    """Return what was decided, and what is still missing."""
    approved = next(each.approved for each in view.decisions if each.slack_user_id == person.slack_user_id)
    if not approved:
        return f"⛔ You rejected it ({view.execution_id})."
    have = sum(each.approved for each in view.decisions)
    so_far = f" {have} of {view.count} have approved." if view.count > 1 else ""
    nobody = f" {escape_sentence(view.nobody_left)}" if view.nobody_left else ""
    return f"✅ You approved it ({view.execution_id}).{so_far}{nobody}"


COMMANDS = (
    Command("approvals", "", "list what is waiting for approval", approvals),
    Command(
        "decide", DECIDE.removeprefix("decide "), "approve or reject with a reason, without the form", decide
    ),
)
