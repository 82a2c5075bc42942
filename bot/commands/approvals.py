"""`approvals`: the open gates that the person may see."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select

from bot.cards.about import title
from bot.cards.blocks import Block, section
from bot.cards.gate import decision_buttons, gate_body
from bot.cards.request_blocks import Space
from bot.cards.words import GATE_SYMBOLS, deadline, escape_sentence, who
from bot.commands.call import Command, CommandCall, Reply
from core.decisions.people import Person
from core.services.runs.approvals import open_gates
from core.services.views.executions import view_approvals, view_executions
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
    return [lead, *gate_body(execution, approval, space), decision_buttons(execution, approval)]


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


COMMANDS = (Command("approvals", "", "list what is waiting for approval", approvals),)
