"""Receives alerts: opens an incident for a new alert, and applies updates to the incident of a known one.

An alert and its updates arrive in separate requests, and an update may overtake the alert. Updates of unknown alerts
are stored for some minutes and applied when the alert arrives, so the incident ends up the same in either order.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from core.alerts.alert import OTHERWISE, Alert, AlertTransition
from core.alerts.vendors import PARSERS, Vendor
from core.decisions.people import Person, service_principal
from core.decisions.policy import sees
from core.decisions.policy_table import Action
from core.decisions.team_scope import check_may_respond
from core.errors import InvalidInput
from core.services.access.people import find_team
from core.services.incidents import alert_storms
from core.services.incidents.alert_news import apply_update, find_known
from core.services.incidents.alert_storms import Source
from core.services.incidents.opening import NewIncident, open_incident
from core.services.shared.idempotency import serialize_on_key
from core.statuses import AlertOutcome, Severity, TokenScope
from core.tables import EarlyAlert, Incident, Team
from core.unit_of_work import UnitOfWork

KEPT = timedelta(minutes=10)  # much longer than any request takes
AT_ONCE = 500  # old updates that are deleted whenever one is stored


def keep(work: UnitOfWork, keys: Sequence[str], alert: Alert, arrived: datetime) -> None:
    """Store an update of an alert that has no open incident, under all the keys that the alert may have."""
    _forget(work)
    update = {
        "news": alert.news.value,
        "severity": alert.severity.value if alert.says_severity else None,
        "note": alert.note,
        "event": alert.event,
        "arrived_at": arrived,
        "occurred_at": alert.occurred_at,
    }
    written = insert(EarlyAlert).values([{"alert_key": key, **update} for key in keys])
    is_newer = EarlyAlert.arrived_at <= written.excluded.arrived_at
    work.session.execute(
        written.on_conflict_do_update(index_elements=["alert_key", "news"], set_=update, where=is_newer)
    )


def overtaken_by(work: UnitOfWork, key: str, alert: Alert, arrived: datetime) -> list[Alert]:
    """Return the updates that were sent after `alert` but handled before it, in order. `arrived`: of its request."""
    gone = delete(EarlyAlert).where(EarlyAlert.alert_key == key).returning(EarlyAlert)
    rows = sorted(work.session.scalars(gone), key=lambda row: row.arrived_at)
    return [_alert(row, alert) for row in rows if _is_later(row, alert, arrived)]


def _is_later(row: EarlyAlert, alert: Alert, arrived: datetime) -> bool:
    """True if the update is newer than the alert, by arrival time or, if it was sent again, by the vendor's clock."""
    if row.arrived_at > arrived:
        return True
    if row.occurred_at is None or alert.occurred_at is None:
        return False
    return row.occurred_at > alert.occurred_at and row.arrived_at > arrived - KEPT


def _alert(row: EarlyAlert, alert: Alert) -> Alert:
    return Alert(
        key=alert.key,
        title=alert.title,
        news=AlertTransition(row.news),
        severity=Severity(row.severity) if row.severity else OTHERWISE,
        says_severity=row.severity is not None,
        note=row.note,
        event=row.event,
    )


def _forget(work: UnitOfWork) -> None:
    """Delete stored updates that are too old to matter, skipping rows that others are deleting."""
    old = select(EarlyAlert.alert_key, EarlyAlert.news).where(EarlyAlert.arrived_at < work.now - KEPT)
    some = old.limit(AT_ONCE).with_for_update(skip_locked=True).cte("some")
    work.session.execute(
        delete(EarlyAlert)
        .where(EarlyAlert.alert_key == some.c.alert_key, EarlyAlert.news == some.c.news)
        .execution_options(synchronize_session=False)
    )


@dataclass(frozen=True)
class Received:
    """The effect of an alert, and its incident, if there is one."""

    outcome: AlertOutcome
    incident: Incident | None = None


def signing_sender(work: UnitOfWork, vendor: Vendor) -> Person:
    """Return the service principal for a vendor that signs its requests. It may only send alerts, for any team."""
    teams = work.session.scalars(select(Team.name))
    return service_principal(vendor, {TokenScope.ALERTS}, *teams, source="signature")


