"""PagerDuty webhooks, version 3: https://developer.pagerduty.com/docs/webhooks-overview."""

from collections.abc import Callable, Mapping

from core.alerts.alert import (
    NOTE_LENGTH,
    Alert,
    AlertNews,
    Moment,
    Shape,
    labels_of,
    one_title,
    paragraphs,
    read,
    said_severity,
    severity_of,
)

VENDOR = "PagerDuty"
# https://developer.pagerduty.com/docs/webhooks-overview#event-types; other events are ignored.
NEWS: Mapping[str, AlertNews] = {
    "incident.triggered": AlertNews.FIRES,
    "incident.reopened": AlertNews.FIRES,
    "incident.unacknowledged": AlertNews.FIRES,
    "incident.acknowledged": AlertNews.ACKNOWLEDGED,
    "incident.resolved": AlertNews.RESOLVED,
    "incident.priority_updated": AlertNews.CHANGED,
    "incident.reassigned": AlertNews.CHANGED,
    "incident.delegated": AlertNews.CHANGED,
    "incident.escalated": AlertNews.CHANGED,
    "incident.service_updated": AlertNews.CHANGED,
    "incident.annotated": AlertNews.CHANGED,
    "incident.status_update_published": AlertNews.CHANGED,
}


class Named(Shape):
    """A reference to something; `summary` is its name."""

    summary: str | None = None


class Incident(Shape):
    id: str
    title: str | None = None
    summary: str | None = None
    html_url: str = ""
    urgency: str | None = None
    service: Named = Named()
    priority: Named = Named()
    escalation_policy: Named = Named()
    teams: tuple[Named, ...] = ()
    assignees: tuple[Named, ...] = ()


class Reference(Named):
    id: str


class Said(Shape):
    """A note or a status update about `incident`."""

    incident: Reference
    content: str | None = None
    message: str | None = None


class Kind(Shape):
    event_type: str


class AnyEvent(Shape):
    event: Kind


class Event(Kind):
    """`agent`: who caused the event in PagerDuty."""

    id: str = ""
    occurred_at: Moment = None
    agent: Named = Named()


class IncidentEvent(Event):
    data: Incident


class SaidEvent(Event):
    data: Said


class IncidentWebhook(Shape):
    event: IncidentEvent


class SaidWebhook(Shape):
    event: SaidEvent


def parse(body: object) -> Alert | None:
    """Return the alert; None for events that we ignore. Raises InvalidInput for another format."""
    kind = read(AnyEvent, body, VENDOR).event.event_type
    if kind not in NEWS:
        return None
    if kind in ("incident.annotated", "incident.status_update_published"):
        return _said(read(SaidWebhook, body, VENDOR).event)
    return _happened(read(IncidentWebhook, body, VENDOR).event)


def _happened(event: IncidentEvent) -> Alert:
    incident = event.data
    team = incident.teams[0].summary if incident.teams else None
    priority = incident.priority.summary
    severity = said_severity(priority, incident.urgency)
    return Alert(
        key=incident.id,
        title=one_title(incident.title, incident.summary),
        news=NEWS[event.event_type],
        severity=severity_of(severity),
        says_severity=severity is not None,
        description=paragraphs(incident.html_url),
        service=incident.service.summary,
        team=team.lower().replace(" ", "-") if team else None,
        labels=labels_of([("pagerduty", incident.id), ("urgency", incident.urgency), ("priority", priority)]),
        note=_note(event),
        event=event.id,
        occurred_at=event.occurred_at,
    )


def _said(event: SaidEvent) -> Alert:
    """Return what somebody wrote there; it does not include the incident's team or severity."""
    text = event.data.content or event.data.message or ""
    return Alert(
        key=event.data.incident.id,
        title=one_title(event.data.incident.summary),
        news=NEWS[event.event_type],
        says_severity=False,
        note=f"{VENDOR}: {_who(event)}wrote: {text}"[:NOTE_LENGTH] if text.strip() else "",
        event=event.id,
        occurred_at=event.occurred_at,
    )


def _to_assignees(incident: Incident) -> str:
    return ", ".join(each.summary for each in incident.assignees if each.summary)


# The object of an event in its note, after the verb. Other events have only the verb.
TO: Mapping[str, Callable[[Incident], str | None]] = {
    "incident.reassigned": _to_assignees,
    "incident.escalated": _to_assignees,
    "incident.delegated": lambda incident: incident.escalation_policy.summary,
    "incident.priority_updated": lambda incident: incident.priority.summary or "none",
    "incident.service_updated": lambda incident: incident.service.summary,
}


def _note(event: IncidentEvent) -> str:
    """Return a note such as `PagerDuty: reassigned to Ann by Bob.`; none for the first event of an incident."""
    if event.event_type == "incident.triggered":
        return ""
    did = event.event_type.removeprefix("incident.").replace("_", " ")
    to = TO[event.event_type](event.data) if event.event_type in TO else None
    by = f" by {event.agent.summary}" if event.agent.summary else ""
    return f"{VENDOR}: {did}{f' to {to}' if to else ''}{by}."[:NOTE_LENGTH]


def _who(event: Event) -> str:
    return f"{event.agent.summary} " if event.agent.summary else "somebody "
