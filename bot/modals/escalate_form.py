"""The small form in which a person raises an incident's severity, and raising it."""

from collections.abc import Mapping
from typing import Any

from bot.modals.deeds import Deed, Shown, chosen, deed_view, field, menu, shown_in
from bot.modals.form import Submitted, View
from core.decisions.people import Person
from core.decisions.team_scope import check_may_respond
from core.errors import AlreadyDone, InvalidInput
from core.services.incidents.changes import RANKS, escalate
from core.services.incidents.opening import find_incident
from core.statuses import Severity
from core.tables import Incident
from core.unit_of_work import UnitOfWork

CALLBACK_ID = "incident.escalate_form"
SEVERITY = "severity"


def escalate_form(_work: UnitOfWork, person: Person, incident: Incident, shown: Shown) -> View:
    """Return the view with the severities above the present one.

    Raises NotAllowed for who may not escalate, and AlreadyDone if nothing is above it.
    """
    check_may_respond(person, incident.team.name, f"change inc-{incident.number}")
    now = Severity(incident.severity)
    higher = [each.value for each in Severity if RANKS[each] > RANKS[now]]
    if not higher:
        raise AlreadyDone(f"inc-{incident.number} is already {now.value}: there is nothing above it.")
    severity = field(SEVERITY, "New severity", menu(higher, higher[0]), hint=f"It is {now.value} now.")
    return deed_view(Deed(CALLBACK_ID, f"Escalate inc-{incident.number}", "Escalate"), shown, [severity])


def submit_escalation(work: UnitOfWork, person: Person, view: Mapping[str, Any]) -> Submitted:
    """Raise the severity. Raises core's errors, such as AlreadyDone if somebody else has raised it meanwhile."""
    incident = find_incident(work, person, shown_in(view).incident_id)
    try:
        severity = Severity(chosen(view, SEVERITY))
    except ValueError:
        raise InvalidInput("This form no longer works here.") from None
    escalate(work, person, incident, severity)
    return Submitted(f"⬆️ inc-{incident.number} is now {incident.severity}.")
