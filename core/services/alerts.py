"""Alerts become incidents: one group of alerts is one incident while it is unresolved."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select

from core.alerts.alert import Alert
from core.alerts.vendors import PARSERS, Vendor
from core.decisions.people import Person, service_principal
from core.decisions.policy import sees
from core.decisions.policy_table import Action
from core.decisions.team_scope import check_may_respond
from core.errors import InvalidInput
from core.service import Work
from core.services import alert_storms
from core.services.alert_storms import Source
from core.services.incidents import NewIncident, change_status, open_incident
from core.services.people import find_team
from core.services.request_keys import take_turn
from core.statuses import UNRESOLVED, IncidentStatus, TokenScope
from core.tables import Incident, Team


class AlertOutcome(StrEnum):
    """What an alert came to.

    `grouped`: it came in a storm, and is counted by the incident of that; `known` is open already, `ignored` tells
    nothing that we act on.
    """

    OPENED = "opened"
    GROUPED = "grouped"
    KNOWN = "known"
    RESOLVED = "resolved"
    IGNORED = "ignored"


@dataclass(frozen=True)
class Received:
    outcome: AlertOutcome
    incident: Incident | None = None


def signing_sender(work: Work, vendor: Vendor) -> Person:
    """The vendor, known by its signature: nobody, who may send alerts of any team, and is asked for nothing else."""
    teams = work.session.scalars(select(Team.name))
    return service_principal(vendor, {TokenScope.ALERTS}, *teams, source="signature")


def receive_alert(
    work: Work, person: Person, vendor: Vendor, body: object, *, team: str | None = None
) -> Received:
    """Open, find or resolve the incident of an alert, in the name of whoever brought it.

    `team`: whose the alert is; left out, its label or tag `team` says so. Raises InvalidInput for a body that is not
    the vendor's and for an alert of no team, NotAllowed for somebody who is not of the team, NotFound for no team.
    """
    alert = PARSERS[vendor](body)
    if alert is None:
        return Received(AlertOutcome.IGNORED)
    if alert.is_resolved:
        return _resolve(work, person, vendor, sorted(_keys(work, person, vendor, alert, team)))
    owner = _owner(work, person, team or _team_of(alert))
    key = _key(vendor, owner, alert)
    take_turn(work, key)
    known = _unresolved(work, [key])
    if known is None and (counted := alert_storms.grouped(work, [key])) is not None:
        known = counted[0]
    if known is not None:
        return Received(AlertOutcome.KNOWN, known)
    return _new(work, person, Source(vendor, owner), alert, key)


def _new(work: Work, person: Person, source: Source, alert: Alert, key: str) -> Received:
    if alert_storms.is_in_storm(work, source):
        return Received(AlertOutcome.GROUPED, alert_storms.group(work, person, source, alert, key))
    new = _new_incident(alert, source.vendor, source.team, key)
    return Received(AlertOutcome.OPENED, open_incident(work, person, new, action=Action.ALERTS_SEND))


def _unresolved(work: Work, keys: list[str]) -> Incident | None:
    open_ones = select(Incident).where(Incident.alert_key.in_(keys), Incident.status.in_(UNRESOLVED))
    return work.session.scalars(open_ones.order_by(Incident.number)).first()


def _keys(work: Work, person: Person, vendor: Vendor, alert: Alert, team: str | None) -> list[str]:
    """By what the incident may be known. What is over does not always say whose it was: then any team of the person."""
    named = team or alert.team
    if named is not None:
        owners = [_owner(work, person, named)]
    else:
        names = work.session.scalars(select(Team.name))
        owners = [name for name in names if sees(person, Action.ALERTS_SEND, name)]
    return [_key(vendor, owner, alert) for owner in owners]


def _owner(work: Work, person: Person, team: str) -> str:
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


def _resolve(work: Work, person: Person, vendor: Vendor, keys: list[str]) -> Received:
    """Where nothing is open for it, it was resolved by a person before, or never came to us.

    `keys`: sorted, so that no two who wait for the turns of some wait for each other.
    """
    for key in keys:
        take_turn(work, key)
    incident = _unresolved(work, keys)
    if incident is None:
        return _resolve_grouped(work, person, vendor, keys)
    resolved = change_status(work, person, incident, IncidentStatus.RESOLVED, Action.ALERTS_SEND)
    return Received(AlertOutcome.RESOLVED, resolved)


def _resolve_grouped(work: Work, person: Person, vendor: Vendor, keys: list[str]) -> Received:
    """One of a storm: it is counted down; the last one resolves the storm's incident."""
    counted = alert_storms.grouped(work, keys)
    if counted is None:
        return Received(AlertOutcome.IGNORED)
    storm, key = counted
    check_may_respond(person, storm.team.name, "send alerts", Action.ALERTS_SEND)
    if alert_storms.is_over(work, person, vendor, storm, key):
        change_status(work, person, storm, IncidentStatus.RESOLVED, Action.ALERTS_SEND)
    return Received(AlertOutcome.RESOLVED, storm)


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
