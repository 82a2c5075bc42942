"""`status` and `cancel`: show the runs of this channel's incident, and stop one."""

from bot.cards.headline import headline
from bot.cards.words import SYMBOLS, escape, status_words
from bot.commands.call import Command, CommandCall, Reply, optional_argument
from bot.commands.channel import only_active, visible_incident
from core.decisions.people import Person
from core.services.executions.loading import executions_of_incident
from core.services.runs import control
from core.services.runs.finding import find_execution
from core.services.views.reading import view_execution
from core.services.views.run_cards import card_facts
from core.statuses import Status, WaitingFor
from core.tables import RunbookExecution
from core.unit_of_work import UnitOfWork

MOST_LISTED = 10


def status(work: UnitOfWork, person: Person, call: CommandCall) -> Reply:
    """Show one execution's headline; without an id, that of the channel's only active one, or a list."""
    execution_id = optional_argument(call, "status [ID]")
    if execution_id is not None:
        return _show(work, find_execution(work, person, execution_id))
    incident = visible_incident(work, person, call)
    active = executions_of_incident(work, incident.id, active_only=True)
    if len(active) == 1:
        return _show(work, active[0])
    return _list(active or executions_of_incident(work, incident.id), active_only=bool(active))


def _show(work: UnitOfWork, row: RunbookExecution) -> Reply:
    card = headline(view_execution(work, row), card_facts(work, row), now=work.now)
    return Reply(card.text, tuple(card.blocks))


def _list(rows: list[RunbookExecution], *, active_only: bool) -> Reply:
    if not rows:
        return Reply("Nothing has run here yet.")
    first = (
        f"{len(rows)} runs are active here:" if active_only else "Nothing is running here. The latest runs:"
    )
    lines = [first, *map(_line, rows[:MOST_LISTED])]
    if len(rows) > MOST_LISTED:
        lines.append(f"… {len(rows) - MOST_LISTED} more")
    return Reply("\n".join(lines))


def _line(row: RunbookExecution) -> str:
    waiting_for = WaitingFor(row.waiting_for) if row.waiting_for else None
    words = status_words(Status(row.status), waiting_for)
    return f"{SYMBOLS[Status(row.status)]} *{escape(row.runbook_name)}* {words} · {row.id}"


def cancel(work: UnitOfWork, person: Person, call: CommandCall) -> Reply:
    """Cancel an execution by id; without one, the channel's only active one."""
    execution_id = optional_argument(call, "cancel [ID]")
    if execution_id is None:
        execution_id = only_active(work, person, call, "cancel").id
    row = control.cancel(work, person, execution_id)
    if row.status == Status.CANCELLED:
        return Reply(f"🚫 {escape(row.runbook_name)} is cancelled.")
    return Reply(f"🚫 {escape(row.runbook_name)} is being cancelled: the running step is being stopped.")


COMMANDS = (
    Command("status", "[ID]", "show a run, or what is running here", status),
    Command("cancel", "[ID]", "stop a run: no further step starts", cancel),
)
