"""`approvals`: the gates that wait for somebody."""

from bot.cards.about import title
from bot.cards.blocks import section
from bot.cards.gate import decision_buttons
from bot.cards.message import Block
from bot.cards.words import GATE_SYMBOLS, deadline, escape_sentence, who
from bot.commands.call import Command, CommandCall, Reply
from core.decisions.people import Person
from core.service import Work
from core.services.approvals import open_gates
from core.services.reading import view_approval, view_execution
from core.statuses import GateStatus
from core.tables import RunbookExecution
from core.views import ApprovalView, ExecutionView

MOST_LISTED = 15


def approvals(work: Work, person: Person, _call: CommandCall) -> Reply:
    """Oldest first; with buttons for who may decide."""
    gates = open_gates(work, person)
    if not gates:
        return Reply("Nothing waits for approval.")
    blocks: list[Block] = []
    for gate in gates[:MOST_LISTED]:
        row = work.session.get_one(RunbookExecution, gate.execution_id)
        blocks += _gate_blocks(view_execution(work, row), view_approval(work, gate), person)
    if len(gates) > MOST_LISTED:
        blocks.append(section(f"… {len(gates) - MOST_LISTED} more"))
    return Reply(f"{GATE_SYMBOLS[GateStatus.OPEN]} {len(gates)} waiting for approval.", tuple(blocks))


def _gate_blocks(execution: ExecutionView, approval: ApprovalView, person: Person) -> list[Block]:
    until = f", until {deadline(approval.opened_at, approval.expires_at)}" if approval.expires_at else ""
    line = (
        f"{GATE_SYMBOLS[approval.status]} {title(execution)} for inc-{execution.incident_number}, asked for by "
        f"{who(approval.requester)}{until}. May decide: {escape_sentence(approval.approvers)}."
    )
    may_decide = person.slack_user_id in approval.people
    return [section(line), *([decision_buttons(execution, approval)] if may_decide else [])]


COMMANDS = (Command("approvals", "", "what waits for approval", approvals),)
