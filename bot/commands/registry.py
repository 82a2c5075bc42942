"""Which sub-commands there are, and the help that lists them."""

from collections.abc import Iterable, Mapping

from bot.cards.blocks import sections
from bot.cards.words import escape
from bot.commands import (
    approvals,
    executions,
    incidents,
    library,
    notes,
    operations,
    run,
    versions,
    workflows,
)
from bot.commands.call import Command, CommandCall, Reply
from core.decisions.people import Person
from core.service import Work


def _help(_work: Work, _person: Person, call: CommandCall) -> Reply:
    lines = [f"`{call.command} {escape(command.line)}` {command.summary}" for command in COMMANDS.values()]
    names = ", ".join(COMMANDS)
    return Reply(f"What you can type behind {call.command}: {names}", tuple(sections(lines)))


def by_name(commands: Iterable[Command]) -> Mapping[str, Command]:
    """Raises ValueError for a name that is there twice."""
    named: dict[str, Command] = {}
    for command in commands:
        if command.name in named:
            raise ValueError(f"Two sub-commands are named {command.name}.")
        named[command.name] = command
    return named


COMMANDS = by_name(
    (
        *run.COMMANDS,
        *executions.COMMANDS,
        *operations.COMMANDS,
        *approvals.COMMANDS,
        *library.COMMANDS,
        *versions.COMMANDS,
        *incidents.COMMANDS,
        *workflows.COMMANDS,
        *notes.COMMANDS,
        Command("help", "", "this list", _help),
    )
)
