"""The buttons of an incident's card. Each makes one call into core and replies to the person who pressed it.

The card itself is updated by the poster. A button that comes too late answers with how things stand.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from bot.cards import incident as card
from bot.cards.definition_approval import NO_LONGER_WORKS
from bot.cards.limits import MESSAGE_TEXT
from bot.cards.words import bounded, moment, who
from bot.entry_points import BUTTONS as IN_THE_POLICY
from bot.modals.deeds import Shown
from bot.modals.escalate_form import escalate_form
from bot.modals.form import View
from bot.modals.note_form import note_form
from core.decisions.people import Person
from core.errors import Conflict, InvalidInput
from core.services.access.people import load_person
from core.services.incidents.opening import change_status, find_incident
from core.services.incidents.timeline import last_lines, last_status_change
from core.statuses import IncidentStatus
from core.tables import Incident
from core.unit_of_work import UnitOfWork, UnitOfWorkFactory

TIMELINE_LINES = 10

# Returns the reply, in Slack's markup.
Pressed: TypeAlias = Callable[[UnitOfWork, Person, Incident], str]
OpensForm: TypeAlias = Callable[[UnitOfWork, Person, Incident, Shown], View]


def _to(status: IncidentStatus) -> Pressed:
    def press(work: UnitOfWork, person: Person, incident: Incident) -> str:
        try:
            change_status(work, person, incident, status)
        except Conflict:
            return how_it_stands(work, incident)
        return f"inc-{incident.number} is {incident.status}."

    return press


def how_it_stands(work: UnitOfWork, incident: Incident) -> str:
    """Return the incident's status, with who set it and when."""
    said = f"inc-{incident.number} is already {incident.status}"
    change = last_status_change(work, incident)
    return f"{said}, by {who(change.actor)} at {moment(change.created_at)}." if change else f"{said}."


def _timeline(work: UnitOfWork, _person: Person, incident: Incident) -> str:
    """Return the last lines, those that fit into one message."""
    lines = card.timeline_lines(last_lines(work, incident, TIMELINE_LINES))
    return bounded("\n".join([f"*inc-{incident.number}*, what happened last:", *lines]), MESSAGE_TEXT)


# By action_id.
INCIDENT_BUTTONS: Mapping[str, Pressed] = {
    card.ACKNOWLEDGE: _to(IncidentStatus.ACKNOWLEDGED),
    card.RESOLVE: _to(IncidentStatus.RESOLVED),
    card.TIMELINE: _timeline,
}
INCIDENT_FORMS: Mapping[str, OpensForm] = {card.ESCALATE: escalate_form, card.NOTE: note_form}


def press_incident(unit_of_work: UnitOfWorkFactory, action_id: str, value: str, user_id: str) -> str:
    """Handle a pressed button in one transaction. Returns the reply, in Slack's markup. Raises core's errors."""
    press = INCIDENT_BUTTONS.get(action_id)
    if press is None or action_id not in IN_THE_POLICY:
        raise InvalidInput(NO_LONGER_WORKS)

    def act(work: UnitOfWork) -> str:
        person = load_person(work, user_id, source="slack")
        return press(work, person, find_incident(work, person, value))

    return unit_of_work.run(act)


def open_incident_form(unit_of_work: UnitOfWorkFactory, action_id: str, shown: Shown, user_id: str) -> View:
    """Return the view that the button opens. Raises core's errors."""
    opens = INCIDENT_FORMS.get(action_id)
    if opens is None or action_id not in IN_THE_POLICY:
        raise InvalidInput(NO_LONGER_WORKS)
    with unit_of_work.begin() as work:
        person = load_person(work, user_id, source="slack")
        return opens(work, person, find_incident(work, person, shown.incident_id), shown)
