"""`retry`: operating what ran."""

from bot.cards.words import escape
from bot.commands.arguments import usage_hint
from bot.commands.call import Command, CommandCall, Reply
from core.decisions.people import Person
from core.errors import InvalidInput
from core.service import Work
from core.services import retries

RETRY_USAGE = "retry ID [--from STEP]"


def retry(work: Work, person: Person, call: CommandCall) -> Reply:
    """A new execution that goes on where one ended; the channel is told by the poster."""
    execution_id, from_step = _retry_arguments(call)
    row = retries.retry(work, person, execution_id, from_step=from_step, request_key=call.request_key)
    return Reply(
        f"🔁 {escape(row.runbook_name)} v{row.runbook_version} goes on as {row.id}, a retry of {row.retry_of}."
    )


def _retry_arguments(call: CommandCall) -> tuple[str, str | None]:
    """Raises InvalidInput, with the right usage, for anything but an id and perhaps `--from STEP`."""
    match [word.text for word in call.arguments]:
        case [execution_id]:
            return execution_id, None
        case [execution_id, "--from", step] | ["--from", step, execution_id]:
            return execution_id, step
        case []:
            raise InvalidInput("Which run?", hint=usage_hint(call, RETRY_USAGE))
        case _:
            raise InvalidInput("That is not what this takes.", hint=usage_hint(call, RETRY_USAGE))


COMMANDS = (Command("retry", "ID [--from STEP]", "go on with a run from where it failed", retry),)
