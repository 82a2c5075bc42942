"""Alerts: opening an incident for one, and what arrived before its opening.

What overtook the opening of its alert: told of an alert that was not known yet, it is kept for some minutes.

An alert and what is told of it next come in requests of their own. Of two that are under way at once either may be
first; whichever it is, the incident comes out the same. `serialize_on_key` takes the alert's key meanwhile.

Alerts become incidents: one group of alerts is one incident while it is unresolved.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from core.alerts.alert import OTHERWISE, Alert, AlertNews
from core.alerts.vendors import PARSERS, Vendor
from core.decisions.people import Person, service_principal
from core.decisions.policy import sees
from core.decisions.policy_table import Action
from core.decisions.team_scope import check_may_respond
from core.errors import InvalidInput
from core.services.access.people import find_team
from core.services.incidents import alert_storms
from core.services.incidents.alert_news import find_known, tell
from core.services.incidents.alert_storms import Source
from core.services.incidents.opening import NewIncident, open_incident
from core.services.shared.idempotency import serialize_on_key
from core.statuses import AlertOutcome, Severity, TokenScope
from core.tables import EarlyAlert, Incident, Team
from core.unit_of_work import UnitOfWork

KEPT = timedelta(minutes=10)  # far longer than any request is under way
AT_ONCE = 500  # that are forgotten with one that is kept


def keep(work: UnitOfWork, keys: Sequence[str], alert: Alert, arrived: datetime) -> None:
    """Keep what is told of an alert that has no open incident, under all the keys that it may have."""
    _forget(work)
    told = {
        "news": alert.news.value,
        "severity": alert.severity.value if alert.says_severity else None,
        "note": alert.note,
        "event": alert.event,
        "arrived_at": arrived,
        "occurred_at": alert.occurred_at,
    }
    written = insert(EarlyAlert).values([{"alert_key": key, **told} for key in keys])
    is_newer = EarlyAlert.arrived_at <= written.excluded.arrived_at
    work.session.execute(
        written.on_conflict_do_update(index_elements=["alert_key", "news"], set_=told, where=is_newer)
    )


def overtook(work: UnitOfWork, key: str, alert: Alert, arrived: datetime) -> list[Alert]:
    """What was told after `alert`, whose request came at `arrived`, and handled before it; in that order."""
    gone = delete(EarlyAlert).where(EarlyAlert.alert_key == key).returning(EarlyAlert)
    rows = sorted(work.session.scalars(gone), key=lambda row: row.arrived_at)
    return [_alert(row, alert) for row in rows if _is_later(row, alert, arrived)]


def _is_later(row: EarlyAlert, alert: Alert, arrived: datetime) -> bool:
    """By when the requests came; of one that was sent again, by the vendor's own clock."""
    if row.arrived_at > arrived:
        return True
    if row.occurred_at is None or alert.occurred_at is None:
        return False
    return row.occurred_at > alert.occurred_at and row.arrived_at > arrived - KEPT


def _alert(row: EarlyAlert, alert: Alert) -> Alert:
    return Alert(
        key=alert.key,
        title=alert.title,
        news=AlertNews(row.news),
        severity=Severity(row.severity) if row.severity else OTHERWISE,
        says_severity=row.severity is not None,
        note=row.note,
        event=row.event,
    )


def _forget(work: UnitOfWork) -> None:
    """What is too old to matter; never waiting for others who do the same."""
    old = select(EarlyAlert.alert_key, EarlyAlert.news).where(EarlyAlert.arrived_at < work.now - KEPT)
    some = old.limit(AT_ONCE).with_for_update(skip_locked=True).subquery()
    place = tuple_(EarlyAlert.alert_key, EarlyAlert.news)
    work.session.execute(
        delete(EarlyAlert)
        .where(place.in_(select(some.c.alert_key, some.c.news)))
        .execution_options(synchronize_session=False)
    )


