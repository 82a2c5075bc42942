"""The incident that belongs to the channel where a command was typed, and its active runs."""

from bot.commands.call import CommandCall
from core.decisions.people import Person
from core.decisions.policy_table import Action
from core.errors import InvalidInput, NotFound
from core.services.executions.loading import executions_of_incident
from core.services.incidents.opening import incident_of_channel
from core.tables import Incident, RunbookExecution
from core.unit_of_work import UnitOfWork


def channel_incident(work: UnitOfWork, call: CommandCall) -> Incident:
    """Return the channel's incident for a call whose permission core checks. Raises NotFound if there is none."""
    incident = incident_of_channel(work, call.channel_id)
    if incident is None:
        raise NotFound(
            "No incident belongs to this channel.",
            hint=f"Go to the incident's channel, or open one: `{call.command} incident open TITLE`",
        )
    return incident


def visible_incident(work: UnitOfWork, person: Person, call: CommandCall) -> Incident:
    """Return the channel's incident if the person may read it. Raises NotFound otherwise."""
    incident = channel_incident(work, call)
    if not person.may_see(incident.team.name, Action.INCIDENT_READ):
        raise NotFound("No incident of your teams belongs to this channel.")
    return incident


def only_active(work: UnitOfWork, person: Person, call: CommandCall, command: str) -> RunbookExecution:
    """Return the channel's one active execution. `command`: the sub-command, for the hint.

    Raises NotFound for none, and for people who may not see them; InvalidInput, with their ids, for several.
    """
    incident = channel_incident(work, call)
    if not person.may_see(incident.team.name):
        raise NotFound("There is no execution of your teams here.")
    active = executions_of_incident(work, incident.id, active_only=True)
    if not active:
        raise NotFound("Nothing is running here.")
    if len(active) > 1:
        named = ", ".join(f"{row.id} ({row.runbook_name})" for row in active)
        raise InvalidInput(
            f"{len(active)} runs are active here: {named}.", hint=f"Type: `{call.command} {command} ID`"
        )
    return active[0]
