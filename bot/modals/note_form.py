"""The small form in which a person writes a note into an incident's timeline, and writing it."""

from collections.abc import Mapping
from typing import Any

from bot.modals.deeds import Deed, Shown, deed_view, entered_text, field, shown_in
from bot.modals.form import Submitted, View
from core.decisions.people import Person
from core.decisions.policy_table import Action
from core.decisions.team_scope import check_may_respond
from core.errors import InvalidInput
from core.services.incidents.opening import find_incident
from core.services.incidents.timeline import LONGEST_NOTE, add_note, check_note
from core.tables import Incident
from core.unit_of_work import UnitOfWork

CALLBACK_ID = "incident.note_form"
TEXT = "text"


def note_form(_work: UnitOfWork, person: Person, incident: Incident, shown: Shown) -> View:
    """Return the view. Raises NotAllowed for who may not write the note: nobody fills in a form for nothing."""
    deed = f"add a note to inc-{incident.number}"
    check_may_respond(person, incident.team.name, deed, Action.INCIDENT_NOTE)
    text = {"type": "plain_text_input", "multiline": True, "max_length": LONGEST_NOTE, "focus_on_load": True}
    note = field(TEXT, "Note", text, hint="It becomes a line of the incident's timeline.")
    return deed_view(Deed(CALLBACK_ID, f"Note for inc-{incident.number}", "Add"), shown, [note])


def submit_note(work: UnitOfWork, person: Person, view: Mapping[str, Any]) -> Submitted:
    """Write the note, once for each view. Raises core's errors if no field is at fault."""
    incident = find_incident(work, person, shown_in(view).incident_id)
    text = entered_text(view, TEXT).strip()
    try:
        check_note(text)
    except InvalidInput as error:
        return Submitted(errors={TEXT: str(error)})
    add_note(work, person, incident, text, request_key=f"slack:{view['id']}")
    return Submitted(f"📝 Noted in inc-{incident.number}.")