@dataclass(frozen=True)
class Received:
    """What an alert came to, and the incident that it is about, if there is one."""

    outcome: AlertOutcome
    incident: Incident | None = None


def signing_sender(work: UnitOfWork, vendor: Vendor) -> Person:
    """The vendor, known by its signature: nobody, who may send alerts of any team, and is asked for nothing else."""
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
    """Open, find, change or resolve the incident of an alert, in the name of whoever brought it.

    `body`: as core.alerts.reading gives it. `team`: whose the alert is; left out, its label or tag `team` says so.
    `arrived`: when the request came, before anybody looked at it; left out, now.
    Raises InvalidInput for a body that is not the vendor's and for an alert of no team, NotAllowed for somebody who is
    not of the team, NotFound for no team.
    """
    alert = PARSERS[vendor](body)
    if alert is None:
        return Received(AlertOutcome.IGNORED)
    since = arrived or work.now
    if alert.news is AlertNews.FIRES:
        return _fires(
            work, person, Source(vendor, _owner(work, person, team or _team_of(alert))), alert, since
        )
    return _told_later(work, person, vendor, sorted(_keys(work, person, vendor, alert, team)), alert, since)


def _fires(work: UnitOfWork, person: Person, source: Source, alert: Alert, arrived: datetime) -> Received:
    key = _key(source.vendor, source.team, alert)
    serialize_on_key(work, key)
    known = find_known(work, [key])
    if known is not None:
        return Received(tell(work, person, source.vendor, known, alert), known.incident)
    received = _new(work, person, source, alert, key)
    for later in overtook(work, key, alert, arrived):
        known = find_known(work, [key])
        if known is not None:
            received = Received(tell(work, person, source.vendor, known, later), known.incident)
    return received


def _new(work: UnitOfWork, person: Person, source: Source, alert: Alert, key: str) -> Received:
    if alert_storms.is_in_storm(work, source):
        return Received(AlertOutcome.GROUPED, alert_storms.group(work, person, source, alert, key))
    new = _new_incident(alert, source.vendor, source.team, key)
    incident = open_incident(work, person, new, action=Action.ALERTS_SEND)
    incident.alert_severity = alert.severity.value
    return Received(AlertOutcome.OPENED, incident)


def _told_later(
    work: UnitOfWork, person: Person, vendor: Vendor, keys: list[str], alert: Alert, arrived: datetime
) -> Received:
    """Where nothing is open for it, a person resolved it before, or it never came to us, or is on its way.

    `keys`: sorted, so that no two who wait for the turns of some wait for each other.
    """
    for key in keys:
        serialize_on_key(work, key)
    known = find_known(work, keys)
    if known is not None:
        return Received(tell(work, person, vendor, known, alert), known.incident)
    if keys:
        keep(work, keys, alert, arrived)
    return Received(AlertOutcome.IGNORED)


def _keys(work: UnitOfWork, person: Person, vendor: Vendor, alert: Alert, team: str | None) -> list[str]:
    """By what the incident may be known. What comes later does not always say whose it was: then any team of theirs."""
    named = team or alert.team
    if named is not None:
        owners = [_owner(work, person, named)]
    else:
        names = work.session.scalars(select(Team.name))
        owners = [name for name in names if sees(person, Action.ALERTS_SEND, name)]
    return [_key(vendor, owner, alert) for owner in owners]


def _owner(work: UnitOfWork, person: Person, team: str) -> str:
    """The right is asked for first: who has none is not told which teams there are."""
    check_may_respond(person, team, "send alerts", Action.ALERTS_SEND)
    return find_team(work, team).name


def _team_of(alert: Alert) -> str:
    if not alert.team:
        raise InvalidInput(
            "Whose alert is this? It has no label or tag `team`.",
            hint="Give it one, or name the team in the address: ?team=NAME.",
            field="team",
        )
    return alert.team


def _key(vendor: Vendor, team: str, alert: Alert) -> str:
    """Short, however long the vendor's own key is."""
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
