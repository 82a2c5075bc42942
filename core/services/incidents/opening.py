"""Opens incidents, finds them, and changes their status, with the permission checks for people."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, select

from core.advisory_locks import lock_out_freezes
from core.decisions.initiators import initiated_by
from core.decisions.people import Person
from core.decisions.policy_table import Action
from core.decisions.team_scope import check_may_respond
from core.errors import NotFound
from core.identifiers import Prefix, new_id
from core.services.access.people import find_team
from core.services.access.workspace import check_free, newest_of, take_channel
from core.services.incidents.changes import Cause, happened, set_status
from core.services.shared import audit, notices
from core.services.shared.idempotency import serialize_on_key
from core.services.shared.notices import NewNotice, NoticeKind
from core.services.starts.bounds import check_may_open
from core.statuses import IncidentKind, IncidentStatus, Severity
from core.tables import Incident, JsonObject, Team
from core.unit_of_work import UnitOfWork

LONGEST_NUMBER = 9  # digits that always fit into PostgreSQL's integer


@dataclass(frozen=True)
class NewIncident:
    """An incident to be opened. `alert_key`: the key of the alert that opens it, if one does. `kind`: maintenance if a
    schedule opens it.
    """

    title: str
    team: str
    description: str = ""
    severity: Severity = Severity.MEDIUM
    service: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    slack_channel: str | None = None
    alert_key: str | None = None
    kind: IncidentKind = IncidentKind.INCIDENT


def open_incident(
    work: UnitOfWork,
    person: Person,
    new: NewIncident,
    *,
    request_key: str | None = None,
    action: Action = Action.INCIDENT_OPEN,
) -> Incident:
    """Open an incident, start the workflows that match, and enqueue its card.

    `request_key`: a repeated delivery with the same key gets the same incident. `action`: the permission that the
    person needs; alerts open incidents, too. Raises NotAllowed if the person is not in the team, whether or not it
    exists, or if the channel is not this team's; NotFound for an unknown team; Conflict if another open incident has
    the channel; TooMany if the team's people have opened too many incidents.
    """
    known = _by_request_key(work, request_key)
    if known is not None:
        return known
    team = _admitted(work, person, new, action)
    lock_out_freezes(work.session)
    return write_incident(work, person, team, new, request_key)


def write_incident(
    work: UnitOfWork, person: Person, team: Team, new: NewIncident, request_key: str | None = None
) -> Incident:
    """Write an incident with its card, audit entry and event, without a check. The caller has locked out freezes."""
    incident = Incident(
        id=new_id(Prefix.INCIDENT),
        kind=new.kind,
        title=new.title,
        description=new.description,
        severity=new.severity,
        service=new.service,
        team=team,
        labels=dict(new.labels),
        status=IncidentStatus.OPEN,
        slack_channel=new.slack_channel,
        opened_by=person.slack_user_id,
        created_at=work.now,
        request_key=request_key,
        alert_key=new.alert_key,
    )
    work.session.add(incident)
    work.session.flush()
    notices.enqueue_notice(work, NewNotice(NoticeKind.INCIDENT, incident.id, incident.id))
    after = {"title": new.title, "team": team.name, "severity": new.severity, "status": incident.status}
    if new.kind is not IncidentKind.INCIDENT:
        after["kind"] = new.kind
    audit.record(work, person, "incident.opened", incident.id, {"before": None, "after": after})
    opened = initiated_by(person, "opened")
    happened(
        work, incident, "incident.created", person.slack_user_id, {}, initiators=opened, depth=person.depth
    )
    return incident


def _admitted(work: UnitOfWork, person: Person, new: NewIncident, action: Action) -> Team:
    """Return the team. Permission is checked first, so that strangers cannot find out which teams exist."""
    check_may_respond(person, new.team, "open incidents", action)
    team = find_team(work, new.team)
    if new.alert_key is None:
        check_may_open(work, team)
    if new.slack_channel is not None:
        check_free(work, person, team, new.slack_channel)
    return team


def _by_request_key(work: UnitOfWork, request_key: str | None) -> Incident | None:
    if request_key is None:
        return None
    serialize_on_key(work, request_key)
    return work.session.scalar(select(Incident).where(Incident.request_key == request_key))


def change_status(
    work: UnitOfWork,
    person: Person,
    incident: Incident,
    status: IncidentStatus,
    action: Action = Action.INCIDENT_CHANGE,
) -> Incident:
    """Acknowledge, resolve or close an incident. `action`: the permission that the person needs.

    Raises NotAllowed if the person is not in the incident's team, and Conflict if the incident already has that status
    or a later one.
    """
    check_may_respond(person, incident.team.name, f"change inc-{incident.number}", action)
    set_status(work, Cause(person), incident, status)
    return incident


def find_incident(work: UnitOfWork, person: Person, reference: str) -> Incident:
    """Find an incident by id or number (`inc-12`). Raises NotFound, also if the person may not see it."""
    incident = work.session.scalar(select(Incident).where(_reference(reference)))
    if incident is None or not person.may_see(incident.team.name, Action.INCIDENT_READ):
        raise NotFound(f"There is no incident {reference}.")
    return incident


def _reference(reference: str) -> ColumnElement[bool]:
    number = reference.lower().removeprefix("#").removeprefix("inc-")
    if number.isascii() and number.isdecimal() and len(number) <= LONGEST_NUMBER:
        return Incident.number == int(number)
    return Incident.id == reference.replace("\0", "")


def incident_of_channel(work: UnitOfWork, slack_channel: str) -> Incident | None:
    """Return the open incident of a channel (there is at most one), otherwise the newest one, or None."""
    return newest_of(work, slack_channel)


def bind_channel(work: UnitOfWork, incident_id: str, slack_channel: str, at: datetime) -> None:
    """Record the Slack channel that was created for the incident, and make the notices that waited for it due."""
    incident = work.session.get(Incident, incident_id, with_for_update={"of": Incident})
    if incident is not None and incident.slack_channel is None:
        take_channel(work, slack_channel)
        incident.slack_channel = slack_channel
        details: JsonObject = {"channel": slack_channel}
        happened(work, incident, "incident.channel_bound", "system", details, initiators=())
        notices.due_now(work, incident_id, at)
