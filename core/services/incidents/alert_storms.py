"""Alert storms: alerts that exceed a source's limit per minute are grouped into one incident, with a count.

Each grouped alert is recorded with its key in `grouped_alerts`, so it is recognized when it is sent again or resolved.
New alerts of one source are handled one at a time, so that concurrent ones cannot exceed the limit.
"""

import hashlib
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.dialects.postgresql import insert

from core.alerts import storms
from core.alerts.alert import Alert
from core.alerts.vendors import Vendor
from core.decisions.initiators import initiated_by
from core.decisions.people import Person
from core.limits import WINDOW
from core.services.incidents.changes import Cause, new_event, set_severity
from core.services.incidents.opening import NewIncident, open_incident
from core.services.shared import notices
from core.services.shared.idempotency import serialize_on_key
from core.services.shared.notices import NoticeKind
from core.statuses import UNRESOLVED, Severity
from core.tables import GroupedAlert, Incident, JsonObject, Team
from core.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class Source:
    """A source of alerts, whose alerts are counted together: one vendor for one team."""

    vendor: Vendor
    team: str

    @property
    def key(self) -> str:
        """The `Incident.alert_key` of the storm's incident."""
        return f"{self.vendor}:storm:{hashlib.sha256(self.team.encode()).hexdigest()[:40]}"


def is_in_storm(work: UnitOfWork, source: Source) -> bool:
    """True if a new alert must be grouped. It locks the source until the transaction ends."""
    serialize_on_key(work, source.key)
    return storms.is_storm(_arrived(work, source), work.limits.incidents_before_a_storm)


def _arrived(work: UnitOfWork, source: Source) -> int:
    """Return how many alerts of the source opened an incident or were grouped in the last minute."""
    since = work.now - WINDOW
    of_team = Incident.team_id == select(Team.id).where(Team.name == source.team).scalar_subquery()
    opened = select(func.count()).where(
        of_team, Incident.created_at > since, Incident.alert_key.startswith(f"{source.vendor}:"),
        Incident.alert_key != source.key,
    )  # fmt: skip
    grouped = (
        select(func.count())
        .select_from(GroupedAlert)
        .join(Incident, Incident.id == GroupedAlert.incident_id)
        .where(Incident.alert_key == source.key, GroupedAlert.created_at > since)
    )
    return work.session.scalars(opened).one() + work.session.scalars(grouped).one()


def group(work: UnitOfWork, person: Person, source: Source, alert: Alert, key: str) -> Incident:
    """Add the alert with this key to the storm's incident, which is opened if there is none."""
    incident = _storm(work, source) or _open(work, person, source, alert)
    row = {
        "incident_id": incident.id,
        "alert_key": key,
        "title": alert.title,
        "severity": alert.severity.value,
        "created_at": work.now,
        "resolved_at": None,
    }
    again = {"severity": alert.severity.value, "created_at": work.now, "resolved_at": None}
    written = insert(GroupedAlert).values(row)
    work.session.execute(
        written.on_conflict_do_update(index_elements=["incident_id", "alert_key"], set_=again)
    )
    worst = storms.severity(Severity(incident.severity), alert.severity)
    set_severity(work, Cause(person), incident, worst)
    details: JsonObject = {"alert": alert.title, "severity": alert.severity.value}
    _show(work, person, source, incident, "incident.alert_grouped", details)
    return incident


def _storm(work: UnitOfWork, source: Source) -> Incident | None:
    """Return the unresolved incident of the source's storm, locked, or None."""
    query = select(Incident).where(Incident.alert_key == source.key, Incident.status.in_(UNRESOLVED))
    locked = query.with_for_update(of=Incident).execution_options(populate_existing=True)
    return work.session.scalars(locked).one_or_none()


def _open(work: UnitOfWork, person: Person, source: Source, alert: Alert) -> Incident:
    new = NewIncident(
        title=storms.title(1, source.vendor, source.team),
        team=source.team,
        description=storms.description(work.limits.incidents_before_a_storm, source.vendor),
        severity=alert.severity,
        labels={"alert": source.vendor.value, "alerts": "1", "alerts_resolved": "0"},
        alert_key=source.key,
    )
    return open_incident(work, person, new)


def grouped(work: UnitOfWork, keys: list[str]) -> tuple[Incident, GroupedAlert] | None:
    """Return the unresolved storm with an unresolved alert of one of these keys, and the alert's row, both locked."""
    query = (
        select(Incident, GroupedAlert)
        .join(GroupedAlert, GroupedAlert.incident_id == Incident.id)
        .where(_is_open(), GroupedAlert.alert_key.in_(keys))
        .where(Incident.status.in_(UNRESOLVED))
    )
    first = query.order_by(Incident.number).limit(1).with_for_update(of=(Incident, GroupedAlert))
    found = work.session.execute(first.execution_options(populate_existing=True)).one_or_none()
    return (found[0], found[1]) if found is not None else None


def _is_open() -> ColumnElement[bool]:
    return GroupedAlert.resolved_at.is_(None)


def is_over(work: UnitOfWork, person: Person, vendor: Vendor, incident: Incident, row: GroupedAlert) -> bool:
    """Mark the alert, as found by `grouped`, as resolved. Return True if it was the last one of the storm."""
    row.resolved_at = work.now
    work.session.flush()
    source = Source(vendor, incident.team.name)
    left = _show(work, person, source, incident, "incident.alert_resolved", {"alert": row.title})
    return left == 0


def _show(
    work: UnitOfWork, person: Person, source: Source, incident: Incident, event: str, details: JsonObject
) -> int:
    """Update the counts in title, labels, timeline and card. Return how many alerts are not resolved yet."""
    counts = select(func.count(), func.count(GroupedAlert.resolved_at))
    alerts, resolved = work.session.execute(counts.where(GroupedAlert.incident_id == incident.id)).one()
    incident.title = storms.title(alerts, source.vendor, source.team)
    incident.labels = {**incident.labels, "alerts": str(alerts), "alerts_resolved": str(resolved)}
    counted = {**details, "alerts": alerts, "resolved": resolved}
    sent = initiated_by(person, "opened")
    new_event(work, incident, event, person.slack_user_id, counted, initiators=sent)
    notices.mark_dirty(work, incident.id, NoticeKind.INCIDENT)
    return int(alerts - resolved)
