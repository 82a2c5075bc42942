"""`list` and `show`: the runbooks in the library."""

from bot.cards.blocks import sections
from bot.cards.runbook import step_lines
from bot.cards.words import bounded, counted, escape, one_line
from bot.commands.call import Command, CommandCall, Reply, only_argument
from bot.commands.listed import list_reply
from bot.commands.usage import usage_line
from bot.commands.versions import draft_changes
from core.decisions.people import Person
from core.decisions.quarantine import UNTIL
from core.definitions.parameters import declared
from core.definitions.runbook import RunbookDefinition
from core.services.library.kinds import RUNBOOKS
from core.services.library.runbooks import definition_of, find_runbook, list_runbooks
from core.statuses import ApprovalStatus
from core.tables import Runbook
from core.unit_of_work import UnitOfWork


def list_(work: UnitOfWork, person: Person, call: CommandCall) -> Reply:
    """List the runbooks that the person may see; with a word, those whose name contains it."""
    return list_reply(call, RUNBOOKS, list_runbooks(work, person), _standing)


def _standing(row: Runbook) -> str:
    owner = f"team {escape(row.team.name)}" if row.team else "global"
    if row.status == ApprovalStatus.APPROVED:
        return owner
    return f"{owner} · *{'under quarantine' if row.quarantine else row.status}, does not run*"


def show(work: UnitOfWork, person: Person, call: CommandCall) -> Reply:
    """Show what a runbook does, and how to run it."""
    row = find_runbook(work, person, only_argument(call, "show NAME"))
    definition = definition_of(row)
    lines = [
        f"*{escape(row.name)}* v{row.version} · {_standing(row)}",
        *([f"{escape(row.quarantine)} {UNTIL}"] if row.quarantine else []),
        *([escape(definition.description.strip())] if definition.description.strip() else []),
        f"Run it: `{escape(usage_line(call.command, row.name, definition.parameters))}`",
        *_parameter_lines(definition),
        f"{counted(len(definition.steps), 'step')}:",
        *step_lines(definition),
    ]
    changes = draft_changes(work, call, row, "approve")
    text = "\n".join([*lines, *changes.lines])
    return Reply(bounded(text, 3_000), (*sections(lines), *changes.blocks))


def _parameter_lines(definition: RunbookDefinition) -> list[str]:
    described = [
        (name, schema.get("description"))
        for name, schema in declared(definition.parameters).items()
        if isinstance(schema, dict)
    ]
    return [f"• {escape(name)}: {escape(one_line(str(text)))}" for name, text in described if text]


COMMANDS = (
    Command("list", "[WORD]", "list the runbooks that you may see", list_),
    Command("show", "NAME", "show what a runbook does, and how to run it", show),
)
