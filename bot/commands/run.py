"""`run`: start a runbook for the channel's incident."""

from bot.cards.words import escape
from bot.commands.arguments import usage_hint
from bot.commands.call import Command, CommandCall, Reply
from bot.commands.channel import channel_incident
from bot.commands.usage import usage_line
from core.decisions.people import Person
from core.decisions.team_scope import check_may_run
from core.definitions.parameters import parse_key_values
from core.definitions.runbook import RunbookDefinition
from core.errors import InvalidInput
from core.service import Work
from core.services.runbook_starts import Start, start_by_person
from core.services.runbooks import find_runbook
from core.tables import Incident, Runbook, RunbookExecution

USAGE = "run NAME [key=value…]"


def run(work: Work, person: Person, call: CommandCall) -> Reply:
    """Commit an execution; the channel is told by the poster."""
    if not call.arguments:
        raise InvalidInput(
            "Which runbook?", hint=f"{usage_hint(call, USAGE)}. `{call.command} list` shows what there is."
        )
    incident = channel_incident(work, call)
    runbook = find_runbook(work, person, call.arguments[0].text)
    check_may_run(person, runbook.name, runbook.team.name if runbook.team else None, incident.team.name)
    execution = _start(work, person, call, runbook, incident)
    return Reply(
        f"▶️ {escape(execution.runbook_name)} v{execution.runbook_version} is asked for, "
        f"for inc-{incident.number}. Its id is {execution.id}."
    )


def _start(
    work: Work, person: Person, call: CommandCall, runbook: Runbook, incident: Incident
) -> RunbookExecution:
    """Raises InvalidInput with the line to type where parameters are missing or wrong."""
    schema = RunbookDefinition.model_validate(runbook.definition).parameters
    words = [word.text for word in call.arguments[1:]]
    try:
        parameters = parse_key_values(words, schema)
        return start_by_person(work, person, Start(runbook, incident, parameters, call.request_key))
    except InvalidInput as error:
        hint = f"Type: `{usage_line(call.command, runbook.name, schema)}`"
        raise InvalidInput(str(error), hint=hint, field=error.field) from error


COMMANDS = (Command("run", "NAME [key=value…]", "start a runbook for this channel's incident", run),)
