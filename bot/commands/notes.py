"""`note`: write a note into the incident's timeline."""

from bot.commands.call import Command, CommandCall, Reply, usage_hint
from bot.commands.channel import channel_incident
from core.decisions.people import Person
from core.errors import InvalidInput
from core.services.incidents.timeline import add_note, check_note
from core.unit_of_work import UnitOfWork

USAGE = "note TEXT"


def note(work: UnitOfWork, person: Person, call: CommandCall) -> Reply:
    """Write a note into the timeline of the channel's incident."""
    text = call.text
    if not text:
        raise InvalidInput("The note's text is missing.", hint=usage_hint(call, USAGE))
    check_note(text)
    incident = channel_incident(work, call)
    add_note(work, person, incident, text, request_key=call.request_key)
    return Reply(f"Noted in inc-{incident.number}. To see its timeline: `{call.command} incident show`")


COMMANDS = (Command("note", "TEXT", "write a note into the incident's timeline", note),)
