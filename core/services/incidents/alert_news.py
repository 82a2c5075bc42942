"""Updates of alerts whose incident is unresolved: changed severity, acknowledged, resolved.

A higher severity escalates the incident, as a person would. A lower one is only noted, because people decide whether
the incident is less severe. Acknowledging the alert at the vendor acknowledges the incident.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import select

from core.advisory_locks import lock_out_freezes
from core.alerts.alert import Alert, AlertTransition
from core.alerts.vendors import Vendor
from core.decisions.people import Person
from core.decisions.policy_table import Action
from core.decisions.team_scope import check_may_respond
from core.services.incidents import alert_storms
from core.services.incidents.changes import RANKS, escalate
from core.services.incidents.opening import change_status
from core.services.incidents.timeline import add_note
from core.statuses import UNRESOLVED, AlertOutcome, IncidentStatus, Severity
from core.tables import GroupedAlert, Incident
from core.unit_of_work import UnitOfWork

MAY = Action.ALERTS_SEND


@dataclass(frozen=True)
class Known:
    """The unresolved incident of an alert, locked. `grouped`: the alert's row, if the incident is a storm's."""

    incident: Incident
    grouped: GroupedAlert | None = None


def find_known(work: UnitOfWork, keys: list[str]) -> Known | None:
    """Return the unresolved incident of the alert that has one of these keys, or None."""
    lock_out_freezes(work.session)  # an update may start workflows
    query = select(Incident).where(Incident.alert_key.in_(keys), Incident.status.in_(UNRESOLVED))
    locked = query.order_by(Incident.number).with_for_update(of=Incident)
    incident = work.session.scalars(locked.execution_options(populate_existing=True)).first()
    if incident is not None:
        return Known(incident)
    counted = alert_storms.grouped(work, keys)
    return Known(*counted) if counted is not None else None


def apply_update(
    work: UnitOfWork, person: Person, vendor: Vendor, known: Known, alert: Alert
) -> AlertOutcome:
    """Apply the alert's update to its incident on behalf of `person`. Raises NotAllowed if they are not in its team."""
    check_may_respond(person, known.incident.team.name, "send alerts", MAY)
    return UPDATES[alert.news](work, person, vendor, known, alert)


def _changed(work: UnitOfWork, person: Person, vendor: Vendor, known: Known, alert: Alert) -> AlertOutcome:
    _note(work, person, known, alert)
    if not alert.says_severity:
        return AlertOutcome.KNOWN
    before = _last_severity(known)
    if alert.severity is before:
        return AlertOutcome.KNOWN
    is_raised = RANKS[alert.severity] > max(RANKS[before], RANKS[Severity(known.incident.severity)])
    if is_raised:
        escalate(work, person, known.incident, alert.severity, MAY)
    else:
        _write(
            work,
            person,
            known,
            f"{vendor.value}: severity changed from {before.value} to {alert.severity.value}.",
        )
    _keep_severity(known, alert.severity)
    return AlertOutcome.ESCALATED if is_raised else AlertOutcome.KNOWN


def _last_severity(known: Known) -> Severity:
    """Return the severity that the alert had last, or the incident's if it is not known."""
    last = known.grouped.severity if known.grouped else known.incident.alert_severity
    return Severity(last or known.incident.severity)


def _keep_severity(known: Known, severity: Severity) -> None:
    if known.grouped is not None:
        known.grouped.severity = severity.value
    else:
        known.incident.alert_severity = severity.value


def _acknowledged(
    work: UnitOfWork, person: Person, vendor: Vendor, known: Known, alert: Alert
) -> AlertOutcome:
    """Acknowledge the incident if it is open. One alert of a storm does not acknowledge the storm's incident."""
    outcome = _changed(work, person, vendor, known, alert)
    if known.grouped is not None or known.incident.status != IncidentStatus.OPEN:
        return outcome
    change_status(work, person, known.incident, IncidentStatus.ACKNOWLEDGED, MAY)
    return AlertOutcome.ACKNOWLEDGED


def _resolved(work: UnitOfWork, person: Person, vendor: Vendor, known: Known, alert: Alert) -> AlertOutcome:
    """Resolve the incident. Of a storm's incident, only the last alert to be resolved does."""
    _note(work, person, known, alert)
    row = known.grouped
    if row is None or alert_storms.is_over(work, person, vendor, known.incident, row):
        change_status(work, person, known.incident, IncidentStatus.RESOLVED, MAY)
    return AlertOutcome.RESOLVED


UPDATES: Mapping[AlertTransition, Callable[[UnitOfWork, Person, Vendor, Known, Alert], AlertOutcome]] = {
    AlertTransition.FIRES: _changed,
    AlertTransition.CHANGED: _changed,
    AlertTransition.ACKNOWLEDGED: _acknowledged,
    AlertTransition.RESOLVED: _resolved,
}


def _note(work: UnitOfWork, person: Person, known: Known, alert: Alert) -> None:
    """Add the alert's note to the timeline, once per event however often the vendor sends it."""
    if alert.note:
        key = f"alert:{known.incident.id}:{alert.key}:{alert.event}" if alert.event else None
        _write(work, person, known, alert.note, key)


def _write(work: UnitOfWork, person: Person, known: Known, text: str, request_key: str | None = None) -> None:
    note = f"{known.grouped.title}: {text}" if known.grouped else text
    add_note(work, person, known.incident, note, request_key=request_key, action=MAY)