def receive_alert(
    work: UnitOfWork,
    person: Person,
    vendor: Vendor,
    body: object,
    *,
    team: str | None = None,
    arrived: datetime | None = None,
) -> Received:
    """Open, find, change or resolve the incident of an alert, on behalf of `person`.

    `body`: the request body as parsed by core.alerts.reading. `team`: the alert's team; by default its label or tag
    `team`. `arrived`: when the request arrived; by default now. Raises InvalidInput if the body is not the vendor's or
    the alert names no team, NotAllowed if the person is not in the team, and NotFound if there is no such team.
    """
    alert = PARSERS[vendor](body)
    if alert is None:
        return Received(AlertOutcome.IGNORED)
    since = arrived or work.now
    if alert.news is AlertTransition.FIRES:
        return _fires(
            work, person, Source(vendor, _owner(work, person, team or _team_of(alert))), alert, since
        )
    return _update(work, person, vendor, sorted(_keys(work, person, vendor, alert, team)), alert, since)


def _fires(work: UnitOfWork, person: Person, source: Source, alert: Alert, arrived: datetime) -> Received:
    key = _key(source.vendor, source.team, alert)
    serialize_on_key(work, key)
    known = find_known(work, [key])
    if known is not None:
        return Received(apply_update(work, person, source.vendor, known, alert), known.incident)
    received = _new(work, person, source, alert, key)
    for later in overtaken_by(work, key, alert, arrived):
        known = find_known(work, [key])
        if known is not None:
            received = Received(apply_update(work, person, source.vendor, known, later), known.incident)
    return received


def _new(work: UnitOfWork, person: Person, source: Source, alert: Alert, key: str) -> Received:
    if alert_storms.is_in_storm(work, source):
        return Received(AlertOutcome.GROUPED, alert_storms.group(work, person, source, alert, key))
    new = _new_incident(alert, source.vendor, source.team, key)
    incident = open_incident(work, person, new, action=Action.ALERTS_SEND)
    incident.alert_severity = alert.severity.value
    return Received(AlertOutcome.OPENED, incident)


def _update(
    work: UnitOfWork, person: Person, vendor: Vendor, keys: list[str], alert: Alert, arrived: datetime
) -> Received:
    """Apply an update to the alert's incident, or store it if there is none.

    Then a person has resolved it, or the alert never came, or is still on its way. `keys` must be sorted: they are
    locked in this order, so that two requests cannot deadlock.
    """
    for key in keys:
        serialize_on_key(work, key)
    known = find_known(work, keys)
    if known is not None:
        return Received(apply_update(work, person, vendor, known, alert), known.incident)
    if keys:
        keep(work, keys, alert, arrived)
    return Received(AlertOutcome.IGNORED)


def _keys(work: UnitOfWork, person: Person, vendor: Vendor, alert: Alert, team: str | None) -> list[str]:
    """Return the keys that the incident may have: of all the person's teams if the update does not name one."""
    named = team or alert.team
    if named is not None:
        owners = [_owner(work, person, named)]
    else:
        names = work.session.scalars(select(Team.name))
        owners = [name for name in names if sees(person, Action.ALERTS_SEND, name)]
    return [_key(vendor, owner, alert) for owner in owners]


def _owner(work: UnitOfWork, person: Person, team: str) -> str:
    """Return the team's name. Permission is checked first, so that strangers cannot find out which teams exist."""
    check_may_respond(person, team, "send alerts", Action.ALERTS_SEND)
    return find_team(work, team).name


def _team_of(alert: Alert) -> str:
    if not alert.team:
        raise InvalidInput(
            "The alert names no team: it has no label or tag `team`.",
            hint="Add one, or name the team in the URL: ?team=NAME.",
            field="team",
        )
    return alert.team


def _key(vendor: Vendor, team: str, alert: Alert) -> str:
    """Return our key for the alert, which is short however long the vendor's key is."""
    digest = hashlib.sha256(f"{team}\n{alert.key}".encode()).hexdigest()
    return f"{vendor}:{digest[:40]}"


def _new_incident(alert: Alert, vendor: Vendor, team: str, key: str) -> NewIncident:
    return NewIncident(
        title=alert.title,
        team=team,
        description=alert.description,
        severity=alert.severity,
        service=alert.service[:250] if alert.service else None,
        labels={**alert.labels, "alert": vendor.value},
        alert_key=key,
    )
