"""Escalating an incident: raising its severity."""

from core.decisions.people import Person
from core.decisions.policy_table import Action
from core.decisions.team_scope import check_may_respond
from core.errors import Conflict
from core.service import Work
from core.services.incident_changes import RANKS, Cause, lock, set_severity
from core.statuses import Severity
from core.tables import Incident


def escalate(
    work: Work,
    person: Person,
    incident: Incident,
    severity: Severity,
    action: Action = Action.INCIDENT_CHANGE,
) -> Incident:
    """Raise the severity, which starts the workflows on `incident.escalated`.

    `action`: what the person must be allowed to do.
    Raises NotAllowed for somebody of another team, Conflict where it is no raise, or the incident is closed.
    """
    check_may_respond(person, incident.team.name, f"change inc-{incident.number}", action)
    lock(work, incident)
    if RANKS[severity] <= RANKS[Severity(incident.severity)]:
        raise Conflict(
            f"inc-{incident.number} is already {incident.severity}.",
            hint="To escalate is to raise: " + ", ".join(Severity) + ".",
        )
    set_severity(work, Cause(person), incident, severity)
    return incident
