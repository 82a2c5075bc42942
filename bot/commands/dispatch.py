"""The table of sub-commands, their help text, and the dispatch of a typed command to its handler."""

from collections.abc import Iterable, Mapping

from sqlalchemy.exc import IntegrityError

from bot.cards.blocks import sections
from bot.cards.words import escape
from bot.commands import (
    approvals,
    executions,
    incidents,
    inputs,
    library,
    notes,
    operations,
    run,
    versions,
    workflows,
)
from bot.commands.call import Command, CommandCall, Reply
from bot.entry_points import COMMANDS as IN_THE_POLICY
from core.decisions.people import Person
from core.definitions.problems import nearest, one_of
from core.errors import InvalidInput, NotAllowed
from core.services.access.people import load_person
from core.services.library.runbooks import list_runbooks
from core.unit_of_work import UnitOfWork, UnitOfWorkFactory


def _help(_work: UnitOfWork, _person: Person, call: CommandCall) -> Reply:
    lines = [f"`{call.command} {escape(command.line)}` {command.summary}" for command in COMMANDS.values()]
    names = ", ".join(COMMANDS)
    return Reply(f"{call.command} has these sub-commands: {names}", tuple(sections(lines)))


def by_name(commands: Iterable[Command]) -> Mapping[str, Command]:
    """Return the commands by name. Raises ValueError for a duplicate name."""
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
        *inputs.COMMANDS,
        *operations.COMMANDS,
        *approvals.COMMANDS,
        *library.COMMANDS,
        *versions.COMMANDS,
        *incidents.COMMANDS,
        *workflows.COMMANDS,
        *notes.COMMANDS,
        Command("help", "", "show this list", _help),
    )
)


def answer(unit_of_work: UnitOfWorkFactory, call: CommandCall) -> Reply:
    """Handle one command in one transaction, which is committed when this returns. Raises core's errors.

    Of two simultaneous deliveries of one request, one finds its request key taken; its second attempt finds what the
    other one did.
    """
    try:
        return _answer(unit_of_work, call)
    except IntegrityError:
        return _answer(unit_of_work, call)


def _answer(unit_of_work: UnitOfWorkFactory, call: CommandCall) -> Reply:
    return unit_of_work.run(
        lambda work: dispatch(work, load_person(work, call.user_id, source="slack"), call)
    )


def dispatch(work: UnitOfWork, person: Person, call: CommandCall) -> Reply:
    """Call the sub-command's handler; without one, `run`, which shows the picker.

    Raises InvalidInput, with the nearest names, for an unknown sub-command.
    """
    typed = call.first.lower() or "run"
    command = COMMANDS.get(typed)
    if command is None:
        raise InvalidInput(
            f"There is no command {typed}.", hint=_suggestion(work, person, typed, call.command)
        )
    if command.name not in IN_THE_POLICY:
        raise NotAllowed(f"Nobody may do this: {command.name} is not in the policy.")
    return command.handle(work, person, call.behind_first())


def _suggestion(work: UnitOfWork, person: Person, typed: str, command: str) -> str:
    """Return what was probably meant: running a runbook of that name, or a misspelled sub-command."""
    if any(runbook.name == typed for runbook in list_runbooks(work, person)):
        return f"Did you mean `{command} run {typed}`?"
    close = nearest(typed, COMMANDS)
    listing = f"`{command} help` lists them."
    return f"Did you mean {one_of(close)}? {listing}" if close else listing
