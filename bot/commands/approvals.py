"""`approvals`: the gates that wait for somebody."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select

from bot.cards.about import title
from bot.cards.blocks import Block, section
from bot.cards.deeds import Space
from bot.cards.gate import decision_buttons, gate_body
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
MOST_WHOLE = 3  # that are shown with what they let run, and may be decided here; a message has 50 blocks
ROOM, MOST_STEPS = 2_500, 8  # of each of these


def approvals(work: UnitOfWork, person: Person, _call: CommandCall) -> Reply:
    """Oldest first. Those that the person may decide are shown as on their own messages, with the buttons."""
    gates = open_gates(work, person)
    if not gates:
        return Reply("Nothing waits for approval.")
    views = view_approvals(work, gates[:MOST_LISTED])
    whole = [view.id for view in views if person.slack_user_id in view.people][:MOST_WHOLE]
    blocks: list[Block] = []
    executions = _executions(work, [view.execution_id for view in views])
    for view in views:
        execution = executions[view.execution_id]
        blocks += _whole(execution, view) if view.id in whole else [section(_line(execution, view))]
    if len(gates) > MOST_LISTED:
        blocks.append(section(f"… {len(gates) - MOST_LISTED} more"))
    return Reply(f"{GATE_SYMBOLS[GateStatus.OPEN]} {len(gates)} waiting for approval.", tuple(blocks))


def _executions(work: UnitOfWork, ids: Sequence[str]) -> Mapping[str, ExecutionView]:
    rows = work.session.scalars(select(RunbookExecution).where(RunbookExecution.id.in_(ids))).all()
    return {view.id: view for view in view_executions(work, rows)}


def _whole(execution: ExecutionView, approval: ApprovalView) -> list[Block]:
    space = Space("Its message in the channel shows more", ROOM, MOST_STEPS)
    lead = section(_lead(execution, approval))
    return [lead, *gate_body(execution, approval, space), decision_buttons(execution, approval)]


def _line(execution: ExecutionView, approval: ApprovalView) -> str:
    """Nobody decides by this alone: what will be sent is on the gate's own message."""
    said = approval.nobody_left or f"May decide: {approval.approvers}."
    return f"{_lead(execution, approval)} {escape_sentence(said)}"


def _lead(execution: ExecutionView, approval: ApprovalView) -> str:
    until = f", until {deadline(approval.opened_at, approval.expires_at)}" if approval.expires_at else ""
    return (
        f"{GATE_SYMBOLS[approval.status]} {title(execution)} for inc-{execution.incident_number}, asked for by "
        f"{who(approval.requester)}{until}."
    )


COMMANDS = (Command("approvals", "", "what waits for approval", approvals),)
