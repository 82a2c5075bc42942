"""Changes of incidents: status, severity, labels and links, each with its event, card update and audit entry.

Every change is a timeline event and may start workflows. No permissions are checked here: those of people are checked
in core.services.incidents.opening, and workflows act as the system.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from core.advisory_locks import lock_out_freezes
from core.decisions.initiators import Deed, Initiators, initiated_by, initiators_to_json, joined
from core.decisions.people import Person
from core.decisions.policy_table import Action
from core.decisions.team_scope import check_may_respond
from core.errors import AlreadyDone, Conflict
from core.identifiers import Prefix, derived_id, new_id
from core.services.shared import audit, notices
from core.services.shared.notices import NewNotice, NoticeKind
from core.services.starts.workflow_starts import doubt_what_it_started, start_matching_workflows
from core.statuses import IncidentKind, IncidentStatus, Severity
from core.tables import Incident, IncidentEvent, JsonObject
from core.unit_of_work import UnitOfWork
from core.values.execution import Json


@dataclass(frozen=True)
class EventKey:
    """Describes the cause of an event that would happen again in a restored copy of the database.

    `key`: identifies the cause, so that the event gets the same id again; empty if it comes from a person or by chance.
    `maybe_done`: True if the event may already have happened, so what it starts is in doubt, too (StepColumns).
    """

    key: str = ""
    maybe_done: bool = False


BY_CHANCE = EventKey()


def happened(
    work: UnitOfWork,
    incident: Incident,
    type_: str,
    actor: str,
    details: JsonObject,
    *,
    initiators: Initiators,
    depth: int = 0,
    again: EventKey = BY_CHANCE,
) -> None:
    """Write an event to the incident's timeline and start the workflows that it triggers.

    `initiators`: the people who caused it, and therefore everything that those workflows start. `depth`: the number of
    workflows in the chain that led to it.
    """
    event = new_event(
        work, incident, type_, actor, details, initiators=initiators, depth=depth, key=again.key
    )
    start_matching_workflows(work, incident, event)
    if again.maybe_done:
        doubt_what_it_started(work, event)


def new_event(
    work: UnitOfWork,
    incident: Incident,
    type_: str,
    actor: str,
    details: JsonObject,
    *,
    initiators: Initiators,
    depth: int = 0,
    key: str = "",
) -> IncidentEvent:
    """Write an event to the timeline without starting workflows. `key`: see Again."""
    event = IncidentEvent(
        id=derived_id(Prefix.EVENT, key, type_) if key else new_id(Prefix.EVENT),
        incident_id=incident.id,
        type=type_,
        actor=actor,
        details=details,
        depth=depth,
        initiators=initiators_to_json(initiators),
        created_at=work.now,
    )
    work.session.add(event)
    work.session.flush()
    return event


# For each status, the statuses from which it can be reached.
NEXT = {
    IncidentStatus.ACKNOWLEDGED: {IncidentStatus.OPEN},
    IncidentStatus.RESOLVED: {IncidentStatus.OPEN, IncidentStatus.ACKNOWLEDGED},
    IncidentStatus.CLOSED: {IncidentStatus.OPEN, IncidentStatus.ACKNOWLEDGED, IncidentStatus.RESOLVED},
}
MOMENTS = {
    IncidentStatus.ACKNOWLEDGED: "acknowledged_at",
    IncidentStatus.RESOLVED: "resolved_at",
    IncidentStatus.CLOSED: "closed_at",
}
STATUS_DEEDS: Mapping[IncidentStatus, Deed] = {
    IncidentStatus.ACKNOWLEDGED: "acknowledged",
    IncidentStatus.RESOLVED: "resolved",
    IncidentStatus.CLOSED: "closed",
}
RANKS = {severity: rank for rank, severity in enumerate(Severity)}
MOST_LINKS = 100


@dataclass(frozen=True)
class Cause:
    """Who or what changes an incident.

    `of_workflow`: the depth if a workflow changes it, otherwise 0; a person's own depth is more than 0 if their call
    comes from a run. `initiators`: those of the event that started the workflow. `key`: identifies the attempt of the
    action; event ids are derived from it. `maybe_done`: copied from that action (StepColumns).
    """

    person: Person
    of_workflow: int = 0
    initiators: Initiators = ()
    key: str = ""
    maybe_done: bool = False

    @property
    def depth(self) -> int:
        """The number of workflows in the chain that led to the change."""
        return max(self.of_workflow, self.person.depth)


def lock(work: UnitOfWork, incident: Incident) -> None:
    """Lock the incident until this transaction ends, and read its current state."""
    lock_out_freezes(work.session)  # the change's event may start workflows
    work.session.refresh(incident, with_for_update={"of": Incident})


def set_status(work: UnitOfWork, cause: Cause, incident: Incident, status: IncidentStatus) -> None:
    """Acknowledge, resolve or close the incident. Raises Conflict if it already has that status or a later one."""
    lock(work, incident)
    before = IncidentStatus(incident.status)
    if before not in NEXT.get(status, ()):
        kind = AlreadyDone if before is status else Conflict
        raise kind(f"inc-{incident.number} is already {before.value}.")
    incident.status = status
    setattr(incident, MOMENTS[status], work.now)
    details: JsonObject = {"from": before.value, "to": status.value}
    if status is IncidentStatus.RESOLVED and incident.kind == IncidentKind.INCIDENT:
        notices.enqueue_notice(work, NewNotice(NoticeKind.SUMMARY, incident.id, incident.id))
    _record(work, cause, incident, f"incident.{status.value}", _change("status", before, status))
    _publish(work, cause, incident, "incident.status_changed", STATUS_DEEDS[status], details)


def set_severity(work: UnitOfWork, cause: Cause, incident: Incident, severity: Severity) -> None:
    """Raise (escalate) or lower the severity. Raises Conflict if the incident is closed."""
    lock(work, incident)
    before = Severity(incident.severity)
    if severity is before:
        return
    if incident.status == IncidentStatus.CLOSED:
        raise Conflict(f"inc-{incident.number} is closed.")
    incident.severity = severity
    details: JsonObject = {"from": before.value, "to": severity.value, "severity": severity.value}
    is_raised = RANKS[severity] > RANKS[before]
    type_ = "incident.escalated" if is_raised else "incident.deescalated"
    _record(work, cause, incident, type_, _change("severity", before, severity))
    _publish(work, cause, incident, type_, "escalated" if is_raised else "lowered", details)


def set_labels(work: UnitOfWork, cause: Cause, incident: Incident, labels: Mapping[str, str | None]) -> None:
    """Set these labels and remove those whose value is None. Other labels stay as they are."""
    lock(work, incident)
    before = dict(incident.labels)
    after = {name: value for name, value in {**before, **labels}.items() if value is not None}
    if after == before:
        return
    incident.labels = after
    details: JsonObject = {"from": before, "to": after}
    _record(work, cause, incident, "incident.labelled", _change("labels", before, after))
    _publish(work, cause, incident, "incident.labelled", "labelled", details)


def add_link(work: UnitOfWork, cause: Cause, incident: Incident, name: str, url: str) -> None:
    """Link something that was created for the incident, such as a ticket. An identical link is added only once."""
    lock(work, incident)
    link = {"name": name, "url": url}
    if link in incident.links:
        return
    before = incident.links
    incident.links = [*before, link][-MOST_LINKS:]
    _record(work, cause, incident, "incident.linked", _change("links", before, incident.links))
    _publish(work, cause, incident, "incident.linked", "linked", link)


def _change(field: str, before: Json, after: Json) -> JsonObject:
    return {"before": {field: before}, "after": {field: after}}


def _record(work: UnitOfWork, cause: Cause, incident: Incident, action: str, change: JsonObject) -> None:
    audit.record(work, cause.person, action, incident.id, change)


def _publish(
    work: UnitOfWork, cause: Cause, incident: Incident, event: str, deed: Deed, details: JsonObject
) -> None:
    """Mark the incident's card dirty, write the event, and start the workflows that it triggers."""
    notices.mark_dirty(work, incident.id, NoticeKind.INCIDENT)
    initiators = joined(cause.initiators, initiated_by(cause.person, deed))
    actor = cause.person.slack_user_id
    again = EventKey(cause.key, cause.maybe_done)
    happened(work, incident, event, actor, details, initiators=initiators, depth=cause.depth, again=again)


def escalate(
    work: UnitOfWork,
    person: Person,
    incident: Incident,
    severity: Severity,
    action: Action = Action.INCIDENT_CHANGE,
) -> Incident:
    """Raise the severity, which starts the workflows on `incident.escalated`.

    `action`: the permission that the person needs. Raises NotAllowed if the person is not in the incident's team, and
    Conflict if the severity is not higher or the incident is closed.
    """
    check_may_respond(person, incident.team.name, f"change inc-{incident.number}", action)
    lock(work, incident)
    if RANKS[severity] <= RANKS[Severity(incident.severity)]:
        kind = AlreadyDone if severity == incident.severity else Conflict
        raise kind(
            f"inc-{incident.number} is already {incident.severity}.",
            hint="Escalating raises the severity, in this order: " + ", ".join(Severity) + ".",
        )
    set_severity(work, Cause(person), incident, severity)
    return incident
